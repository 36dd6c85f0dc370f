// A new case: what happened, and in plain sight everything that goes along with it.

import { field, h, icon } from "./dom.js";
import { filePicker, sends, takeDropped } from "./sending.js";
import { HEALTH } from "./words.js";

const DRAFT = "new";

/** The context as a list of what will be sent; error ids and traces can be taken out. */
function enclosed(context) {
  const rows = h("dl", {});
  const removable = (list, value) => {
    const chip = h(
      "span",
      { class: "chip" },
      value,
      h(
        "button",
        {
          class: "icon",
          type: "button",
          "aria-label": `Leave out ${value}`,
          onclick: () => {
            list.splice(list.indexOf(value), 1);
            draw();
          },
        },
        icon("close"),
      ),
    );
    return chip;
  };
  const draw = () => {
    const pairs = [
      ["Page", context.page_url],
      ["Version", context.app_version],
      ["Errors", context.error_ids.map((value) => removable(context.error_ids, value))],
      ["Traces", context.trace_links.map((value) => removable(context.trace_links, value))],
    ].filter(([, value]) => value.length);
    rows.replaceChildren(...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  };
  draw();
  return h(
    "section",
    { class: "enclosed", "aria-labelledby": "enclosed" },
    h("h3", { id: "enclosed" }, "Sent along with it"),
    rows,
  );
}

function resourceChoice(session, chosen) {
  const options = session.resources.map((resource) =>
    h("option", { value: resource.key }, `${resource.name} (${HEALTH[resource.health] ?? resource.health})`),
  );
  const select = h("select", {}, h("option", { value: "" }, "I don't know"), options);
  if (session.resources.some((resource) => resource.key === chosen)) select.value = chosen;
  return select;
}

function controls(session, draft, context) {
  const { limits } = session;
  return {
    subject: h("input", {
      type: "text",
      required: true,
      maxlength: limits.subject,
      autocomplete: "off",
      value: draft.subject ?? "",
    }),
    description: h("textarea", {
      required: true,
      rows: 5,
      maxlength: limits.description,
      value: draft.description ?? "",
    }),
    resource: resourceChoice(session, draft.resource ?? context.resource),
  };
}

function sender(session) {
  const { name, email } = session.requester;
  return h("p", { class: "soft" }, `As ${name} (${email}), ${session.tenant.name}`);
}

function build(panel, session, draft, context) {
  const shown = controls(session, draft, context);
  const picker = filePicker(panel.drafts.files(DRAFT), session.limits);
  const form = h(
    "form",
    { novalidate: true },
    h(
      "fieldset",
      {},
      h("legend", { class: "hidden" }, "Your request"),
      field("subject", "What is it about?", shown.subject),
      field("description", "What happened, and what did you expect?", shown.description),
      field("resource", "What does it affect?", shown.resource),
      picker.node,
      enclosed(context),
      sender(session),
      h("button", { class: "primary wide", type: "submit" }, "Send to support"),
    ),
  );
  takeDropped(form, picker);
  return { form, shown };
}

export async function compose(panel, signal) {
  const session = await panel.session();
  const draft = panel.drafts.read(DRAFT);
  const context = panel.context();
  const { form, shown } = build(panel, session, draft, context);
  const typed = () => Object.fromEntries(Object.entries(shown).map(([name, control]) => [name, control.value]));
  form.addEventListener("input", () => panel.drafts.write(DRAFT, typed()));
  sends(panel, signal, form, {
    draft: DRAFT,
    path: "cases",
    values: () => ({ ...context, ...typed() }),
    files: panel.drafts.files(DRAFT),
    done: (made) => {
      panel.announce(`Sent. Your case is ${made.reference}.`);
      panel.go("conversation", made.reference);
    },
  });
  return { title: "Ask for help", node: form, focus: shown.subject };
}
