// Talks to the support side. The token lives in memory only and is fetched anew from the host when it ends.

const TIMEOUT = 20_000;
const UPLOAD_TIMEOUT = 120_000;
const EARLY = 20_000; // a token this close to its end is renewed first
const LONGEST_WAIT = 30_000;

/** The support side said no: another try with the same content would get the same answer. */
export class Refusal extends Error {
  constructor(status, errors) {
    super(errors[0]?.detail ?? "Support could not take this.");
    this.status = status;
    this.errors = errors;
    this.code = errors[0]?.code ?? "";
  }
}

/** Nobody answered, or not now: worth another try. */
export class Unreachable extends Error {
  constructor(message, after = 0) {
    super(message);
    this.after = after; // milliseconds the server asked us to wait
  }
}

/** The host did not say who this is. */
export class SignedOut extends Error {}

export const newKey = () =>
  crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");
const hex = (byte) => byte.toString(16).padStart(2, "0");

function claims(token) {
  const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(part));
}

async function reach(url, options, timeout = TIMEOUT) {
  try {
    return await fetch(url, { ...options, signal: AbortSignal.timeout(timeout) });
  } catch (error) {
    throw new Unreachable(error.message);
  }
}

async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  return new Refusal(response.status, body.errors ?? []);
}

export class Client {
  constructor(api, tokenUrl) {
    this.base = `${api.replace(/\/$/, "")}/api/v1/widget/`;
    this.tokenUrl = tokenUrl;
    this.token = "";
    this.ends = 0;
  }

  async identity() {
    if (this.token && Date.now() < this.ends - EARLY) return this.token;
    const response = await reach(this.tokenUrl, {
      credentials: "same-origin",
      headers: { Accept: "application/json" },
    });
    if (response.status >= 500) throw new Unreachable("The page could not say who you are.");
    if (!response.ok) throw new SignedOut("Please sign in first: this page could not say who you are.");
    const { token } = await response.json();
    const { iat, exp } = claims(token);
    this.token = token;
    this.ends = Date.now() + (exp - iat) * 1000; // the lifetime, not the instant: this clock may be wrong
    return token;
  }

  /** One request; `json` or `form` is the body, `key` makes a create safe to repeat. Answers the parsed body. */
  async request(method, path, { json, form, key } = {}) {
    const response = await this.#send(method, path, { json, form, key });
    return response.status === 204 ? null : response.json();
  }

  async file(path) {
    const { url } = await this.request("GET", path);
    const response = await reach(url, { credentials: "omit", referrerPolicy: "no-referrer" }, UPLOAD_TIMEOUT);
    if (!response.ok) throw new Unreachable("The file could not be fetched. Choose it again.");
    return response.blob();
  }

  async #send(method, path, content, again = true) {
    const { json, form, key } = content;
    const headers = { Accept: "application/json", Authorization: `Bearer ${await this.identity()}` };
    if (json) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const options = { method, headers, body: form ?? (json && JSON.stringify(json)), credentials: "omit" };
    const response = await reach(this.base + path, options, form ? UPLOAD_TIMEOUT : TIMEOUT);
    if (response.ok) return response;
    if (response.status === 401 && again) {
      this.token = "";
      return this.#send(method, path, content, false);
    }
    const refused = await refusal(response);
    // The first try of the same create is still at work: its answer will be there in a moment.
    const busy = response.status === 409 && /in_progress|in_flight/.test(refused.code);
    if (response.status >= 500 || response.status === 429 || busy) {
      throw new Unreachable(refused.message, 1000 * Number(response.headers.get("Retry-After") ?? 0));
    }
    throw refused;
  }
}

/**
 * Sends until somebody answers, with the same content and key. `wait(seconds, now)` is told of each pause and may call
 * now() to end it; a connection that comes back ends it too. An aborted `signal` ends it all.
 */
export async function persist(attempt, { wait, signal }) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      const backOff = Math.min(LONGEST_WAIT, 1000 * 2 ** tries) * (0.8 + 0.4 * Math.random());
      await pause(Math.max(error.after, backOff), wait, signal);
    }
  }
}

function pause(milliseconds, wait, signal) {
  return new Promise((resolve, reject) => {
    const end = (settle) => {
      clearTimeout(timer);
      window.removeEventListener("online", now);
      signal.removeEventListener("abort", stop);
      settle();
    };
    const now = () => end(resolve);
    const stop = () => end(() => reject(signal.reason));
    const timer = setTimeout(now, milliseconds);
    window.addEventListener("online", now);
    signal.addEventListener("abort", stop);
    wait(Math.ceil(milliseconds / 1000), now);
  });
}
