import { toast } from "./toasts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(button.dataset.copied ?? `${button.dataset.copy} copied.`);
  } catch {
    toast("The browser did not allow copying. Select the text instead.", { bad: true });
  }
});
