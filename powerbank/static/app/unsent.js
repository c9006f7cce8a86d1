// Messages to support that wait for the network: kept on the device, sent in the order in which they were written. Each
// has a name of its own (`client_id`), so that one which is sent again, or by two tabs, is the same message.

import { keep } from "./device.js";
import { Problem, api, useEffect, useState } from "./ui.js";

const AGAIN = [2_000, 5_000, 15_000, 60_000];
const listeners = new Set();
let running = null;
let wanted = false;
let later = null;
let failures = 0;

const base = () => new Promise((resolve, reject) => {
  const asked = indexedDB.open("powerbank", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("unsent", { autoIncrement: true, keyPath: "place" });
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

async function store(mode, act) {
  const opened = await base();
  try {
    return await new Promise((resolve, reject) => {
      const work = opened.transaction("unsent", mode);
      const asked = act(work.objectStore("unsent"));
      work.oncomplete = () => resolve(asked.result);
      work.onabort = () => reject(work.error);
    });
  } finally {
    opened.close();
  }
}

const list = () => store("readonly", (kept) => kept.getAll());

function tell(entry, answer) {
  for (const listener of listeners) listener(entry, answer);
}

/**
 * Keep a message, and send it as soon as the network lets it.
 * @param {{conversation?: string, about?: {kind: string, id?: string}, text?: string, photo?: string}} message
 */
export async function write(message) {
  const client_id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
  await store("readwrite", (kept) => kept.add({ ...message, client_id, at: Date.now(), blocked: api.blocked() }));
  keep("unsent", true);
  tell();
  sendUnsent();
}

export async function remove(entry) {
  await store("readwrite", (kept) => kept.delete(entry.place));
  tell();
}

/** Send one that was refused once more, in its place. */
export async function sendAgain(entry) {
  await store("readwrite", (kept) => kept.put({ ...entry, refused: null }));
  tell();
  sendUnsent();
}

/** Send what waits, one after the other. */
export function sendUnsent() {
  wanted = true;
  clearTimeout(later);
  const locked = (work) => (navigator.locks ? navigator.locks.request("powerbank.unsent", work) : work());
  running ??= locked(sendAll).catch(() => {}).finally(() => {
    running = null;
    if (wanted) sendUnsent();
  });
  return running;
}

async function sendAll() {
  while (wanted && (api.signedIn() || api.blocked())) {
    wanted = false;
    for (let entry = await next(); entry; entry = await next()) {
      try {
        const answer = await send(entry);
        failures = 0;
        await store("readwrite", (kept) => kept.delete(entry.place));
        tell(entry, answer);
      } catch (error) {
        if (error instanceof Problem && !error.mayPass && error.status !== 401) {
          await store("readwrite", (kept) => kept.put({ ...entry, refused: error.message }));
          tell();
          continue;
        }
        const pause = AGAIN[Math.min(failures, AGAIN.length - 1)];
        failures += 1;
        later = setTimeout(sendUnsent, Math.max(pause, (error.retryAfter || 0) * 1000));
        return;
      }
    }
    if (!(await list()).length) keep("unsent", null);
  }
  wanted = false;
}

// What somebody wrote whose account is blocked goes out under no other name.
const next = async () => (await list()).find((each) => !each.refused && Boolean(each.blocked) === api.blocked());

function send({ conversation, about, client_id, text, photo }) {
  const body = { client_id, ...(text ? { text } : {}), ...(photo ? { photo } : {}) };
  const within = photo ? 180_000 : 20_000;
  return conversation
    ? api.post(`/api/support/conversations/${conversation}/messages`, body, { within })
    : api.post("/api/support/conversations", { ...body, about }, { within });
}

/** The messages that wait and `fits` chooses. `sent` hears of each that has arrived. */
export function useUnsent(fits, sent) {
  const [found, setFound] = useState([]);
  useEffect(() => {
    const read = () => list().then((all) => setFound(all.filter(fits)), () => {});
    const heard = async (entry, answer) => {
      if (entry && fits(entry)) await sent(answer);
      read();
    };
    listeners.add(heard);
    read();
    sendUnsent();
    return () => listeners.delete(heard);
  }, []);
  return found;
}

addEventListener("online", () => { failures = 0; sendUnsent(); });
