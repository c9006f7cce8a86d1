// The app's beginning: it reads the address, loads the view that belongs to it, and shows the frame around it.

import { kept } from "./device.js";
import { currentLanguage, chooseLanguage, loadLanguage, number, t } from "./language.js";
import { Icon, Waiting, api, go, html, readMe, render, store, update, useEffect, useState, useStore } from "./ui.js";

// Each view is a module of its own, loaded when it is first wanted. `person` views ask for a sign-in in place.
const VIEWS = [
  ["", () => import("./views/stations/home.js")],
  ["s/:sn", () => import("./views/stations/station.js")],
  ["s/:sn/report", () => import("./views/stations/report.js"), "person"],
  ["scan", () => import("./views/stations/scan.js")],
  ["rent/:sn", () => import("./views/renting/rent.js")],
  ["rentals", () => import("./views/rentals/history.js"), "person"],
  ["rentals/:id", () => import("./views/rentals/rental.js"), "person"],
  ["reservations/:id", () => import("./views/stations/reservation.js"), "person"],
  ["top-up", () => import("./views/money/topup.js"), "person"],
  ["payment", () => import("./views/money/payment.js"), "person"],
  ["wallet", () => import("./views/money/wallet.js"), "person"],
  ["me", () => import("./views/person/me.js"), "person"],
  ["profile", () => import("./views/person/profile.js"), "person"],
  ["identity", () => import("./views/person/identity-view.js"), "person"],
  ["points", () => import("./views/rewards/points.js"), "person"],
  ["friends", () => import("./views/rewards/friends.js"), "person"],
  ["coupons", () => import("./views/rewards/coupons.js"), "person"],
  ["notices", () => import("./views/person/notices.js"), "person"],
  ["preferences", () => import("./views/person/preferences.js"), "person"],
  ["sign-ins", () => import("./views/person/sign-ins.js"), "person"],
  ["leave", () => import("./views/person/leave.js"), "person"],
  ["support", () => import("./views/help/support.js"), "person"],
  ["support/new", () => import("./views/help/begin.js"), "person"],
  ["support/:id", () => import("./views/help/conversation.js"), "person"],
  ["help", () => import("./views/help/questions.js")],
  ["pages/:slug", () => import("./views/help/page.js")],
].map(([path, load, guard]) => ({ parts: path.split("/"), load, guard }));

const TABS = [
  ["/app/", "home", () => t("Stations")],
  ["/app/rentals", "bolt", () => t("Rentals")],
  ["/app/wallet", "wallet", () => t("Wallet")],
  ["/app/me", "person", () => t("Me")],
];

function findView(path) {
  const parts = path.replace(/^\/app\/?/, "").replace(/\/$/, "").split("/").map(decodeURIComponent);
  for (const view of VIEWS) {
    if (view.parts.length !== parts.length) continue;
    const params = {};
    const fits = view.parts.every((part, index) => {
      if (part.startsWith(":")) params[part.slice(1)] = parts[index];
      return part.startsWith(":") ? parts[index] !== "" : part === parts[index];
    });
    if (fits) return { ...view, params };
  }
  return { load: () => import("./views/help/missing.js"), params: {} };
}

// What stands in the place of a view of somebody who has not signed in. Who is blocked may only write to us.
function guardOf(path) {
  if (!api.blocked()) return () => import("./views/person/sign-in.js");
  return /^\/app\/support(\/|$)/.test(path) ? null : () => import("./views/person/blocked.js");
}

const here = () => ({ path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)) });

function App() {
  const { online, toast: said } = useStore();
  const [place, setPlace] = useState(here);
  const [shown, setShown] = useState(null);
  const [language, setLanguage] = useState(currentLanguage());

  useEffect(() => {
    const moved = () => setPlace(here());
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);

  useEffect(() => {
    let wanted = true;
    const view = findView(place.path);
    const load = view.guard === "person" && !api.signedIn() ? guardOf(place.path) || view.load : view.load;
    load()
      .then((module) => wanted && setShown({ View: module.default, params: view.params, place }))
      .catch(() => wanted && setShown({ View: AwayView, params: {}, place }));
    return () => { wanted = false; };
  }, [place.path, api.signedIn(), api.blocked()]);

  useEffect(() => {
    if (!shown) return;
    const title = document.querySelector("main h1");
    document.title = title ? `${title.textContent} · Powerbank` : "Powerbank";
    if (App.moved) { title?.focus(); scrollTo(0, 0); }
    App.moved = true;
  }, [shown?.place.path, language]);

  const other = language === "en" ? "ne" : "en";
  const change = async () => {
    await chooseLanguage(other);
    setLanguage(other);
    if (api.signedIn()) api.patch("/api/users/me", { language: other }).catch(() => {});
  };

  const current = shown && shown.place.path === place.path ? shown : null;
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("Skip to the content")}</a>
    <header class="top">
      <a class="brand" href="/app/">Powerbank</a>
      <button class="quiet language" onClick=${change} lang=${other}>${other === "ne" ? "नेपाली" : "English"}</button>
    </header>
    ${!online && html`<p class="offline" role="status">${t("No network. You see what this device knows.")}</p>`}
    <main id="main" tabindex="-1" key=${`${place.path} ${language}`}>
      ${current ? html`<div key="view"><${current.View} params=${current.params} query=${place.query} /></div>` : html`<div key="waiting"><${Waiting} /></div>`}
    </main>
    <nav class="tabs" aria-label=${t("Main")}>
      ${TABS.map(([href, icon, name]) => html`<a href=${href} aria-current=${isUnder(place.path, href) ? "page" : null}>
        <${Icon} name=${icon} />${name()}${icon === "person" && store.unread > 0 && html`<span class="count">${number(store.unread)}<span class="unseen"> ${t("unread")}</span></span>`}</a>`)}
    </nav>
    <div class="said" role="status">${said && html`<p>${said}</p>`}</div>`;
}

// Which tab an address belongs to: those of the rest belong to the person.
function isUnder(path, href) {
  if (href === "/app/") return path === href || /^\/app\/(s|scan|rent|reservations)(\/|$)/.test(path);
  if (href === "/app/wallet") return /^\/app\/(wallet|top-up|payment)/.test(path);
  if (href === "/app/rentals") return path.startsWith(href);
  return !TABS.slice(0, 3).some(([other]) => isUnder(path, other));
}

const AwayView = () => html`<h1 tabindex="-1">${t("Not loaded yet")}</h1>
  <p>${t("This part of the app is not on this device, and the network is away.")}</p>
  <button onClick=${() => location.reload()}>${t("Try again")}</button>`;

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

// Links within the app change the view, and load no page.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.target || link.origin !== location.origin || !link.pathname.startsWith("/app/")) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

addEventListener("online", () => update({ online: true }));
addEventListener("offline", () => update({ online: false }));

await loadLanguage().catch(() => {});
render(html`<${App} />`, document.getElementById("app"));
readMe();
if (kept("unsent")) setTimeout(() => import("./unsent.js").then(({ sendUnsent }) => sendUnsent()).catch(() => {}), 1500);
if ("serviceWorker" in navigator) {
  // A push was pressed, or has told of something new.
  navigator.serviceWorker.addEventListener("message", ({ data }) => (data.go ? go(data.go) : readMe()));
  const register = () => setTimeout(() => navigator.serviceWorker.register("/app/worker.js", { scope: "/app/" }).catch(() => {}), 1500);
  if (document.readyState === "complete") register(); // the texts may have come after the page
  else addEventListener("load", register);
}
