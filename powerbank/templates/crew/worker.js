// The service worker of the crew's pages: without a connection, or with one that does not answer, the page is shown as it
// was last. What is pressed on it waits in the queue of static/pages/crew.js.
const PAGES = "powerbank-crew-pages";
const FILES = "powerbank-crew-files";
const MOST = 40;
const PATIENCE = 4000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/") && url.searchParams.has("v")) event.respondWith(file(request));
  else if (url.pathname.startsWith("/crew") && request.mode === "navigate") event.respondWith(page(request, event));
});

// The newest page where the network gives one soon, else the one that is kept under its address.
async function page(request, event) {
  const cache = await caches.open(PAGES);
  const key = request.url.split(/[?#]/)[0];
  const fresh = fetch(request).then((answer) => {
    // What leads to the sign-in is nobody's page, and is not kept.
    if (answer.ok && !answer.redirected && answer.type === "basic") event.waitUntil(keep(cache, key, answer.clone()));
    return answer;
  }).catch(() => null);
  event.waitUntil(fresh);
  const kept = await cache.match(key);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, null));
  return (await (kept ? Promise.race([fresh, late]) : fresh)) || kept || Response.error();
}

async function keep(cache, key, answer) {
  await cache.put(key, answer);
  const all = await cache.keys();
  for (const old of all.slice(0, Math.max(0, all.length - MOST))) await cache.delete(old);
}

async function file(request) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request);
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) {
    // A release has new addresses, and what stood at the old ones is not asked for again.
    for (const old of await cache.keys()) if (new URL(old.url).pathname === new URL(request.url).pathname) await cache.delete(old);
    await cache.put(request, fresh.clone());
  }
  return fresh;
}
