// Messages that say what happened, and go by themselves unless they are errors or somebody points at them.

const STAY = 6000;
const box = document.getElementById("toasts");

export function toast(words, { bad = false, undo = null } = {}) {
  const node = document.createElement("div");
  node.className = bad ? "toast toast-bad" : "toast";
  const text = document.createElement("p");
  text.textContent = words;
  node.append(text);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Undo";
    button.addEventListener("click", () => { node.remove(); undo(); });
    node.append(button);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  node.append(close);
  box?.append(node);
  if (!bad) leave(node);
  return node;
}

function leave(node) {
  let timer = setTimeout(() => node.remove(), STAY);
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("focusin", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => { timer = setTimeout(() => node.remove(), STAY); });
}

export function announce(words) {
  const place = document.getElementById("announce");
  if (place) place.textContent = words;
}

document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast")?.remove());
document.addEventListener("deed-done", (event) => toast(event.detail.words));
document.addEventListener("htmx:sendError", () => toast("The server could not be reached. Nothing was sent; try again.", { bad: true }));
document.addEventListener("htmx:responseError", (event) => {
  const answer = new DOMParser().parseFromString(event.detail.xhr.responseText || "", "text/html");
  const words = answer.querySelector(".notice p, .lost p")?.textContent.trim();
  toast(words || `The server answered ${event.detail.xhr.status}. Nothing was changed.`, { bad: true });
});
document.querySelectorAll("[data-toast]:not(.toast-bad)").forEach(leave);
