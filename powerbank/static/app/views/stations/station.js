// A station, as the code on it opens it.

import { digits, money, duration, t } from "../../language.js";
import { Button, Facts, Icon, Read, Refusal, State, Waiting, WayTo, api, html, stationState, toast, useRead, useState } from "../../ui.js";

export default function View({ params }) {
  const path = `/api/stations/${encodeURIComponent(params.sn)}`;
  const station = useRead(path, { topics: api.signedIn() ? [`station:${params.sn}`] : undefined });
  if (station.waiting) return html`<p class="soft">${t("Station")}</p><h1 tabindex="-1">${params.sn}</h1><${Waiting} />`;
  if (!station.data) return html`<${NoStation} error=${station.error} />`;
  return html`<a class="back" href="/app/"><${Icon} name="back" />${t("Stations")}</a><${Read} of=${station}>${(found) => html`<${Station} station=${found} read=${station} />`}<//>`;
}

const NoStation = ({ error }) => error.status === 404
  ? html`<h1 tabindex="-1">${t("There is no such station")}</h1><p>${t("Its code may be an old one.")}</p><p><a class="button" href="/app/">${t("To the stations")}</a></p>`
  : html`<h1 tabindex="-1">${t("Not loaded yet")}</h1><${Refusal} error=${error}><button onClick=${() => location.reload()}>${t("Try again")}</button><//>`;

function Station({ station, read }) {
  const [kind, text] = stationState(station);
  const can = kind === "good" && station.rent_enabled;
  return html`
    <p class="state"><${State} of=${[kind, text]} /></p>
    <h1 tabindex="-1">${station.name}</h1>
    <p class="soft">${station.address}, ${station.city}</p>
    <div class="numbers">
      <div><b>${digits(station.available_banks)}</b><span>${t("power banks to take")}</span></div>
      <div><b>${digits(station.free_slots)}</b><span>${t("free slots to return into")}</span></div>
    </div>
    ${can
      ? html`<a class="button wide" href="/app/rent/${encodeURIComponent(station.sn)}">${t("Rent here")}</a>
          ${api.signedIn() && html`<${Keep} station=${station} />`}`
      : html`<div class="note ${kind}"><p>${t("You cannot rent here now.")} <a href="/app/">${t("See other stations")}</a></p></div>`}
    <div class="actions">
      <${WayTo} place=${station} />
      <${Favourite} station=${station} read=${read} />
    </div>
    ${station.images.map((each) => html`<img class="photo" src=${each} alt="" loading="lazy" />`)}
    <h2>${t("Prices")}</h2>
    <ul class="rows">${station.packages.map((each) => html`<li class="row" key=${each.id}><span><b>${each.name}</b></span><span class="value">${priceOf(each)}</span></li>`)}</ul>
    <h2>${t("Slots")}</h2>
    <ul class="slots">${station.slots.map((slot) => html`<${Slot} slot=${slot} />`)}</ul>
    <${Facts} of=${[[t("Number"), station.sn], hoursOf(station) && [t("Open today"), hoursOf(station)]]} />
    <p><a href="/app/s/${encodeURIComponent(station.sn)}/report">${t("Something is wrong here")}</a></p>
    <p><a href="/app/support/new?about=station&id=${encodeURIComponent(station.sn)}">${t("Write to us about it")}</a></p>`;
}

/** A power bank can be kept for the walk. What that needs is loaded when somebody wants it. */
function Keep({ station }) {
  const [part, setPart] = useState(null);
  return html`<${Button} quiet wide does="reserve" onPress=${async () => setPart(await import("./reserve.js"))}>${t("Keep one for me")}<//>
    ${part && html`<${part.Reserve} station=${station} close=${() => setPart(null)} />`}`;
}

const SLOT_WORDS = { bank: () => t("power bank"), empty: () => t("free"), locked: () => t("locked"), faulty: () => t("faulty") };

const Slot = ({ slot }) => html`<li class=${slot.state === "bank" ? "bank" : slot.state === "empty" ? "" : "off"}>
  <b>${digits(slot.slot_number)}</b>${slot.state === "bank" && slot.battery_level != null ? digits(`${slot.battery_level} %`) : SLOT_WORDS[slot.state]()}</li>`;

/** What a package costs, in words: "Rs 40", or "Rs 20 for each 30 min". */
export function priceOf(each) {
  if (each.payment_model === "prepaid") return money(each.price);
  return t("{price} for each {time}", { price: money(each.unit_price), time: duration(each.unit_minutes) });
}

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** The hours of today at the station, "07:00–21:00"; nothing where it never closes. */
function hoursOf({ opening_hours, timezone }) {
  if (!opening_hours?.weekly) return null;
  const name = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, weekday: "short" }).format(new Date()).toLowerCase();
  const spans = opening_hours.weekly[DAYS.find((each) => each === name)] || [];
  return spans.length ? digits(spans.map((span) => span.join("–")).join(", ")) : t("Closed today");
}

function Favourite({ station, read }) {
  const change = async () => {
    if (!api.signedIn()) return toast(t("Sign in to keep favourites."));
    const path = `/api/stations/${encodeURIComponent(station.sn)}/favorite`;
    await (station.is_favorite ? api.remove(path) : api.put(path));
    read.set({ ...station, is_favorite: !station.is_favorite });
  };
  return html`<${Button} quiet onPress=${change}><${Icon} name="star" filled=${station.is_favorite} />${station.is_favorite ? t("In your favourites") : t("Add to favourites")}<//>`;
}
