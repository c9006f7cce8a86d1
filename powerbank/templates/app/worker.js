// The service worker: the app opens without a network, and its files come from the device.
// What the API says is never kept here; the app itself keeps what it may show again.
const SHELL = "powerbank-{{ version }}";
const FILES = {{ files | tojson }};
// Files that most people never need are fetched when they are.
const LATER = /\/(jsqr|leaflet|texts\/)/;

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
