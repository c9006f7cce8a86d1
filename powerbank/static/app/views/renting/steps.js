// The steps of a rental once it is known who rents: how long, what is missing, how it is paid, and the start itself.

import { money, duration, t } from "../../language.js";
import { Button, Empty, Read, Refusal, State, Waiting, api, go, html, stationState, useEffect, useRead, useState } from "../../ui.js";
import { Missing } from "./requirements.js";
import { priceOf } from "../stations/station.js";
import { TopUp } from "../money/topup.js";

const START = "/api/rentals/initiate";
const SOON = 120_000; // a start that was sent longer ago is not sent again by itself: its person may have walked away

export const Steps = ({ station, query, here }) => html`<${Read} of=${station}>${(found) => html`<${At} station=${found} query=${query} here=${here} />`}<//>`;

function At({ station, query, here }) {
  const needs = useRead("/api/rentals/requirements", { topics: ["me"] });
  const [refused, setRefused] = useState(null);
  const [kind, said] = stationState(station);
  const chosen = station.packages.find(({ id }) => id === query.package);
  useEffect(() => { resume(setRefused); }, []);
  if (kind !== "good") {
    return html`<${State} of=${[kind, said]} /><${Empty} title=${t("You cannot rent here now.")}><p><a href="/app/">${t("See other stations")}</a></p><//>`;
  }
  if (!station.packages.length) return html`<${Empty} title=${t("Nothing is offered here at the moment.")} />`;
  const choose = (event) => here({ package: event.target.value });
  return html`
    ${chosen
      ? html`<div class="choice chosen"><span>${chosen.name}<small>${describe(chosen)}</small></span><b class="price">${priceOf(chosen)}</b>
          <button class="link" onClick=${() => here({ package: "" })}>${t("Change")}</button></div>`
      : html`<fieldset><legend>${t("For how long?")}</legend>${station.packages.map((each) => html`<label class="choice" key=${each.id}>
          <input type="radio" name="package" value=${each.id} onChange=${choose} />
          <span>${each.name}<small>${describe(each)}</small></span><b class="price">${priceOf(each)}</b></label>`)}</fieldset>`}
    ${chosen && html`<${Read} of=${needs}>${({ missing }) => missing.length
      ? html`<${Missing} first=${missing[0]} left=${missing.length} done=${needs.reload} />`
      : html`<${Pay} key=${chosen.id} station=${station} chosen=${chosen} query=${query} here=${here} refused=${refused} setRefused=${setRefused} again=${needs.reload} />`}<//>`}`;
}

const describe = (each) => each.payment_model === "prepaid"
  ? t("{time}, paid now", { time: duration(each.duration_minutes) })
  : t("up to {time}, paid when you bring it back", { time: duration(each.duration_minutes) });

function Pay({ station, chosen, query, here, refused, setRefused, again }) {
  const [coupon, setCoupon] = useState(query.coupon || "");
  const [state, setState] = useState({});
  const [method, setMethod] = useState(null);
  const calculate = async (code) => {
    const body = { scenario: "pre_payment", package_id: chosen.id, ...(code ? { coupon_code: code } : {}) };
    try {
      const offer = await api.post("/api/payment/calculate-options", body, { repeats: true });
      setState({ offer, code });
      setMethod(offer.options.find((each) => each.recommended).method);
      return offer;
    } catch (error) {
      setState({ ...state, error });
      throw error;
    }
  };
  useEffect(() => { calculate(query.coupon).catch(() => query.coupon && calculate("").catch(() => {})); }, [chosen.id]);

  if (!state.offer) return state.error ? html`<${Refusal} error=${state.error}><${Button} quiet onPress=${() => calculate("")}>${t("Try again")}<//><//>` : html`<${Waiting} />`;
  const { offer } = state;
  const short = offer.options.find((each) => each.method === "topup_required");
  const rent = () => start({ station_sn: station.sn, package_id: chosen.id, payment_method: method, ...(state.code ? { coupon_code: state.code } : {}) },
    (error) => {
      setRefused(error);
      if (!error) return;
      if (error.status === 403 || error.code === "open_rental_exists") again();
      if (error.code === "insufficient_funds") calculate(state.code);
    });
  const useCoupon = async () => {
    await calculate(coupon.trim());
    here({ coupon: coupon.trim() });
  };
  return html`<section>
    ${chosen.payment_model === "postpaid" && html`<p class="note">${t("We put {amount} aside while you have it. You pay for the time you used, and the rest is free again.", { amount: money(offer.amount) })}</p>`}
    ${chosen.payment_model === "prepaid" && html`<${Coupon} value=${coupon} change=${setCoupon} apply=${useCoupon} applied=${state.code && !state.error} saved=${Number(chosen.price) - Number(offer.amount)} />`}
    ${state.error && html`<${Refusal} error=${state.error} />`}
    ${short
      ? html`<h2>${t("Put money into your wallet")}</h2>
          <p>${t("You have {have}. {missing} are missing.", { have: money(offer.available_wallet), missing: money(short.topup_needed) })}</p>
          <${TopUp} least=${short.topup_needed} next=${location.pathname + location.search} />`
      : html`<fieldset><legend>${t("How do you pay?")}</legend>${offer.options.map((each) => html`<label class="choice" key=${each.method}>
            <input type="radio" name="method" value=${each.method} checked=${each.method === method} onChange=${() => setMethod(each.method)} />
            <span>${wordsFor(each)}<small>${whatIsLeft(each, offer)}</small></span></label>`)}</fieldset>
          ${refused && html`<${Refusal} error=${refused}>${elsewhere(refused) && html`<p><a href="/app/">${t("See other stations")}</a></p>`}<//>`}
          <${Button} wide onPress=${rent} does="rent">${Number(offer.amount) ? t("Rent for {amount}", { amount: money(offer.amount) }) : t("Rent now")}<//>
          <p class="soft"><small>${t("Nothing is charged before the station has given you a power bank.")}</small></p>`}
  </section>`;
}

const elsewhere = ({ code }) => ["station_offline", "station_maintenance", "station_closed", "no_powerbank_available"].includes(code);

function wordsFor({ method, points_used, wallet_used }) {
  if (method === "points_only") return t("{count} points", { count: points_used });
  if (method === "combination") return t("{count} points and {amount} from the wallet", { count: points_used, amount: money(wallet_used) });
  return t("{amount} from the wallet", { amount: money(wallet_used) });
}

const whatIsLeft = ({ wallet_used, points_used }, offer) => t("Leaves {amount} and {count} points", {
  amount: money(Number(offer.available_wallet) - Number(wallet_used)), count: offer.available_points - points_used,
});

function Coupon({ value, change, apply, applied, saved }) {
  const [open, setOpen] = useState(Boolean(value));
  if (applied) return html`<p class="note good">${t("{code} takes {amount} off.", { code: value, amount: money(saved) })}</p>`;
  if (!open) return html`<p><button class="link" onClick=${() => setOpen(true)}>${t("I have a coupon")}</button></p>`;
  return html`<div class="field"><label for="coupon">${t("Coupon")}</label>
    <input id="coupon" name="coupon" autocapitalize="characters" autocomplete="off" value=${value} onInput=${(event) => change(event.target.value)} />
    <${Button} quiet onPress=${apply} disabled=${!value.trim()}>${t("Use it")}<//></div>`;
}

// ── the start, once ────────────────────────────────────────────────────────────────────────────

async function start(body, refuse) {
  refuse(null);
  try {
    const { rental_id } = await api.once(START, body);
    go(`/app/rentals/${rental_id}`, { replace: true });
  } catch (error) {
    refuse(error);
  }
}

/** A start whose answer never came, because the page was loaded again: ask again with the same key, or look what became of it. */
async function resume(refuse) {
  const unanswered = api.unanswered(START);
  if (!unanswered) return;
  if (Date.now() - unanswered.at < SOON) return start(unanswered.body, refuse);
  const { items } = await api.get("/api/rentals/active").catch(() => ({ items: [] }));
  if (items.length) go(`/app/rentals/${items[0].id}`, { replace: true });
}
