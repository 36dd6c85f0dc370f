// The composer: two modes with a draft each, kept on the server; macros as editable text; files by pick, paste, drop.
import { toast } from "./toasts.js";

const SAVE_AFTER = 800;
let saving;

const box = () => document.querySelector("[data-composer]");
const form = (mode) => box()?.querySelector(`[data-form="${mode}"]`);
const token = () => box().querySelector("[name=csrfmiddlewaretoken]").value;

export function setMode(mode, focus = true) {
  const composer = box();
  if (!composer || !form(mode)) return false;
  saveNow();
  composer.dataset.mode = mode;
  composer.classList.toggle("composer-note", mode === "note");
  for (const tab of composer.querySelectorAll(".segments [data-mode]")) {
    if (tab.dataset.mode === mode) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  for (const one of composer.querySelectorAll("[data-form]")) one.hidden = one.dataset.form !== mode;
  if (focus) {
    const body = form(mode).querySelector("[data-body]");
    body.focus();
    body.setSelectionRange(body.value.length, body.value.length);
  }
  return true;
}

export function openMacros() {
  if (!setMode("reply", false)) return false;
  const menu = box().querySelector("[data-macros]");
  menu.open = true;
  menu.querySelector(".menu-item")?.focus();
  return Boolean(menu);
}

function state(words) {
  const place = box()?.querySelector("[data-draft-state]");
  if (place) place.textContent = words;
}

async function save(mode, body) {
  const data = new FormData();
  data.set("mode", mode);
  data.set("body", body);
  try {
    const answer = await fetch(box().dataset.draftsUrl, { method: "POST", body: data, keepalive: body.length < 60000, headers: { "X-CSRFToken": token(), "X-Draft": "1" } });
    state(answer.ok ? (body ? "Draft kept" : "") : "Draft not kept");
  } catch {
    state("Draft not kept: no connection");
  }
}

function saveNow() {
  if (!saving) return;
  clearTimeout(saving.timer);
  const { mode, body } = saving;
  saving = null;
  save(mode, body);
}

document.addEventListener("input", (event) => {
  const body = event.target.closest("[data-composer] [data-body]");
  if (!body) return;
  clearTimeout(saving?.timer);
  state("");
  saving = { mode: body.form.dataset.form, body: body.value, timer: setTimeout(saveNow, SAVE_AFTER) };
});
window.addEventListener("pagehide", saveNow);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("[data-composer]")) { clearTimeout(saving?.timer); saving = null; }
});

document.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-composer] .segments [data-mode]");
  if (tab) { event.preventDefault(); setMode(tab.dataset.mode); return; }
  const macro = event.target.closest("[data-macro-key]");
  if (macro) { event.preventDefault(); insert(macro); }
  const away = event.target.closest("[data-detach]");
  if (away) detach(away.closest("form").querySelector("[data-files]"), Number(away.dataset.detach));
});

async function insert(link) {
  const answer = await fetch(link.href, { headers: { "X-Macro": "1" } });
  if (!answer.ok) { toast("The macro could not be filled. Try again.", { bad: true }); return; }
  setMode("reply", false);
  const target = form("reply");
  const body = target.querySelector("[data-body]");
  const before = body.value;
  const text = await answer.text();
  body.value = before.trim() ? `${before.trimEnd()}\n\n${text}` : text;
  target.querySelector("[data-macro]").value = link.dataset.macroKey;
  link.closest("details").open = false;
  body.dispatchEvent(new Event("input", { bubbles: true }));
  body.focus();
  const gap = body.value.search(/\{[a-z_]+\}/);
  if (gap >= 0) body.setSelectionRange(gap, body.value.indexOf("}", gap) + 1);
  toast("Macro inserted. Nothing is sent yet.", { undo: () => { body.value = before; body.dispatchEvent(new Event("input", { bubbles: true })); } });
}

function effects(select) {
  const words = select.selectedOptions[0].dataset.effects;
  select.form.querySelector("[data-effects-text]").textContent = words ? `Sending ${words}` : "";
}

function showFiles(input) {
  const place = input.form.querySelector("[data-attached]");
  place.replaceChildren(...[...input.files].map((file, index) => {
    const chip = document.createElement("span");
    chip.className = "mark";
    chip.append(`${file.name || "pasted picture"}, ${Math.ceil(file.size / 1024)} KB `);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-s";
    button.dataset.detach = index;
    button.setAttribute("aria-label", `Remove ${file.name}`);
    button.textContent = "×";
    chip.append(button);
    return chip;
  }));
}

function setFiles(input, files) {
  const held = new DataTransfer();
  files.forEach((file) => held.items.add(file));
  input.files = held.files;
  showFiles(input);
}

function detach(input, index) { setFiles(input, [...input.files].filter((_, at) => at !== index)); }

function take(event, files) {
  const input = event.target.closest?.("[data-form='reply']")?.querySelector("[data-files]");
  if (!input || !files?.length) return;
  event.preventDefault();
  setFiles(input, [...input.files, ...files]);
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-next]")) effects(event.target);
  if (event.target.matches("[data-files]")) showFiles(event.target);
});
document.addEventListener("paste", (event) => take(event, event.clipboardData?.files));
document.addEventListener("drop", (event) => take(event, event.dataTransfer?.files));
document.addEventListener("dragover", (event) => { if (event.target.closest?.("[data-form='reply']")) event.preventDefault(); });

document.addEventListener("keydown", (event) => {
  const body = event.target.closest?.("[data-composer] [data-body]");
  if (!body || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const next = body.form.querySelector("[data-next]");
  if (event.shiftKey && next && !next.value && next.options.length > 1) { next.selectedIndex = next.options.length - 1; effects(next); }
  body.form.requestSubmit();
});
// The header's version is the one that the person sees: a reply is sent against that.
document.addEventListener("htmx:oobAfterSwap", () => {
  const seen = document.querySelector("[data-seen]");
  const head = document.getElementById("case-head");
  if (seen && head) seen.value = head.dataset.version;
});
