// Server-sent events say that something changed, never what: the page then asks for the parts it shows.
import { announce } from "./toasts.js";

const url = document.body.dataset.liveUrl;
const sign = document.getElementById("live");
const page = document.querySelector("[data-case]");
const timers = new Map();

function say(state, words) {
  if (!sign) return;
  sign.dataset.state = state;
  sign.title = words;
  sign.querySelector("[data-live-text]").textContent = words;
}

/** Many events at once are one refresh. */
function soon(key, wait, act) {
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(act, wait));
}

function refreshCase() {
  if (!page || !window.htmx) return;
  const address = new URL(page.dataset.freshUrl, window.location.href);
  for (const key of ["show", "tab"]) {
    const value = new URLSearchParams(window.location.search).get(key);
    if (value) address.searchParams.set(key, value);
  }
  const tab = document.querySelector("#context [data-tab][aria-current]");
  if (tab) address.searchParams.set("tab", tab.dataset.tab);
  window.htmx.ajax("GET", address.pathname + address.search, { swap: "none", target: page });
}

function take(message) {
  const [kind, id] = message.subject || [];
  const here = page && kind === "case" && String(id) === page.dataset.caseId;
  if (message.name === "diagnostic.progressed") {
    if (here) window.htmx?.trigger(document.body, "live-diagnostic");
    return;
  }
  if (here || kind === "clock_set" || message.name === "stream.lagged") soon("case", 250, refreshCase);
  soon("views", 600, () => window.htmx?.trigger(document.body, "live-cases"));
  document.dispatchEvent(new CustomEvent("live-change", { detail: message }));
}

function connect() {
  if (!url || !sign) return;
  say("off", "Connecting…");
  const source = new EventSource(url, { withCredentials: true });
  let wasLive = false;
  source.addEventListener("hello", () => {
    say("on", "Live");
    if (wasLive) { announce("Live again"); take({ name: "stream.lagged" }); }
    wasLive = true;
  });
  source.addEventListener("change", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    say("off", "Not live, reconnecting…");
    // A refused stream (signed out, live process away) is closed for good by the browser: begin anew.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  });
  window.addEventListener("pagehide", () => source.close(), { once: true });
}

// A refresh that was asked for before a deed may answer after it: what is older than the page is not shown.
document.addEventListener("htmx:beforeSwap", (event) => {
  const sent = /id="case-head"[^>]*data-version="(\d+)"/.exec(event.detail.xhr.responseText);
  const shown = document.getElementById("case-head");
  if (sent && shown && Number(sent[1]) < Number(shown.dataset.version)) event.detail.shouldSwap = false;
});

connect();
// Business time stands still at night: only the server knows what is left, so an open case asks once a minute.
setInterval(() => document.hidden || refreshCase(), 60000);
