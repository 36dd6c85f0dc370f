// The one script a host page includes. It puts <companyos-help> on the page and fetches the rest, all from the
// address it came from itself, so that the host's policy needs to name one origin only. See docs/widget.md.
(() => {
  const script = document.currentScript;
  if (window.customElements.get("companyos-help")) return;

  // A host may have reported errors before this script arrived.
  const waiting = window.CompanyOSHelp?.queue ?? [];
  const loaded = import(new URL("modules/element.js", script.src).href);
  const later =
    (deed) =>
    (...values) =>
      loaded.then((module) => module[deed](...values));

  window.CompanyOSHelp = { report: later("report"), open: later("open"), close: later("close") };
  for (const entry of waiting) window.CompanyOSHelp.report(entry);

  const place = () => {
    if (document.querySelector("companyos-help")) return;
    const element = document.createElement("companyos-help");
    for (const [name, value] of Object.entries(script.dataset)) element.dataset[name] = value;
    element.dataset.api ??= new URL(script.src).origin;
    document.body.append(element);
  };
  loaded.then(place, (error) => console.warn("The help panel could not be loaded.", error));
})();
