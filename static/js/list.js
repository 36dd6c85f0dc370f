// Moving in a list with j and k, and news above it without moving what is being read.
import { announce } from "./toasts.js";

const list = document.querySelector("[data-list]");
let news = new Set();

export const rows = () => [...(list?.querySelectorAll("[data-row]") ?? [])];
const current = () => rows().findIndex((row) => row.matches(".is-at, [aria-current='true']"));

export function move(step) {
  const all = rows();
  if (!all.length) return false;
  const at = current();
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  all.forEach((row) => row.classList.toggle("is-at", row === next));
  next.querySelector("a").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  // Beside an open case, moving opens: the list is how one goes through the queue.
  if (next.matches(".mini") && next !== all[at]) next.querySelector("a").click();
  return true;
}

export function openCurrent() {
  const row = rows()[current()];
  row?.querySelector("a").click();
  return Boolean(row);
}

document.addEventListener("live-change", (event) => {
  const queue = document.getElementById("queue");
  const { name, subject } = event.detail;
  if (!queue || subject?.[0] !== "case") return;
  if (name === "case.opened") news.add(subject[1]);
  const scroller = document.getElementById("list-scroll");
  const reading = scroller.scrollTop > 8 || window.scrollY > 8 || queue.contains(document.activeElement) || queue.querySelector(".is-at");
  if (!reading) { later(); return; }
  if (news.size) offer();
});

let timer;
function later() {
  clearTimeout(timer);
  timer = setTimeout(() => { announceNews(); show(); }, 400);
}

function offer() {
  const bar = document.getElementById("newer");
  bar.hidden = false;
  bar.querySelector("[data-news-text]").textContent = `${news.size} new, show`;
  announceNews();
}

function announceNews() {
  if (news.size) announce(`${news.size} new case${news.size > 1 ? "s" : ""}`);
}

function show() {
  const before = new Set(rows().map((row) => row.dataset.reference));
  const queue = document.getElementById("queue");
  queue.addEventListener("htmx:afterSettle", () => {
    news = new Set();
    rows().forEach((row) => before.has(row.dataset.reference) || row.classList.add("is-new"));
  }, { once: true });
  window.htmx?.trigger(queue, "show-news");
}

document.addEventListener("click", (event) => { if (event.target.closest("[data-show-news]")) show(); });
document.querySelector(".mini[aria-current]")?.scrollIntoView({ block: "nearest" });
