// The beginning: what is rented now, the code of a station, and the stations around.

import { distance, t, time } from "../../language.js";
import { Button, Empty, Icon, Read, State, Waiting, api, go, html, stationState, useEffect, useList, useRead, useState } from "../../ui.js";
import { RentalCard } from "../rentals/card.js";

export default function View({ query }) {
  if (query.ref) localStorage.setItem("powerbank.invited", query.ref);
  return html`
    <h1 class="unseen" tabindex="-1">${t("Rent a power bank")}</h1>
    ${api.signedIn() && html`<${OpenRentals} />`}
    <section class="hero">
      <h2>${t("At a station?")}</h2>
      <a class="button" href="/app/scan"><${Icon} name="scan" />${t("Scan the code")}</a>
      <${TypeNumber} />
    </section>
    <${Banners} />
    <${Around} query=${query} />`;
}

/** What the network has to say, in words: its pictures may lie at hosts that need not know who reads them. */
function Banners() {
  const banners = useRead("/api/app/banners");
  return html`<div>${(banners.data?.items || []).map((each) => html`<p class="note banner" key=${each.id}>${each.link_url ? html`<a href=${each.link_url} rel="noreferrer">${each.title}</a>` : html`<b>${each.title}</b>`}</p>`)}</div>`;
}

function OpenRentals() {
  const open = useRead("/api/rentals/active", { topics: ["me"] });
  const kept = useRead("/api/reservations", { query: { limit: 1 }, topics: ["me"] });
  const [newest] = kept.data?.items || [];
  return html`<div>${newest?.status === "active" && html`<a class="panel note good rental-card" href="/app/reservations/${newest.reservation_id}"><p><b>${t("A power bank is kept for you")}</b></p>
      <p>${newest.station.name}, ${t("until {time}", { time: time(newest.expires_at) })}</p></a>`}
    ${(open.data?.items || []).map((rental) => html`<${RentalCard} rental=${rental} key=${rental.id} />`)}</div>`;
}

/** The number under the code, typed. */
export function TypeNumber() {
  const find = (event) => {
    event.preventDefault();
    const sn = readStationNumber(new FormData(event.target).get("sn"));
    if (sn) go(`/app/s/${encodeURIComponent(sn)}`);
  };
  return html`<form onSubmit=${find}>
    <label class="unseen" for="sn">${t("Number of the station")}</label>
    <input id="sn" name="sn" autocapitalize="characters" autocomplete="off" placeholder=${t("or its number: KTM-001")} required />
    <button>${t("Find")}</button></form>`;
}

/** The number of a station, out of what its code says or somebody typed. */
export function readStationNumber(text) {
  const found = String(text).trim().match(/(?:\/s\/|stations\/)([^/?#\s]+)/);
  return found ? decodeURIComponent(found[1]) : String(text).trim();
}

/** Where somebody is: asked for only when they want it, or have allowed it before. */
export function usePlace() {
  const [place, setPlace] = useState(null);
  const [state, setState] = useState("unasked");
  const ask = () => {
    setState("asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { setPlace({ lat: coords.latitude.toFixed(4), lng: coords.longitude.toFixed(4) }); setState("known"); },
      () => setState("refused"),
      { timeout: 10_000, maximumAge: 60_000 },
    );
  };
  useEffect(() => {
    navigator.permissions?.query({ name: "geolocation" }).then((known) => known.state === "granted" && ask()).catch(() => {});
  }, []);
  return { place, state, ask };
}

const FILTERS = [
  ["banks", () => t("With power banks"), (station) => station.available_banks > 0],
  ["free", () => t("With free slots"), (station) => station.free_slots > 0],
  ["open", () => t("Open now"), (station) => station.open_now && station.status === "online"],
];

function Around({ query }) {
  const where = usePlace();
  // What is wanted stands in the address: the way back from a station finds it again.
  const wanted = (query.show || "").split(" ").filter(Boolean);
  const set = (change) => {
    const next = Object.fromEntries(Object.entries({ ...query, ...change }).filter(([, value]) => value));
    go(`/app/${Object.keys(next).length ? `?${new URLSearchParams(next)}` : ""}`, { replace: true });
  };
  const toggle = (name) => set({ show: (wanted.includes(name) ? wanted.filter((each) => each !== name) : [...wanted, name]).join(" ") });
  const search = (event) => {
    event.preventDefault();
    set({ q: new FormData(event.target).get("q").trim() });
  };
  const chip = (pressed, press, words) => html`<button type="button" class="chip" aria-pressed=${pressed ? "true" : "false"} onClick=${press}>${words}</button>`;
  return html`<section>
    <h2>${where.place && !query.q ? t("Stations near you") : t("Stations")}</h2>
    <form class="search" role="search" onSubmit=${search}>
      <label class="unseen" for="q">${t("Search by name or place")}</label>
      <input id="q" name="q" type="search" defaultValue=${query.q || ""} placeholder=${t("Search by name or place")} /><button class="quiet">${t("Search")}</button></form>
    <div class="chips">
      ${"geolocation" in navigator && chip(Boolean(where.place), where.ask, t("Near me"))}
      ${chip(query.map === "1", () => set({ map: query.map ? "" : "1" }), t("Map"))}
      ${FILTERS.map(([name, words]) => chip(wanted.includes(name), () => toggle(name), words()))}
      ${api.signedIn() && chip(query.mine === "1", () => set({ mine: query.mine ? "" : "1" }), t("Favourites"))}
    </div>
    ${where.state === "refused" && html`<p role="status"><small>${t("We could not find where you are. Allow it in the browser's settings.")}</small></p>`}
    ${query.map === "1" ? html`<${LaterMap} place=${where.place} />` : html`<${List} place=${where.place} query=${query} wanted=${wanted} />`}
  </section>`;
}

/** The map is a large part, and loaded only when somebody wants one. */
function LaterMap({ place }) {
  const [part, setPart] = useState(null);
  useEffect(() => { import("./map.js").then(setPart).catch(() => setPart({})); }, []);
  if (!part) return html`<${Waiting} />`;
  return part.StationMap ? html`<${part.StationMap} place=${place} />` : html`<p class="note">${t("The network is away. We try again as soon as it is back.")}</p>`;
}

function List({ place, query, wanted }) {
  const near = place && !query.q && query.mine !== "1";
  const [path, asked] = query.mine === "1" ? ["/api/users/me/favorites", {}]
    : near ? ["/api/stations/nearby", { ...place, radius_km: 25, limit: 50 }]
      : ["/api/stations", { limit: 50, ...(query.q ? { q: query.q } : {}) }];
  const stations = useList(path, asked);
  const shown = (items) => items.filter((station) => FILTERS.every(([name, , fits]) => !wanted.includes(name) || fits(station)));
  return html`<${Read} of=${stations}>${() => {
    const items = shown(stations.items);
    if (!items.length) return html`<${None} query=${query} some=${stations.items.length > 0} />`;
    return html`<ul class="rows">${items.map((station) => html`<${StationRow} key=${station.sn} station=${station} />`)}</ul>
      ${stations.next && html`<${Button} quiet wide onPress=${stations.next}>${t("Show more")}<//>`}`;
  }}<//>`;
}

function None({ query, some }) {
  if (query.mine === "1" && !some) return html`<${Empty} title=${t("No favourites yet")}><p>${t("Mark a station with the star, and you find it here.")}</p><//>`;
  if (query.q || some) return html`<${Empty} title=${t("No station fits")}><p><a href="/app/">${t("Show all stations")}</a></p><//>`;
  return html`<${Empty} title=${t("No station here yet")}><p>${t("As soon as this network has one near you, it stands here.")}</p><//>`;
}

export function StationRow({ station }) {
  const place = station.distance_m == null ? station.address : distance(station.distance_m);
  return html`<li><a class="row" href="/app/s/${encodeURIComponent(station.sn)}">
    <span><b>${station.is_favorite && html`<${Icon} name="star" filled />`}${station.name}</b><small>${place}</small> <${State} of=${stationState(station)} /></span>
    <span class="value"><small>${t("{count} power banks", { count: station.available_banks })}</small><small>${t("{count} free slots", { count: station.free_slots })}</small></span></a></li>`;
}
