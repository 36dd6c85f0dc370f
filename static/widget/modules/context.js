// What the page knows about the trouble. All of it is shown to the customer before anything is sent.

const MOST = 10;
const errors = [];
const traces = [];

function remember(list, value) {
  const text = typeof value === "string" ? value.trim() : "";
  if (!text || list.includes(text)) return;
  list.push(text);
  if (list.length > MOST) list.shift();
}

/** CompanyOSHelp.report({ errorId, traceUrl }): either may be missing. */
export function report({ errorId, traceUrl } = {}) {
  remember(errors, errorId);
  if (/^https?:\/\//.test(traceUrl ?? "")) remember(traces, traceUrl);
}

/** The page without its query and fragment: those may carry the host's secrets. */
function page() {
  return location.origin + location.pathname;
}

export function gather(dataset) {
  report({ errorId: dataset.errorId, traceUrl: dataset.traceUrl });
  return {
    page_url: page(),
    app_version: dataset.appVersion ?? "",
    resource: dataset.resource ?? "",
    error_ids: [...errors],
    trace_links: [...traces],
  };
}
