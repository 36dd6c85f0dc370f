// Forms of deeds open in the page's one <dialog>; without this their links lead to the same form as a page.

const dialog = document.getElementById("dialog");

export async function open(url) {
  if (!dialog || !window.htmx) { window.location.assign(url); return; }
  await window.htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML" });
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[aria-invalid='true'], .dialog-body :is(input:not([type='hidden']), select, textarea)")?.focus();
}

export function anyOpen() {
  return Boolean(document.querySelector("dialog[open]"));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    open(link.href);
    return;
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-close]");
  const within = closer?.closest("dialog[open]");
  if (within) { event.preventDefault(); within.close(); }
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

document.addEventListener("deed-done", () => { if (dialog?.open) dialog.close(); });
dialog?.addEventListener("close", () => dialog.replaceChildren());
// A refusal that is not a form of ours (a stale page, say) still has to be seen inside the dialog.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target === dialog && event.detail.xhr.status >= 200 && event.detail.xhr.status < 300 && event.detail.requestConfig.verb === "post") {
    event.detail.swapOverride = "none";
  }
});
