// What a host does on its own: it tells the help widget which errors this customer has just seen.
// The queue makes it work whether the widget's script has loaded yet or not.
window.CompanyOSHelp = window.CompanyOSHelp || { queue: [], report(entry) { this.queue.push(entry); } };

for (const shown of document.querySelectorAll("[data-error-id]")) {
  window.CompanyOSHelp.report({ errorId: shown.dataset.errorId, traceUrl: shown.dataset.traceUrl });
}

const persona = document.getElementById("persona");
if (persona) persona.addEventListener("change", () => persona.form.requestSubmit());
