// One case: what was said, what is asked, and what the customer may do next.

import { field, h, icon, linked } from "./dom.js";
import { filePicker, sends, takeDropped } from "./sending.js";
import { satisfaction } from "./satisfaction.js";
import { ago, exactly, size } from "./words.js";

function attachment(panel, found) {
  const save = async () => {
    try {
      const address = URL.createObjectURL(await panel.client.file(found.path));
      h("a", { href: address, download: found.name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      panel.announce(error.message);
    }
  };
  return h(
    "button",
    { class: "attachment", type: "button", onclick: save },
    icon("file"),
    found.name,
    h("span", { class: "soft" }, size(found.size)),
  );
}

function message(panel, said) {
  const who = said.side === "you" ? "You" : said.author;
  return h(
    "li",
    { class: `message ${said.side}`, "data-id": said.id },
    h(
      "p",
      { class: "by" },
      h("strong", {}, who),
      " ",
      h("time", { class: "soft", datetime: said.at, title: exactly(said.at) }, ago(said.at)),
    ),
    h("p", { class: "text" }, linked(said.body)),
    said.attachments.map((found) => attachment(panel, found)),
  );
}

/** A small form behind a button: a reason, then the deed. */
function reasoned(panel, signal, { name, label, question, path, done, required = true }) {
  const reason = h("textarea", { rows: 3, required });
  const form = h(
    "form",
    { novalidate: true, hidden: true },
    h("fieldset", {}, field("reason", question, reason), h("button", { class: "primary", type: "submit" }, "Send")),
  );
  const toggle = h("button", { type: "button", "aria-expanded": "false" }, label);
  toggle.addEventListener("click", () => {
    form.hidden = !form.hidden;
    toggle.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) reason.focus();
  });
  const draft = `${name}:${path}`;
  reason.value = panel.drafts.read(draft).reason ?? "";
  reason.addEventListener("input", () => panel.drafts.write(draft, { reason: reason.value }));
  sends(panel, signal, form, { draft, path, values: () => ({ reason: reason.value }), done });
  return { toggle, form };
}

function resolved(panel, signal, found, refresh) {
  const base = `cases/${found.reference}`;
  const fixed = h(
    "form",
    {},
    h("fieldset", {}, h("button", { class: "primary", type: "submit" }, icon("check"), "Yes, it is fixed")),
  );
  sends(panel, signal, fixed, {
    draft: `fixed:${base}`,
    path: `${base}/confirmations`,
    values: () => ({}),
    done: refresh,
  });
  const not = reasoned(panel, signal, {
    name: "not-fixed",
    label: "No, not fixed",
    question: "What still goes wrong?",
    path: `${base}/rejections`,
    done: refresh,
  });
  return h(
    "section",
    { class: "notice ask" },
    h("h3", {}, "Is it fixed for you?"),
    h("div", { class: "row" }, fixed, not.toggle),
    not.form,
  );
}

function closed(panel, signal, found, refresh) {
  const path = `cases/${found.reference}/reopenings`;
  const again = reasoned(panel, signal, {
    name: "reopen",
    label: "Reopen this case",
    question: "What happened since?",
    path,
    done: refresh,
  });
  return h("div", {}, h("div", { class: "row" }, again.toggle), again.form);
}

function disputed(panel, signal, found, refresh) {
  const not = reasoned(panel, signal, {
    name: "dispute",
    label: "Not waiting on me",
    question: "Why not? (you may leave this empty)",
    path: `cases/${found.reference}/disputes`,
    done: refresh,
    required: false,
  });
  return h("div", {}, h("div", { class: "row" }, not.toggle), not.form);
}

/** What this case asks of the customer just now; null when nothing. */
function asked(panel, signal, found, refresh) {
  const parts = [];
  if (found.asked)
    parts.push(
      h(
        "section",
        { class: "notice ask" },
        h("h3", {}, "Support needs something from you"),
        h("p", { class: "text" }, linked(found.asked)),
        found.moves.includes("dispute") ? disputed(panel, signal, found, refresh) : [],
      ),
    );
  if (found.moves.includes("confirm")) parts.push(resolved(panel, signal, found, refresh));
  if (found.moves.includes("survey") || found.survey) parts.push(satisfaction(panel, signal, found, refresh));
  if (found.moves.includes("reopen")) parts.push(closed(panel, signal, found, refresh));
  return parts;
}

function reply(panel, signal, found, limits, refresh) {
  const draft = `reply:${found.reference}`;
  const body = h("textarea", {
    rows: 3,
    required: true,
    maxlength: limits.description,
    value: panel.drafts.read(draft).body ?? "",
  });
  const picker = filePicker(panel.drafts.files(draft), limits);
  const form = h(
    "form",
    { class: "reply", novalidate: true },
    h(
      "fieldset",
      {},
      field("body", "Your answer", body),
      h("div", { class: "row" }, picker.node, h("button", { class: "primary", type: "submit" }, "Send")),
    ),
  );
  body.addEventListener("input", () => panel.drafts.write(draft, { body: body.value }));
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  takeDropped(form, picker);
  const done = (answer) => {
    body.value = "";
    picker.draw();
    refresh(answer);
  };
  sends(panel, signal, form, {
    draft,
    path: `cases/${found.reference}/messages`,
    values: () => ({ body: body.value }),
    files: panel.drafts.files(draft),
    done,
  });
  return form;
}

function about(found) {
  const facts = [found.resource?.name, ...found.error_ids, `asked ${ago(found.created_at)}`].filter(Boolean);
  return h(
    "div",
    { class: "about" },
    h("p", { class: "subject" }, found.subject),
    h("p", { class: "soft" }, facts.join(" · ")),
  );
}

export async function conversation(panel, signal, reference) {
  const path = `cases/${encodeURIComponent(reference)}`;
  const [session, first] = await Promise.all([panel.session(), panel.client.request("GET", path)]);
  const pill = h("span", { class: "pill" });
  const meaning = h("p", { class: "soft" });
  const log = h("ol", { class: "messages", "aria-label": "Conversation" });
  const next = h("div", { class: "next" });
  const answer = h("div", {});
  let shown = null;

  const draw = (found) => {
    const news = found.messages.filter((said) => !log.querySelector(`[data-id="${CSS.escape(String(said.id))}"]`));
    log.append(...news.map((said) => message(panel, said)));
    if (shown && news.length) log.lastChild.scrollIntoView({ block: "nearest" });
    if (shown && news.some((said) => said.side !== "you")) panel.announce(`New message: ${news.at(-1).body}`);
    if (shown?.status.key !== found.status.key || shown?.asked !== found.asked || !shown?.survey !== !found.survey) {
      pill.className = `pill ${found.status.key}`;
      pill.textContent = found.status.words;
      meaning.textContent = found.status.meaning;
      next.replaceChildren(...asked(panel, signal, found, refresh));
      if (shown) panel.announce(`The case is now: ${found.status.words}.`);
    }
    const mayReply = found.moves.includes("reply");
    if (!mayReply) answer.replaceChildren();
    else if (!answer.firstChild) answer.replaceChildren(reply(panel, signal, found, session.limits, refresh));
    shown = found;
    return news.length > 0;
  };
  const poll = async () => {
    const found = await panel.client.request("GET", path);
    return JSON.stringify(found) !== JSON.stringify(shown) ? draw(found) || true : false;
  };
  const refresh = async () => {
    await poll().catch(() => false); // the next look will tell
    panel.hurry();
  };
  const node = h(
    "div",
    { class: "conversation" },
    about(first),
    h("p", { class: "row" }, pill),
    meaning,
    log,
    next,
    answer,
  );
  draw(first);
  const latest = () => (next.firstChild ?? log.lastChild)?.scrollIntoView({ block: "nearest" });
  return { title: first.reference, node, poll, shown: latest };
}
