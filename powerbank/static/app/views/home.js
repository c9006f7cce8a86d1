// The beginning: what is rented now, the code of a station, and the stations around.

import { distance, t } from "../language.js";
import { Empty, Icon, Read, State, api, go, html, stationState, useEffect, useRead, useState } from "../ui.js";
import { RentalCard } from "./rental-card.js";

export default function View({ query }) {
  if (query.ref) localStorage.setItem("powerbank.invited", query.ref);
  return html`
    <h1 class="unseen" tabindex="-1">${t("Rent a power bank")}</h1>
    ${api.signedIn() && html`<${OpenRentals} />`}
    <section class="hero">
      <h2>${t("At a station?")}</h2>
      <p>${t("Scan its code, or type the number under it.")}</p>
      <${TypeNumber} />
    </section>
    <${Around} />`;
}

function OpenRentals() {
  const open = useRead("/api/rentals/active", { topics: ["me"] });
  return html`${(open.data?.items || []).map((rental) => html`<${RentalCard} rental=${rental} key=${rental.id} />`)}`;
}

function TypeNumber() {
  const find = (event) => {
    event.preventDefault();
    const sn = readStationNumber(new FormData(event.target).get("sn"));
    if (sn) go(`/app/s/${encodeURIComponent(sn)}`);
  };
  return html`<form onSubmit=${find}>
    <label class="unseen" for="sn">${t("Number of the station")}</label>
    <input id="sn" name="sn" autocapitalize="characters" autocomplete="off" placeholder="KTM-001" required />
    <button>${t("Find")}</button></form>`;
}

/** The number of a station, out of what its code says or somebody typed. */
export function readStationNumber(text) {
  const found = String(text).trim().match(/(?:\/s\/|stations\/)([^/?#\s]+)/);
  return found ? decodeURIComponent(found[1]) : String(text).trim();
}

function usePlace() {
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

function Around() {
  const { place, state, ask } = usePlace();
  const stations = useRead(place ? "/api/stations/nearby" : "/api/stations", { query: place ? { ...place, radius_km: 25, limit: 30 } : { limit: 30 } });
  return html`<section>
    <h2>${place ? t("Stations near you") : t("Stations")}</h2>
    ${!place && "geolocation" in navigator && html`<p>
      <button class="quiet" aria-busy=${state === "asking" ? "true" : null} onClick=${ask}><${Icon} name="way" />${t("Show the nearest")}</button>
      ${state === "refused" && html`<small role="status"> ${t("We could not find where you are. Allow it in the browser's settings.")}</small>`}</p>`}
    <${Read} of=${stations}>${({ items }) => items.length
      ? html`<ul class="rows">${items.map((station) => html`<${StationRow} key=${station.sn} station=${station} />`)}</ul>`
      : html`<${Empty} title=${t("No station here yet")}><p>${t("As soon as this network has one near you, it stands here.")}</p><//>`}<//>
  </section>`;
}

export function StationRow({ station }) {
  const place = station.distance_m == null ? station.address : distance(station.distance_m);
  return html`<li><a class="row" href="/app/s/${encodeURIComponent(station.sn)}">
    <span><b>${station.name}</b><small>${place}</small> <${State} of=${stationState(station)} /></span>
    <span class="value"><small>${t("{count} power banks", { count: station.available_banks })}</small><small>${t("{count} free slots", { count: station.free_slots })}</small></span></a></li>`;
}
