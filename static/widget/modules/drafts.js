// What somebody is writing, kept for this browser tab only and under a scope that the support side gives out: an
// opaque name per person, so that one person's words never appear under another's sign-in.

const PREFIX = "companyos-help";

export class Drafts {
  #files = new Map();

  constructor(scope) {
    this.scope = scope;
  }

  #name(of) {
    return `${PREFIX}:${this.scope}:${of}`;
  }

  read(of) {
    try {
      return JSON.parse(sessionStorage.getItem(this.#name(of)) ?? "null") ?? {};
    } catch {
      return {};
    }
  }

  /** Merges into the draft. Storage may be full or forbidden; what is on the screen is still there then. */
  write(of, values) {
    try {
      sessionStorage.setItem(this.#name(of), JSON.stringify({ ...this.read(of), ...values }));
    } catch {
      // Nothing to do: the words stay in the form.
    }
  }

  drop(of) {
    this.#files.delete(of);
    try {
      sessionStorage.removeItem(this.#name(of));
    } catch {
      // As above.
    }
  }

  /** Files can't be stored; they live as long as the page. */
  files(of) {
    if (!this.#files.has(of)) this.#files.set(of, []);
    return this.#files.get(of);
  }
}
