// What one can do with a rental that runs: buy more time, or say that something is wrong.

import { money, duration, t, time } from "../../language.js";
import { Button, Field, Form, Read, Refusal, Sheet, api, html, toast, useRead, useState } from "../../ui.js";
import { PhotoField } from "../parts/photo-field.js";
import { makeSmaller } from "../parts/pictures.js";
import { TopUp } from "../money/topup.js";

export function Extend({ rental, set, close }) {
  const offered = useRead("/api/packages", { query: { station_sn: rental.station.sn } });
  return html`<${Sheet} title=${t("More time")} close=${close}><${Read} of=${offered}>${({ items }) => html`
    <${Choose} rental=${rental} set=${set} close=${close} items=${items.filter((each) => each.payment_model === rental.package.payment_model)} />`}<//><//>`;
}

function Choose({ rental, set, close, items }) {
  const [chosen, setChosen] = useState(items[0]?.id);
  const [refused, setRefused] = useState(null);
  if (!items.length) return html`<p>${t("Nothing is offered here at the moment.")}</p>`;
  const each = items.find(({ id }) => id === chosen);
  const late = Number(rental.overdue_amount);
  const extend = async () => {
    setRefused(null);
    const path = `/api/rentals/${rental.id}/extend`;
    const body = { package_id: chosen };
    try {
      set(await api.once(path, body));
    } catch (error) {
      if (error.code !== "insufficient_funds" || rental.payment_method === "combination") return setRefused(error);
      // The way in which the rental was paid does not suffice; both together may.
      try {
        set(await api.once(path, { ...body, payment_method: "combination" }));
      } catch (again) {
        return setRefused(again);
      }
    }
    toast(t("You have more time."));
    return close();
  };
  return html`<fieldset><legend class="unseen">${t("How much more?")}</legend>${items.map((one) => html`<label class="choice" key=${one.id}>
      <input type="radio" name="more" checked=${one.id === chosen} onChange=${() => setChosen(one.id)} />
      <span>${one.name}<small>${t("until {time}", { time: time(Math.max(Date.now(), Date.parse(rental.due_at)) + one.duration_minutes * 60_000) })}</small></span>
      <b class="price">${one.payment_model === "prepaid" ? money(one.price) : t("{price} for each {time}", { price: money(one.unit_price), time: duration(one.unit_minutes) })}</b></label>`)}</fieldset>
    ${late > 0 && html`<p class="note warn">${t("What is late so far, {amount}, is paid first.", { amount: money(late) })}</p>`}
    <${Refusal} error=${refused} />
    ${refused?.code === "insufficient_funds"
      ? html`<p>${t("{missing} are missing.", { missing: money(refused.body.shortfall) })}</p><${TopUp} least=${refused.body.shortfall} next=${location.pathname} />`
      : html`<${Button} wide onPress=${extend}>${each.payment_model === "prepaid" ? t("Add it for {amount}", { amount: money(Number(each.price) + late) }) : t("Add it")}<//>`}`;
}

const ISSUES = () => [
  ["not_ejected", t("Nothing came out")], ["returned", t("I have brought it back already")], ["not_charging", t("It does not charge")],
  ["damaged", t("It is damaged")], ["other", t("Something else")],
];

export function Report({ rental, reload, close, lost }) {
  const send = async (values) => {
    const form = new FormData();
    form.append("issue_type", lost ? "lost" : values.issue_type);
    if (values.description?.trim()) form.append("description", values.description.trim());
    if (values.photo?.size) form.append("photo", await makeSmaller(values.photo));
    await api.upload("POST", `/api/rentals/${rental.id}/report-issue`, form, { headers: { "Idempotency-Key": key } });
    toast(lost ? t("It is noted as lost.") : t("Thank you. We look into it and tell you."));
    await reload();
    close();
  };
  const [key] = useState(() => crypto.getRandomValues(new Uint32Array(4)).join("-"));
  if (lost) {
    return html`<${Sheet} title=${t("I have lost it")} close=${close}>
      <p>${t("A lost power bank costs {amount}. If it turns up and you bring it back, tell us: what can be given back is given back.", { amount: money(rental.terms.replacement_price) })}</p>
      <${Form} send=${send} button=${t("It is lost: charge {amount}", { amount: money(rental.terms.replacement_price) })} busyText=${t("One moment…")}>
        <${Field} label=${t("What happened? (if you like)")} name="description" /><//><//>`;
  }
  return html`<${Sheet} title=${t("Something is wrong")} close=${close}>
    <${Form} send=${send} button=${t("Tell us")} busyText=${t("Sending…")}>${(errors) => html`
      <fieldset><legend class="unseen">${t("What is it?")}</legend>${ISSUES().map(([value, words], index) => html`<label class="choice" key=${value}>
        <input type="radio" name="issue_type" value=${value} defaultChecked=${index === 0} /><span>${words}</span></label>`)}</fieldset>
      <${Field} label=${t("What happened? (if you like)")} name="description" error=${errors.description} />
      <${PhotoField} label=${t("A picture (if you like)")} name="photo" error=${errors.photo} />`}<//><//>`;
}
