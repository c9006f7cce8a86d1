// A client of the public API: tokens, refresh, keys that survive a reload, retries, long poll and live stream.
// It needs `follow.js` beside it and nothing else. Copy both; then `createClient({ base: "https://api.example" })`.

import { follow } from "./follow.js";

/**
 * A refusal by the server, as RFC 9457 describes it. `code` is stable; `message` is for people, in their language.
 */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} body @param {number|null} retryAfter seconds */
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.code = body.code || "error";
    /** @type {Record<string, string[]>} */
    this.errors = body.errors || {};
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed a little later, so that its key is to be kept. */
  get mayPass() {
    return this.status === 429 || this.status >= 500;
  }
}

/** The server was not reached, or did not answer in time. What was sent may have arrived all the same. */
export class Away extends Error {
  constructor() {
    super("The network is away.");
    this.code = "away";
  }
}

const ANSWER_WITHIN = 20_000;
const UPLOAD_WITHIN = 180_000;
const TRIES = 4;
const REFRESH_BEFORE = 60_000;
const KEY_LASTS = 20 * 3600_000;
const KEYS = "powerbank.keys";
const SIGNED_IN = "powerbank.signed-in";
const REFRESHING = "powerbank.refreshing";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const spread = (ms) => ms * (0.75 + Math.random() / 2);

/**
 * @param {object} [options]
 * @param {string} [options.base] address of the server, "" for the page's own
 * @param {() => string} [options.language] what people read, "en" or "ne"
 * @param {Storage} [options.storage] where keys are kept until an answer came; never a token
 * @param {() => void} [options.signedOut] called when the sign-in has ended, by whomever
 */
export function createClient({ base = "", language = () => "en", storage = localStorage, signedOut = () => {} } = {}) {
  let token = null;
  let tokenUntil = 0;
  let refreshing = null;
  let supportToken = null; // of somebody whose account is blocked: it opens support and nothing else
  const underWay = new Map();

  // ── one request ──────────────────────────────────────────────────────────────────────────────

  async function ask(method, path, { query, body, headers = {}, signal, within = ANSWER_WITHIN, keepalive, asBlob } = {}) {
    const url = new URL(base + path, location.href);
    for (const [name, value] of Object.entries(query || {})) if (value != null && value !== "") url.searchParams.set(name, value);
    const limit = AbortSignal.timeout ? AbortSignal.timeout(within) : undefined;
    const form = body instanceof FormData;
    let response;
    try {
      response = await fetch(url, {
        method,
        keepalive,
        headers: { "Accept-Language": language(), ...(body && !form ? { "Content-Type": "application/json" } : {}), ...headers },
        body: form ? body : body && JSON.stringify(body),
        signal: signal && limit && AbortSignal.any ? AbortSignal.any([signal, limit]) : signal || limit,
      });
      if (asBlob && response.ok) return await response.blob();
      const text = response.status === 204 || response.status === 304 ? "" : await response.text();
      const data = text && /json/.test(response.headers.get("Content-Type") || "") ? JSON.parse(text) : null;
      if (response.ok) return data;
      throw new Problem(response.status, data || {}, Number(response.headers.get("Retry-After")) || null);
    } catch (error) {
      if (error instanceof Problem || signal?.aborted) throw error;
      throw new Away();
    }
  }

  /** With the access token, which is renewed when it has to be; and again, where a repeat does no harm. */
  async function request(method, path, options = {}) {
    const repeats = options.repeats ?? method === "GET";
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (signedIn() && Date.now() > tokenUntil - REFRESH_BEFORE) await refresh();
        const bearer = token || (path.startsWith("/api/support/") ? supportToken : null);
        const headers = { ...options.headers, ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) };
        return await ask(method, path, { ...options, headers });
      } catch (error) {
        if (error.status === 401 && token && !renewed) {
          renewed = true;
          tokenUntil = 0;
          continue;
        }
        if (error.status === 401 && supportToken && path.startsWith("/api/support/")) leaveBlocked();
        const passing = error instanceof Away || (error instanceof Problem && error.mayPass && error.status !== 500);
        const pause = Math.max((error.retryAfter || 0) * 1000, spread(400 * 3 ** (attempt - 1)));
        if (!repeats || !passing || attempt === TRIES || pause > 20_000 || options.signal?.aborted) throw error;
        await sleep(pause);
      }
    }
  }

  // ── keys of requests that must happen once ───────────────────────────────────────────────────

  const readKeys = () => {
    try {
      return JSON.parse(storage.getItem(KEYS)) || {};
    } catch {
      return {};
    }
  };
  const writeKey = (name, entry) => {
    const keys = Object.fromEntries(Object.entries(readKeys()).filter(([, each]) => Date.now() - each.at < KEY_LASTS));
    if (entry) keys[name] = entry;
    else delete keys[name];
    storage.setItem(KEYS, JSON.stringify(keys));
  };

  /**
   * POST what moves money, hardware or points. However often it is pressed, and after a reload too, the same `name` with
   * the same body is one and the same request, until an answer came.
   * @param {string} path
   * @param {object} [body]
   * @param {string} [name] what the person does, if one path serves several deeds
   */
  function once(path, body = {}, name = path) {
    const written = JSON.stringify(body);
    const same = `${name} ${written}`;
    if (underWay.has(same)) return underWay.get(same);
    const kept = readKeys()[name];
    const key = kept && kept.body === written ? kept.key : makeKey();
    writeKey(name, { key, body: written, at: kept?.key === key ? kept.at : Date.now() });
    const running = request("POST", path, { body, headers: { "Idempotency-Key": key }, repeats: true })
      .then((answer) => { writeKey(name, null); return answer; })
      .catch((error) => {
        if (error instanceof Problem && !error.mayPass) writeKey(name, null);
        throw error;
      })
      .finally(() => underWay.delete(same));
    underWay.set(same, running);
    return running;
  }

  /** The request of this name that has no answer yet: `{body, at}`, or null. */
  function unanswered(name) {
    const kept = readKeys()[name];
    return kept ? { body: JSON.parse(kept.body), at: kept.at } : null;
  }

  // ── the sign-in ──────────────────────────────────────────────────────────────────────────────

  const IN_COOKIE = { "Refresh-Token-Place": "cookie" };
  const signedIn = () => storage.getItem(SIGNED_IN) === "1";

  const blocked = () => supportToken !== null;

  function leaveBlocked() {
    supportToken = null;
    signedOut();
  }

  function take(answer) {
    if (blocked()) leaveBlocked();
    token = answer.access_token;
    tokenUntil = Date.now() + lifetime(token);
    storage.setItem(SIGNED_IN, "1");
    return answer;
  }

  function forget() {
    const was = signedIn();
    token = null;
    tokenUntil = 0;
    storage.removeItem(SIGNED_IN);
    storage.removeItem(KEYS);
    if (was) signedOut();
  }

  // One at a time, in all tabs together: each refresh spends a token, and a token that is spent twice ends the sign-in.
  // It outlives the page (`keepalive`), so that a reload loses no new token; the next page waits for it.
  function refresh() {
    const locked = (work) => (navigator.locks ? navigator.locks.request("powerbank.refresh", work) : work());
    refreshing ??= locked(async () => {
      const lately = Date.now() - Number(storage.getItem(REFRESHING) || 0);
      if (lately >= 0 && lately < 3000) await sleep(3000 - lately);
      storage.setItem(REFRESHING, String(Date.now()));
      try {
        take(await ask("POST", "/api/auth/refresh", { body: {}, headers: IN_COOKIE, keepalive: true }));
      } catch (error) {
        if (error.status !== 401) throw error;
        forget();
        throw error;
      } finally {
        storage.removeItem(REFRESHING);
      }
    }).finally(() => { refreshing = null; });
    return refreshing;
  }

  addEventListener("storage", (event) => {
    if (event.key === SIGNED_IN && event.newValue === null && event.oldValue === "1") {
      token = null;
      signedOut();
    }
  });

  async function verify(challenge_id, code) {
    let answer;
    try {
      answer = await ask("POST", "/api/auth/verify-otp", { body: { challenge_id, code }, headers: IN_COOKIE });
    } catch (error) {
      if (!error.body?.support_token) throw error;
      signedOut(); // what the device knows may be somebody else's
      supportToken = error.body.support_token;
      return { registered: false, blocked: true };
    }
    return answer.registered ? take(answer) : answer;
  }

  async function register(body) {
    return take(await ask("POST", "/api/auth/register", { body, headers: IN_COOKIE }));
  }

  async function signOut({ everywhere = false } = {}) {
    try {
      await ask("POST", everywhere ? "/api/auth/logout-all" : "/api/auth/logout", { body: {}, headers: IN_COOKIE });
    } catch (error) {
      if (error.status !== 401) throw error;
    }
    forget();
  }

  return {
    get: (path, query, options) => request("GET", path, { query, ...options }),
    post: (path, body = {}, options) => request("POST", path, { body, ...options }),
    patch: (path, body, options) => request("PATCH", path, { body, ...options }),
    put: (path, body = {}, options) => request("PUT", path, { body, repeats: true, ...options }),
    remove: (path, options) => request("DELETE", path, { repeats: true, ...options }),
    /** The next state of something that has a `version`: answers when it is newer, or after 25 s. */
    waitFor: (path, since, signal) => request("GET", path, { query: { wait: 25, since }, signal, within: 35_000 }),
    upload: (method, path, form, options) => request(method, path, { body: form, within: UPLOAD_WITHIN, ...options }),
    /** A picture or a file that only its person may see. */
    getBlob: (path, options) => request("GET", path, { asBlob: true, within: UPLOAD_WITHIN, ...options }),
    askCode: (body) => request("POST", "/api/auth/get-otp", { body }),
    /** Call `changed` whenever something of these topics may have changed, until what is returned is called. */
    follow: (topics, changed, tell) => follow({ changed, tell, ticket: () => (blocked() ? Promise.reject(new Problem(403, {})) : request("POST", "/api/live/tickets", { body: { topics } })) }),
    once, unanswered, verify, register, signOut, signedIn,
    /** Whether somebody is here whose account is blocked, and who may write to support for an hour. */
    blocked,
  };
}

function makeKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** How long a token is good, by the server's two times in it and not by the clock of the device. */
function lifetime(token) {
  try {
    const { iat, exp } = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
    return (exp - iat) * 1000;
  } catch {
    return 14 * 60_000;
  }
}
