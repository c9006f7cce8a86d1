// The station takes no power bank back: then the meter stands still, and a slot is kept at the next station.

import { digits, distance, t, time } from "../../language.js";
import { Button, Read, Refusal, Sheet, WayTo, api, html, stationState, useRead, useState } from "../../ui.js";
import { readStationNumber, usePlace } from "../stations/home.js";

/** Saying at which station one stands. Those that are near are offered, and its number can be typed. */
export function Blocked({ rental, reload, close }) {
  const where = usePlace();
  const place = where.place || { lat: rental.station.lat, lng: rental.station.lng };
  const near = useRead("/api/stations/nearby", { query: { ...place, radius_km: 2, limit: 6 } });
  const [sn, setSn] = useState(null);
  const [typed, setTyped] = useState("");
  const [state, setState] = useState({});
  const wanted = sn || readStationNumber(typed);
  const send = async () => {
    setState({});
    const body = { station_sn: wanted, ...(where.place ? { lat: Number(where.place.lat), lng: Number(where.place.lng) } : {}) };
    try {
      setState({ answer: await api.once(`/api/rentals/${rental.id}/return-blocked`, body) });
      await reload();
    } catch (error) {
      setState({ error });
    }
  };
  if (state.answer) return html`<${Sheet} title=${t("I cannot bring it back here")} close=${close}><${Answer} block=${state.answer} /><${Button} wide onPress=${close}>${t("Good")}<//><//>`;
  return html`<${Sheet} title=${t("I cannot bring it back here")} close=${close}>
    <p>${t("Where do you stand? If the station is full or does not work, the time stands still and we keep a slot for you at the next one.")}</p>
    <${Read} of=${near}>${({ items }) => html`<fieldset><legend class="unseen">${t("The station")}</legend>${items.map((each) => html`<label class="choice" key=${each.sn}>
      <input type="radio" name="blocked" checked=${sn === each.sn} onChange=${() => setSn(each.sn)} />
      <span>${each.name}<small>${distance(each.distance_m)} · ${each.status === "online" && each.open_now ? t("{count} free slots", { count: each.free_slots }) : stationState(each)[1]}</small></span></label>`)}</fieldset>`}<//>
    <div class="field"><label for="blocked-sn">${t("or its number")}</label>
      <input id="blocked-sn" autocapitalize="characters" autocomplete="off" value=${typed} onInput=${(event) => { setTyped(event.target.value); setSn(null); }} /></div>
    <${Refusal} error=${state.error} />
    <${Button} wide does="tell" disabled=${!wanted} onPress=${send}>${t("It takes no power bank")}<//><//>`;
}

const REFUSED = {
  slots_free: () => t("As far as we know this station has free slots. Please try each of them. The time goes on."),
  used_before: () => t("The time has stood still once for this rental. Write to us if it is needed again."),
};

function Answer({ block }) {
  if (block.status === "refused") return html`<p class="note warn" role="alert">${(REFUSED[block.reason] || REFUSED.slots_free)()}</p>`;
  return html`<${Pause} block=${block} />`;
}

/** The pause of a rental: until when, and where to go. */
export function Pause({ block }) {
  const to = block.go_to;
  return html`<section class="panel note good" role="status"><h2>${t("The time stands still until {time}", { time: time(block.paused_until) })}</h2>
    <p>${t("Bring it back by then, and you pay up to {time} only.", { time: time(block.paused_from) })}</p>
    ${to ? html`<p><b>${t("Slot {number} is kept for you at {station}, {distance} from here.", { number: digits(to.slot_number), station: to.name, distance: distance(to.distance_m) })}</b></p>
        <${WayTo} place=${to} />`
      : html`<p>${t("Any station with a free slot will do.")}</p>`}</section>`;
}
