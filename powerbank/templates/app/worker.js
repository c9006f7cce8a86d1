// The service worker: the app opens without a network, and its files come from the device.
// What the API says is never kept here; the app itself keeps what it may show again.
const SHELL = "powerbank-{{ version }}";
const FILES = {{ files | tojson }};
// What most people never open is fetched when they do. Without a network it would have nothing to show either: what was
// read before is kept by what read it.
const LATER =
  /\/(jsqr|leaflet|texts\/|views\/(rewards\/|help\/questions|money\/payment|stations\/report|person\/(leave|notices|preferences|profile|sign-ins)))/;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(SHELL);
    await cache.add(new Request("/app/", { cache: "reload" }));
    await cache.addAll(FILES.filter((file) => !LATER.test(file)));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !url.pathname.startsWith("/app/")) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (url.pathname.startsWith("/app/files/")) event.respondWith(file(request));
});

// What the network tells of is shown, and a press on it opens the place where one can act.
self.addEventListener("push", (event) => {
  const { title, body, lang, data = {} } = event.data ? event.data.json() : {};
  const about = data.rental_id || data.conversation_id || data.notice_id;
  const shown = { body, lang, data, icon: "/static/icon.svg", ...(about ? { tag: about, renotify: true } : {}) };
  event.waitUntil(Promise.all([self.registration.showNotification(title || "Powerbank", shown), tellPages({ told: true })]));
});

self.addEventListener("notificationclick", (event) => {
  const { rental_id, conversation_id } = event.notification.data || {};
  const place = rental_id ? `/app/rentals/${rental_id}` : conversation_id ? `/app/support/${conversation_id}` : "/app/notices";
  event.notification.close();
  event.waitUntil((async () => {
    const [open] = await tellPages({ go: place });
    await (open ? open.focus() : self.clients.openWindow(place));
  })());
});

// The first page, which has been used last, goes to a place; all of them hear that something is new.
async function tellPages(message) {
  const pages = (await self.clients.matchAll({ type: "window" })).filter(({ url }) => new URL(url).pathname.startsWith("/app/"));
  for (const page of message.go ? pages.slice(0, 1) : pages) page.postMessage(message);
  return pages;
}

// The newest page where the network gives one within three seconds, else the one that is kept.
async function page(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match("/app/");
  const fresh = fetch(request).catch(() => null);
  const late = new Promise((resolve) => setTimeout(resolve, 3000, null));
  return (await (kept ? Promise.race([fresh, late]) : fresh)) || kept || Response.error();
}

async function file(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok && FILES.includes(new URL(request.url).pathname)) await cache.put(request, fresh.clone());
  return fresh;
}
