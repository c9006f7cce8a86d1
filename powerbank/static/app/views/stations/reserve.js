// Having a power bank kept for the minutes of the walk to its station.

import { money, t } from "../../language.js";
import { Button, Refusal, Sheet, api, go, html, useState } from "../../ui.js";
import { priceOf } from "./station.js";

const MINUTES = [5, 10, 15, 20];

export function Reserve({ station, close }) {
  const [minutes, setMinutes] = useState(10);
  const [chosen, setChosen] = useState(station.packages[0]?.id);
  const [error, setError] = useState(null);
  const keep = async () => {
    setError(null);
    try {
      const { reservation_id } = await api.once("/api/reservations", { station_sn: station.sn, package_id: chosen, minutes });
      go(`/app/reservations/${reservation_id}`);
    } catch (refused) {
      setError(refused);
    }
  };
  const missing = error?.code === "insufficient_funds";
  return html`<${Sheet} title=${t("Keep one for me")} close=${close}>
    <p>${t("We keep a power bank at {station} for you. The first minutes are free; what the others cost counts towards the price.", { station: station.name })}</p>
    <fieldset><legend>${t("For how many minutes?")}</legend><div class="chips">${MINUTES.map((each) => html`<button type="button" class="chip" aria-pressed=${each === minutes ? "true" : "false"} onClick=${() => setMinutes(each)}>${t("{count} min", { count: each })}</button>`)}</div></fieldset>
    <fieldset><legend>${t("For how long?")}</legend>${station.packages.map((each) => html`<label class="choice" key=${each.id}>
      <input type="radio" name="kept" checked=${each.id === chosen} onChange=${() => setChosen(each.id)} /><span>${each.name}</span><b class="price">${priceOf(each)}</b></label>`)}</fieldset>
    <${Refusal} error=${error}>${missing && html`<p><a href=${`/app/top-up?amount=${error.body.shortfall}&next=/app/s/${encodeURIComponent(station.sn)}`}>${t("{missing} are missing.", { missing: money(error.body.shortfall) })} ${t("Top up")}</a></p>`}
      ${error?.status === 403 && html`<p><a href=${`/app/rent/${encodeURIComponent(station.sn)}?package=${chosen}`}>${t("Put it right")}</a></p>`}<//>
    <${Button} wide does="keep" onPress=${keep}>${t("Keep it")}<//><//>`;
}
