// The first view: ask something new, or go on with a case of one's own.

import { h, icon } from "./dom.js";
import { ago, exactly } from "./words.js";

function row(panel, found) {
  return h(
    "li",
    {},
    h(
      "button",
      { class: "case", type: "button", onclick: () => panel.go("conversation", found.reference) },
      h("span", { class: "subject" }, found.subject),
      h(
        "span",
        { class: "soft" },
        `${found.reference} · `,
        h("time", { datetime: found.updated_at, title: exactly(found.updated_at) }, ago(found.updated_at)),
      ),
      h("span", { class: `pill ${found.status.key}` }, found.status.words),
    ),
  );
}

function list(panel, page) {
  const rows = h(
    "ul",
    { class: "cases" },
    page.results.map((found) => row(panel, found)),
  );
  const more = h("button", { class: "quiet", type: "button" }, "Show earlier cases");
  let next = page.next;
  more.hidden = !next;
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      const following = await panel.client.request("GET", `cases?after=${encodeURIComponent(next)}`);
      rows.append(...following.results.map((found) => row(panel, found)));
      next = following.next;
      more.hidden = !next;
    } catch (error) {
      panel.announce(error.message);
    }
    more.disabled = false;
  });
  return h("div", {}, rows, more);
}

function failing(session) {
  const red = session.resources.filter((resource) => resource.health === "red");
  if (!red.length) return null;
  const names = red.map((resource) => resource.name).join(", ");
  return h("p", { class: "notice warn" }, `We see trouble with ${names}. Tell us how it affects you.`);
}

/** Into the portal, in a tab of its own: opened at the click, since browsers block what opens later. */
function portal(panel, session) {
  const admin = session.requester.role === "admin";
  const open = async () => {
    const tab = window.open("", "_blank");
    try {
      const { url } = await panel.client.request("POST", "portal-links");
      if (!tab) throw new Error("Your browser blocked the new tab. Allow it for this page and try again.");
      tab.opener = null;
      tab.location.replace(url);
    } catch (error) {
      tab?.close();
      panel.announce(error.message);
    }
  };
  return h(
    "button",
    { class: "portal", type: "button", onclick: open },
    icon("eye"),
    h("span", {}, h("strong", {}, admin ? "Who looked at your data" : "Your data"), h("span", { class: "soft" }, admin ? "Access history and your data, in the portal" : "What support keeps about you, in the portal")),
    icon("next"),
  );
}

export async function home(panel) {
  const session = await panel.session();
  const page = await panel.client.request("GET", "cases");
  const draft = panel.drafts.read("new");
  const begun = draft.subject || draft.description;
  const ask = h(
    "button",
    { class: "primary wide", type: "button", onclick: () => panel.go("compose") },
    icon("plus"),
    begun ? "Go on with your draft" : "Ask for help",
  );
  const node = h(
    "div",
    {},
    h("p", { class: "greeting" }, `Hello ${session.requester.name.split(" ")[0]}, how can we help?`),
    failing(session),
    ask,
    h("h3", {}, session.requester.role === "admin" ? `Cases of ${session.tenant.name}` : "Your cases"),
    page.results.length
      ? list(panel, page)
      : h("p", { class: "soft" }, "None yet. What you ask here is kept here, with every answer."),
    portal(panel, session),
  );
  return { title: "Help", node, focus: ask };
}
