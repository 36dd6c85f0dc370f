// <companyos-help>: the button, the dialog and the way between its views. Each view is a function that is handed the
// panel and answers { title, node, poll?, focus?, shown? }.

import { Client, SignedOut, Unreachable } from "./client.js";
import { compose } from "./compose.js";
import { gather, report as remember } from "./context.js";
import { conversation } from "./conversation.js";
import { h, icon } from "./dom.js";
import { Drafts } from "./drafts.js";
import { home } from "./home.js";
import { sheet } from "./style.js";

const VIEWS = { home, compose, conversation };
const POLL = 4_000;
const SLOWEST_POLL = 60_000;

class CompanyOSHelp extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #view = null;
  #visit = new AbortController(); // ends what the view being left has under way
  #timer = 0;
  #wait = POLL;

  connectedCallback() {
    if (this.dialog) return;
    this.#root.adoptedStyleSheets = [sheet];
    this.client = new Client(this.dataset.api ?? location.origin, this.dataset.tokenUrl ?? "/companyos-token");
    const label = this.dataset.label ?? "Help";
    this.launcher = h(
      "button",
      {
        class: "launcher",
        type: "button",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        onclick: () => this.open(),
      },
      icon("help"),
      h("span", {}, label),
    );
    this.launcher.hidden = this.dataset.launcher === "none";
    this.heading = h("h2", { id: "title", tabindex: "-1" }, "Help");
    this.backButton = h(
      "button",
      { class: "icon", type: "button", "aria-label": "Back to your cases", onclick: () => this.go("home") },
      icon("back"),
    );
    this.body = h("div", { class: "body" });
    this.live = h("p", { class: "hidden", role: "status", "aria-live": "polite" });
    this.dialog = h(
      "dialog",
      {
        class: "panel",
        "aria-labelledby": "title",
        onclose: () => this.#closed(),
        onclick: (event) => this.#outside(event),
      },
      h(
        "header",
        {},
        this.backButton,
        this.heading,
        h(
          "button",
          { class: "icon", type: "button", "aria-label": "Close help", onclick: () => this.close() },
          icon("close"),
        ),
      ),
      this.body,
      this.live,
    );
    this.#root.append(this.launcher, this.dialog);
    document.addEventListener("visibilitychange", this.#seen);
  }

  disconnectedCallback() {
    document.removeEventListener("visibilitychange", this.#seen);
    this.#leave();
  }

  // ── Opening and closing. The platform's modal dialog traps the focus and answers Escape. ──

  async open() {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.launcher.setAttribute("aria-expanded", "true");
    await this.go("home");
  }

  close() {
    this.dialog.close();
  }

  #closed() {
    this.#leave();
    this.launcher.setAttribute("aria-expanded", "false");
    this.launcher.focus();
  }

  #outside(event) {
    if (event.target !== this.dialog) return;
    const { left, right, top, bottom } = this.dialog.getBoundingClientRect();
    const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (!inside) this.close();
  }

  // ── The way between views ──

  /** Shows a view; a failure to reach support is shown in its place, with a way to try again. */
  async go(name, ...values) {
    this.#leave();
    const visit = (this.#visit = new AbortController());
    this.backButton.hidden = name === "home";
    this.#show({ title: name === "home" ? "Help" : "…", node: h("p", { class: "soft busy" }, "One moment…") }, false);
    try {
      const view = await VIEWS[name](this, visit.signal, ...values);
      if (!visit.signal.aborted) this.#show(view, true);
    } catch (error) {
      if (!visit.signal.aborted) this.#failed(error, () => this.go(name, ...values));
    }
  }

  #show(view, ready) {
    this.#view = view;
    this.heading.textContent = view.title;
    this.body.replaceChildren(view.node);
    this.body.scrollTop = 0;
    if (!ready) return;
    (view.focus ?? this.heading).focus();
    view.shown?.();
    this.#wait = POLL;
    this.#later();
  }

  #failed(error, again) {
    const words =
      error instanceof Unreachable ? "Support cannot be reached just now. Nothing you wrote is lost." : error.message;
    const button = h("button", { type: "button", onclick: again }, "Try again");
    this.#show(
      { title: "Help", node: h("div", { class: "notice bad", role: "alert" }, h("p", {}, words), button) },
      false,
    );
    this.backButton.hidden = true;
    button.focus();
    if (!(error instanceof Unreachable || error instanceof SignedOut)) console.warn(error);
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#visit.abort(new DOMException("left", "AbortError"));
    this.#view = null;
  }

  // ── Looking for news while somebody looks ──

  #seen = () => {
    if (document.hidden) return clearTimeout(this.#timer);
    this.#wait = POLL;
    this.#later(500);
  };

  #later(milliseconds = this.#wait) {
    clearTimeout(this.#timer);
    if (this.#view?.poll && !document.hidden) this.#timer = setTimeout(() => this.#poll(), milliseconds);
  }

  async #poll() {
    const view = this.#view;
    try {
      const changed = await view.poll();
      this.#wait = changed ? POLL : Math.min(SLOWEST_POLL, this.#wait * 1.2);
    } catch (error) {
      if (!(error instanceof Unreachable)) console.warn(error);
      this.#wait = Math.min(SLOWEST_POLL, this.#wait * 2);
    }
    if (this.#view === view) this.#later();
  }

  /** News soon: something was just sent. */
  hurry() {
    this.#wait = POLL;
    this.#later();
  }

  // ── What views share ──

  async session() {
    const session = await this.client.request("GET", "session");
    if (this.drafts?.scope !== session.draft_scope) this.drafts = new Drafts(session.draft_scope);
    return session;
  }

  context() {
    return gather(this.dataset);
  }

  announce(text) {
    this.live.textContent = text;
  }
}

customElements.define("companyos-help", CompanyOSHelp);

const element = () => document.querySelector("companyos-help");
export const report = (entry) => remember(entry);
export const open = () => element()?.open();
export const close = () => element()?.close();
