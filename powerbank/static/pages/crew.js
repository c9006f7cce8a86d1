// The crew's pages with a bad network. A form that is sent goes into a queue in the browser first, with a key of its own,
// and is sent from there: at once if there is a connection, else when there is one. The server does each key once, however
// often it comes. Besides: the place, the scanner, and the worker that shows the last pages without a connection.

const box = document.querySelector("[data-waiting]");
const said = box.dataset;
const { csrf } = document.body.dataset;
let token = csrf;

// The queue: what waits, in the order in which it was pressed.
const opened = new Promise((done, fail) => {
  const asked = indexedDB.open("powerbank-crew", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("waiting", { keyPath: "at", autoIncrement: true });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => fail(asked.error);
});

async function inQueue(mode, work) {
  const database = await opened;
  return new Promise((done, fail) => {
    const transaction = database.transaction("waiting", mode);
    const asked = work(transaction.objectStore("waiting"));
    transaction.oncomplete = () => done(asked.result);
    transaction.onerror = () => fail(transaction.error);
  });
}
const list = async () => (await inQueue("readonly", (store) => store.getAll())).filter((each) => each.person === said.person);
const remove = (item) => inQueue("readwrite", (store) => store.delete(item.at));

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const text = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  return text.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("queued" in form.dataset)) return;
  event.preventDefault();
  const button = event.submitter;
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  if (button) button.disabled = true;
  const fields = new FormData(form, null);
  if ("place" in form.dataset) {
    const place = await findPlace(5_000);
    if (place) { fields.set("lat", place.lat); fields.set("lng", place.lng); }
  }
  fields.delete("csrf_token");
  fields.set("once", newKey());
  const given = await Promise.all([...fields].map(async ([name, value]) => [name, value instanceof File ? await smaller(value) : value]));
  const item = { url: form.action, label: form.dataset.queued, person: said.person, fields: given.filter(([, value]) => value !== null) };
  try {
    await inQueue("readwrite", (store) => store.add(item));
  } catch {  // a browser that keeps nothing sends it as it is
    delete form.dataset.queued;
    if (button) button.disabled = false;
    return form.requestSubmit(button);
  }
  const to = await sendAll();
  delete form.dataset.busy;
  if (button) button.disabled = false;
  delete form.dataset.sent;
  if (to) location.assign(to);
});

// A photo of a phone has ten megabytes; what has to be seen of it fits into a fraction.
async function smaller(file) {
  if (!file.size) return null;
  if (!file.type.startsWith("image/")) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  } catch {
    return file;
  }
}

// Of several tabs, one sends. Gives the address to which the last form leads, or null while something waits.
function sendAll() {
  const work = async () => {
    let to = null;
    for (const item of await list()) {
      const outcome = await send(item);
      if (outcome.wait) { await show(outcome.wait); return null; }
      await remove(item);
      if (outcome.refused) refused.push(`${item.label}: ${outcome.refused}`);
      to = outcome.to ?? to;
    }
    await show(null);
    return to;
  };
  return navigator.locks ? navigator.locks.request("powerbank-crew", work) : work();
}

const refused = [];

async function send(item, again = true) {
  const body = new FormData();
  for (const [name, value] of item.fields) {
    if (value instanceof Blob) body.append(name, value, "photo.jpg");
    else body.append(name, value);
  }
  let answer;
  try {
    answer = await fetch(item.url, { method: "POST", body, headers: { "X-CSRFToken": token, "X-Sent-By-Script": "1" }, redirect: "manual" });
  } catch {
    return { wait: said.offline };
  }
  if (answer.ok) return { to: (await answer.json()).to };
  if (answer.status === 400 && again && await renewToken()) return send(item, false);
  if (answer.status === 401) return { wait: said.signedOut };
  if (answer.status >= 500 || answer.status === 429) return { wait: said.offline };
  return { refused: said.impossible };
}

async function renewToken() {
  try {
    const page = await (await fetch("/crew/", { redirect: "error", cache: "reload" })).text();
    const found = new DOMParser().parseFromString(page, "text/html").body.dataset.csrf;
    if (!found || found === token) return false;
    token = document.body.dataset.csrf = found;
    return true;
  } catch {
    return false;
  }
}

async function show(why) {
  const waiting = await list().catch(() => []);
  const lines = [...waiting.map((each) => each.label), ...refused.map((each) => `${said.refused} ${each}`)];
  box.hidden = lines.length === 0;
  box.querySelector("[data-waiting-text]").textContent = waiting.length ? [why, said.count.replace("#", waiting.length.toLocaleString(document.documentElement.lang))].filter(Boolean).join(" ") : "";
  box.querySelector("[data-waiting-list]").replaceChildren(...lines.map((each) => Object.assign(document.createElement("li"), { textContent: each })));
  box.querySelector("[data-waiting-again]").hidden = waiting.length === 0;
}

async function resume() {
  if ((await list().catch(() => [])).length === 0) return;
  const to = await sendAll();
  if (to) location.assign(to);
}
box.querySelector("[data-waiting-again]").addEventListener("click", resume);
addEventListener("online", resume);
setInterval(() => { if (navigator.onLine) resume(); }, 15_000);
resume();

// The place: asked for once it is needed, and shared only where the member has said so.
function findPlace(within) {
  if (!navigator.geolocation) return Promise.resolve(null);
  return new Promise((done) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => done({ lat: coords.latitude.toFixed(6), lng: coords.longitude.toFixed(6), accuracy: Math.round(coords.accuracy) }),
      () => done(null), { enableHighAccuracy: true, timeout: within, maximumAge: 30_000 },
    );
  });
}

const SHARES = `powerbank-crew-shares-${said.person}`;
const shares = () => localStorage.getItem(SHARES) === "yes";
const tick = () => { for (const each of document.querySelectorAll("[data-shares-place]")) each.checked = shares(); };
document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-shares-place]")) return;
  localStorage.setItem(SHARES, target.checked ? "yes" : "no");
  if (target.checked) share();
});
document.addEventListener("htmx:afterSettle", tick);
tick();

async function share() {
  if (!shares() || document.hidden) return;
  const place = await findPlace(10_000);
  if (!place) return;
  const body = new FormData();
  for (const [name, value] of Object.entries(place)) body.append(name, value);
  fetch(said.placeTo, { method: "POST", body, headers: { "X-CSRFToken": token, "X-Sent-By-Script": "1" } }).catch(() => {});
}
share();
setInterval(share, 60_000);

// Lists begin with what is near, for who lets the browser say where they are.
async function orderByPlace() {
  const asks = document.querySelector("[data-wants-place]");
  const address = new URL(location);
  if (!asks || address.searchParams.has("lat") || !navigator.permissions) return;
  const allowed = await navigator.permissions.query({ name: "geolocation" }).catch(() => null);
  if (allowed?.state !== "granted") return;
  const place = await findPlace(5_000);
  if (!place) return;
  address.searchParams.set("lat", Number(place.lat).toFixed(4));
  address.searchParams.set("lng", Number(place.lng).toFixed(4));
  location.replace(address);
}
orderByPlace();

// The scanner reads codes of stations and power banks one after another into the field beside its button.
const scanner = document.getElementById("scanner");
let scanned = null; // the field that is filled now
let openings = 0;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-scans]");
  if (!button) return;
  scanned = button.closest("form").querySelector("[data-scan-target]");
  const video = scanner.querySelector("video");
  const told = scanner.querySelector("[data-scanned]");
  told.textContent = told.dataset.nothing;
  video.hidden = false;
  scanner.showModal();
  const mine = ++openings;
  const isOver = () => !scanner.open || mine !== openings;
  let stream = null;
  try {
    const { closeCamera, makeReader, openCamera, readCodes } = await import(scanner.dataset.reader);
    scanner.addEventListener("close", () => closeCamera(stream), { once: true });
    stream = await openCamera(video, isOver);
    if (stream) await readCodes(video, await makeReader(scanner.dataset.scanner), isOver, (text) => take(scanned, text.trim(), told));
  } catch { // no camera, or it may not be used
    told.textContent = told.dataset.noCamera;
    video.hidden = true;
  }
});

// A photo of the code does it too, where the camera may not be used from a page.
scanner.querySelector("[data-scan-photo]").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  const told = scanner.querySelector("[data-scanned]");
  const { makeReader, readPhoto } = await import(scanner.dataset.reader);
  const text = await readPhoto(file, await makeReader(scanner.dataset.scanner));
  target.value = "";
  if (text) take(scanned, text.trim(), told);
  else told.textContent = told.dataset.unread;
});

function take(field, code, told) {
  const had = field.value.split(/\s+/).filter(Boolean);
  const read = code.includes("/") ? code.replace(/\/+$/, "").split("/").pop() : code;
  if (had.includes(read)) return;
  field.value = [...had, read].join(field.matches("textarea") ? "\n" : " ");
  told.textContent = read;
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(80);
}

// The last pages are shown without a connection. Signing out forgets them, and so does another person who signs in.
const LAST = "powerbank-crew-person";
if (globalThis.caches && localStorage.getItem(LAST) !== said.person) caches.delete("powerbank-crew-pages");
localStorage.setItem(LAST, said.person);
navigator.serviceWorker?.register(said.worker, { scope: "/crew/" }).catch(() => {});
document.querySelector("form.me")?.addEventListener("submit", () => caches?.delete("powerbank-crew-pages"));
