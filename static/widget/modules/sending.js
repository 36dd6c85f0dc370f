// A form whose content is sent until it arrives, once: one key per content, kept with the draft, so that a repeat after
// a lost answer (or a reload) is known to the support side as the same.

import { newKey, persist, Refusal } from "./client.js";
import { h, icon, showErrors } from "./dom.js";
import { size } from "./words.js";

const SAME_KEY_OTHER_BODY = "idempotency_key_reused";

/** A button that picks files, the list of those picked, and what is wrong with them. */
export function filePicker(files, limits, changed = () => {}) {
  const shown = h("ul", { class: "files" });
  const error = h("p", { class: "error", id: "e-files", hidden: true, role: "alert" });
  const input = h("input", {
    type: "file",
    multiple: true,
    class: "hidden",
    tabindex: "-1",
    "aria-hidden": "true",
    accept: limits.types.join(","),
  });
  const button = h(
    "button",
    { class: "quiet", type: "button", id: "f-files", "aria-describedby": "e-files", onclick: () => input.click() },
    icon("file"),
    "Add a file",
  );
  const complain = (text) => {
    error.textContent = text;
    error.hidden = !text;
  };
  const draw = () => {
    shown.replaceChildren(
      ...files.map((file, at) =>
        h(
          "li",
          {},
          h("span", {}, file.name, h("span", { class: "soft" }, ` ${size(file.size)}`)),
          h(
            "button",
            {
              class: "icon",
              type: "button",
              "aria-label": `Remove ${file.name}`,
              onclick: () => {
                files.splice(at, 1);
                draw();
                button.focus();
              },
            },
            icon("close"),
          ),
        ),
      ),
    );
    shown.hidden = !files.length;
    changed();
  };
  const add = (picked) => {
    complain("");
    for (const file of picked) {
      if (!file.size) complain(`${file.name} is empty.`);
      else if (file.size > limits.file_bytes) complain(`${file.name} is larger than ${size(limits.file_bytes)}.`);
      else if (files.length >= limits.files) complain(`At most ${limits.files} files can be sent at once.`);
      else files.push(file);
    }
    draw();
  };
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  draw();
  return { node: h("div", { class: "field" }, shown, error, button, input), add, draw };
}

/** Pasted and dropped files land in the picker. */
export function takeDropped(target, picker) {
  const take = (event, data) => {
    if (!data?.files.length) return;
    event.preventDefault();
    picker.add([...data.files]);
  };
  target.addEventListener("paste", (event) => take(event, event.clipboardData));
  target.addEventListener("dragover", (event) => event.preventDefault());
  target.addEventListener("drop", (event) => take(event, event.dataTransfer));
}

export function multipart(values, files) {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== "") form.append(name, one);
  }
  for (const file of files) form.append("files", file, file.name);
  return form;
}

/**
 * Makes `form` send. `draft` names the draft, `values()` reads the form, `files` are those picked; `path` is where it
 * goes; `done(answer)` runs once, after it arrived. What was first sent under a key is what is repeated under it.
 */
export function sends(panel, signal, form, { draft, path, values, files = [], done }) {
  const { drafts, client } = panel;
  const status = h("div", { class: "status", role: "status", "aria-live": "polite" });
  const fields = form.querySelector("fieldset");
  form.append(status);
  const say = (kind, text, ...more) => {
    status.replaceChildren(h("p", { class: `notice ${kind}` }, text, ...more));
    status.scrollIntoView({ block: "nearest" });
  };

  const waiting = (seconds, now) => {
    const words = `No connection to support. What you wrote is kept; the next try is in ${seconds} s. `;
    say("warn", words, h("button", { type: "button", onclick: now }, "Try now"));
  };
  const refused = (error) => {
    drafts.write(draft, { key: "", sent: null });
    fields.disabled = false;
    if (error instanceof Refusal && error.code === SAME_KEY_OTHER_BODY) {
      return say("warn", "An earlier version of this had already arrived: you find it among your cases.");
    }
    const rest = showErrors(form, error.errors ?? [{ attr: null, detail: error.message }]);
    if (rest.length) say("bad", rest.join(" "));
    else status.replaceChildren();
  };
  const submit = async (sent) => {
    const key = drafts.read(draft).key || newKey();
    drafts.write(draft, { key, sent, fileNames: files.map((file) => file.name) });
    fields.disabled = true;
    say("soft", "Sending…");
    try {
      const attempt = () => client.request("POST", path, { form: multipart(sent, files), key });
      const answer = await persist(attempt, { wait: waiting, signal });
      drafts.drop(draft);
      fields.disabled = false;
      status.replaceChildren();
      done(answer);
    } catch (error) {
      if (!signal.aborted) refused(error);
    }
  };
  form.addEventListener("input", (event) => {
    event.target.removeAttribute("aria-invalid");
    const error = event.target.name && form.querySelector(`#e-${CSS.escape(event.target.name)}`);
    if (error) error.hidden = true;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!fields.disabled) submit(values());
  });
  resume(drafts.read(draft), files, submit, say);
}

/** A send that a reload or closing cut short goes on with its key, unless the reload lost its files. */
function resume({ key, sent, fileNames = [] }, files, submit, say) {
  if (!key || !sent) return;
  const lost = fileNames.slice(files.length);
  if (lost.length) say("warn", `Not sent yet. Add ${lost.join(", ")} again: a reload of the page loses files.`);
  else queueMicrotask(() => submit(sent));
}
