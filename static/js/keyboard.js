// Single keys, outside of text fields only, and off where the profile says so. Those with Ctrl always work.
import { move, openCurrent } from "./list.js";
import { openMacros, setMode } from "./composer.js";
import { anyOpen, open } from "./dialogs.js";
import { openPalette } from "./palette.js";

const on = document.body.dataset.keys === "on";
const GO = { i: "inbox", m: "mine", e: "escalated" };
let leading = 0;

function typing(target) {
  return target.isContentEditable || target.matches("input, textarea, select") ;
}

function dialogFor(key) {
  const link = document.querySelector(`a[data-key="${key}"]`);
  if (link) open(link.href);
  return Boolean(link);
}

function firstMove() {
  const link = document.querySelector(".case-acts a[data-move]");
  link?.focus();
  return Boolean(link);
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => document.activeElement === document.body && openCurrent(),
  u: () => { const back = document.querySelector("[data-back]"); back?.click(); return Boolean(back); },
  r: () => setMode("reply"),
  n: () => setMode("note"),
  m: openMacros,
  a: () => dialogFor("a"),
  p: () => dialogFor("p"),
  t: () => dialogFor("t"),
  e: () => dialogFor("e"),
  s: firstMove,
  "/": () => { const field = document.getElementById("search"); if (field) { field.focus(); field.select(); } else openPalette(); return true; },
  "?": () => { document.getElementById("shortcuts")?.showModal(); return true; },
  g: () => { leading = Date.now(); return true; },
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
  if (!on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target) || anyOpen()) return;
  if (Date.now() - leading < 1200 && GO[event.key]) {
    leading = 0;
    event.preventDefault();
    window.location.assign(`/cases/?view=${GO[event.key]}`);
    return;
  }
  if (KEYS[event.key]?.()) event.preventDefault();
});
