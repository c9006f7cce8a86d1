// What all views are made of: the client, one small store, readings that survive, and components.

import { html, render, useCallback, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { Away, Problem, createClient } from "./api.js";
import { forgetPerson, keepAnswer, lastAnswer, rememberNothingWhile } from "./device.js";
import { currentLanguage, t, time } from "./language.js";

export { Away, Problem, html, render, useCallback, useEffect, useMemo, useRef, useState };

// ── the store: what several views know ─────────────────────────────────────────────────────────

const listeners = new Set();
export const store = { me: null, unread: 0, online: navigator.onLine, toast: null };

export function update(change) {
  Object.assign(store, change);
  for (const listener of listeners) listener();
}

export function useStore() {
  const [, again] = useState(0);
  useEffect(() => {
    const listener = () => again((count) => count + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return store;
}

export const api = createClient({
  language: currentLanguage,
  signedOut: () => {
    forgetPerson();
    update({ me: null, unread: 0 });
  },
});

rememberNothingWhile(api.blocked);

/** Read who is signed in, for the frame and for all views. */
export async function readMe() {
  if (!api.signedIn()) return;
  try {
    const [me, { unread }] = await Promise.all([api.get("/api/users/me"), api.get("/api/notifications/unread-count")]);
    update({ me, unread });
    if (self.Notification?.permission === "granted") import("./push.js").then(({ keepUp }) => keepUp()).catch(() => {});
  } catch { /* what needs it asks again */ }
}

export function toast(text) {
  clearTimeout(toast.later);
  update({ toast: text });
  toast.later = setTimeout(() => update({ toast: null }), 5000);
}

// ── addresses ──────────────────────────────────────────────────────────────────────────────────

/** Go to another view. `replace` leaves no step to come back to. */
export function go(path, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

export function goBack(otherwise) {
  if (history.length > 1 && document.referrer !== "") history.back();
  else go(otherwise, { replace: true });
}

// ── readings ───────────────────────────────────────────────────────────────────────────────────

/**
 * Read from the API. What was read before is shown at once, and stays with its time where the network is away.
 * @param {string|null} path null reads nothing yet
 * @param {{query?: object, every?: number, topics?: string[]}} [options]
 */
export function useRead(path, { query, topics } = {}) {
  const address = path && `${path}?${new URLSearchParams(query || {})}`;
  const [state, setState] = useState({});
  const current = useRef(null);
  const order = useRef({ asked: 0, shown: 0, waiting: 0 }).current; // of two answers the one that was asked for first is older
  const reload = useCallback(async () => {
    if (!address) return;
    const mine = ++order.asked;
    order.waiting += 1;
    const show = (next) => {
      if (current.current !== address || mine < order.shown) return;
      order.shown = mine;
      setState(next);
    };
    try {
      const data = await api.get(path, query);
      if (mine >= order.shown) keepAnswer(address, data);
      show({ address, data, at: Date.now() });
    } catch (error) {
      show((old) => ({ ...(old.address === address ? old : {}), address, error }));
    } finally {
      order.waiting -= 1;
    }
  }, [address]);
  useEffect(() => {
    current.current = address;
    reload();
    return () => { current.current = null; };
  }, [address]);
  useEffect(() => (topics && address ? api.follow(topics, reload) : undefined), [address, (topics || []).join()]);
  const known = state.address === address ? state : {};
  const before = address ? lastAnswer(address) : null;
  const data = known.data ?? before?.data;
  const set = (data) => {
    order.shown = ++order.asked;
    keepAnswer(address, data);
    setState({ address, data, at: Date.now() });
    if (order.waiting) reload(); // what is on its way may be older than this, or newer
  };
  return { data, error: known.error, reload, set, at: known.at ?? before?.at, waiting: !data && !known.error, old: Boolean(known.error && data) };
}

/** A list that is read page by page. */
export function useList(path, query) {
  const first = useRead(path, { query });
  const [more, setMore] = useState({ items: [], cursor: undefined, of: null });
  const here = more.of === first.data ? more : { items: [], cursor: undefined };
  const cursor = here.cursor === undefined ? first.data?.next_cursor : here.cursor;
  const next = async () => {
    const page = await api.get(path, { ...query, cursor });
    setMore({ of: first.data, items: [...here.items, ...page.items], cursor: page.next_cursor });
  };
  return { ...first, items: [...(first.data?.items || []), ...here.items], next: cursor ? next : null };
}

// ── what a view shows while it waits, and when it cannot ───────────────────────────────────────

export function explain(error) {
  if (error instanceof Problem) return error.message;
  return t("The network is away. We try again as soon as it is back.");
}

export const Refusal = ({ error, children }) => error && html`
  <div class="note bad" role="alert"><p>${explain(error)}</p>${children}</div>`;

export const Waiting = () => html`<div class="waiting" role="status"><span class="unseen">${t("One moment…")}</span></div>`;

/** Show what was read; before that, that it is waited for or refused. Its element stays, so that its neighbours do. */
export function Read({ of, children }) {
  const refused = () => html`<${Refusal} error=${of.error}><${Button} quiet onPress=${of.reload}>${t("Try again")}<//><//>`;
  const old = () => html`<p class="note">${t("As of {time}: the network is away.", { time: time(of.at) })}</p>`;
  return html`<div>${of.old && old()}${of.data ? children(of.data) : of.waiting ? html`<${Waiting} />` : refused()}</div>`;
}

export const Empty = ({ title, children }) => html`<div class="empty"><p><b>${title}</b></p>${children}</div>`;

// ── pressing ───────────────────────────────────────────────────────────────────────────────────

/** A button whose deed takes a while: it cannot be pressed again until there is an answer. */
export function Button({ onPress, children, quiet, danger, type = "button", busy, disabled, wide, label, does }) {
  const [running, setRunning] = useState(false);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const press = async (event) => {
    if (!onPress || running || busy) return;
    event.preventDefault();
    setRunning(true);
    try {
      await onPress();
    } catch (error) {
      toast(explain(error));
    } finally {
      if (alive.current) setRunning(false);
    }
  };
  const kind = `${quiet ? "quiet" : ""} ${danger ? "danger" : ""} ${wide ? "wide" : ""}`;
  const works = running || busy;
  return html`<button type=${type} class=${kind} data-does=${does} aria-label=${label} aria-busy=${works ? "true" : null} disabled=${disabled}
    onClick=${onPress ? press : (event) => works && event.preventDefault()}>${children}</button>`;
}

/** A form that says what is wrong beside its fields. `send` gets the values. */
export function Form({ send, children, button, busyText }) {
  const [state, setState] = useState({ running: false, error: null });
  const form = useRef(null);
  const submit = async (event) => {
    event.preventDefault();
    if (state.running) return;
    setState({ running: true, error: null });
    let error = null;
    try {
      await send(Object.fromEntries(new FormData(form.current)));
    } catch (refused) {
      error = refused;
    }
    if (!form.current) return;
    setState({ running: false, error });
    if (error) setTimeout(() => form.current?.querySelector("[aria-invalid=true], .note.bad")?.focus?.());
  };
  const errors = state.error?.errors || {};
  const named = form.current ? Array.from(form.current.elements, (each) => each.name) : [];
  const elsewhere = state.error && !Object.keys(errors).some((name) => named.includes(name));
  return html`<form ref=${form} onSubmit=${submit} novalidate>
    ${typeof children === "function" ? children(errors) : children}
    ${elsewhere && html`<${Refusal} error=${state.error} />`}
    <${Button} type="submit" wide busy=${state.running}>${state.running && busyText ? busyText : button}<//>
  </form>`;
}

/** A labelled input. `value` is what stands in it at first: what is typed stays, however often the view is drawn again. */
export function Field({ label, name, error, hint, value, ...rest }) {
  const id = `field-${name}`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${name} defaultValue=${value} aria-invalid=${error ? "true" : null} aria-describedby=${error || hint ? `${id}-says` : null} ...${rest} />
    ${(error || hint) && html`<p id="${id}-says" class=${error ? "error" : "hint"}>${error ? error.join(" ") : hint}</p>`}
  </div>`;
}

/** A sheet that asks for one thing more. It closes by Escape and by its button. */
export function Sheet({ title, close, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
    return () => dialog.current?.close();
  }, []);
  return html`<dialog ref=${dialog} onCancel=${(event) => { event.preventDefault(); close(); }} aria-label=${title}>
    <header><h2>${title}</h2><button class="quiet close" onClick=${close} aria-label=${t("Close")}>✕</button></header>
    ${children}
  </dialog>`;
}

// ── small parts ────────────────────────────────────────────────────────────────────────────────

const SHAPES = {
  home: "M3 11 12 4l9 7v9h-6v-6H9v6H3z", scan: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
  bolt: "M13 2 5 14h6l-1 8 8-12h-6z", wallet: "M3 7h15a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3zM3 7V6a2 2 0 0 1 2-2h11M16 13.5h.1",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6", star: "m12 3 2.8 5.8 6.2.9-4.5 4.4 1 6.2-5.5-3-5.5 3 1-6.2L3 9.7l6.2-.9z",
  back: "M15 5l-7 7 7 7", way: "M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
};
export const Icon = ({ name, filled }) => html`<svg class="icon ${filled ? "filled" : ""}" viewBox="0 0 24 24" aria-hidden="true"><path d=${SHAPES[name]} /></svg>`;

/** The way to a place, in the maps of whoever presses it. Nothing is loaded from there. */
export const WayTo = ({ place: { lat, lng } }) => html`<a class="button quiet" href=${`https://www.google.com/maps/dir/?api=1&destination=${encodeURIComponent(`${lat},${lng}`)}`} target="_blank" rel="noreferrer"><${Icon} name="way" />${t("Show me the way")}</a>`;

export const Row = ({ href, title, note, value, onClick }) => html`<li><a class="row" href=${href} onClick=${onClick}>
  <span><b>${title}</b>${note && html`<small>${note}</small>`}</span>${value != null && html`<span class="value">${value}</span>`}</a></li>`;

export const Facts = ({ of }) => html`<dl class="facts">${of.filter(Boolean).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

export const More = ({ list }) => list.next && html`<${Button} quiet wide onPress=${list.next}>${t("Show more")}<//>`;

/** The state of a station, in words and not by colour alone. */
export function stationState(station) {
  if (station.status === "maintenance") return ["warn", t("Being serviced")];
  if (station.status === "offline") return ["bad", t("Not reachable right now")];
  if (!station.open_now) return ["warn", t("Closed at this time")];
  if (!station.available_banks) return ["warn", t("No power bank left")];
  return ["good", t("In service")];
}

export const State = ({ of: [kind, text] }) => html`<span class="badge ${kind}">${text}</span>`;

/** Now, once a second while it is seen. */
export function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const tick = setInterval(() => { if (!document.hidden) setNow(Date.now()); }, 1000);
    return () => clearInterval(tick);
  }, []);
  return now;
}
