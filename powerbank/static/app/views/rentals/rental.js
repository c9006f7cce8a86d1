// One rental, from the asking to the receipt. It shows what the server says, and says nothing before the station has.

import { clock, digits, duration, money, t, time } from "../../language.js";
import { Button, Facts, Icon, Read, api, html, useEffect, useNow, useRead, useState } from "../../ui.js";
import { Extend, Report } from "./sheets.js";
import { Receipt, Timeline } from "./receipt.js";
import { PushOffer } from "../parts/push-offer.js";
import { Blocked, Pause } from "./blocked.js";
import { Returns } from "./returns.js";

const BEGINNING = ["pending", "ejecting"];
const OUT = ["active", "overdue"];
const JUST_OUT = 90_000;

export default function View({ params }) {
  const path = `/api/rentals/${params.id}`;
  const rental = useRead(path, { topics: ["me", `rental:${params.id}`] });
  useLongPoll(path, rental);
  return html`<a class="back" href="/app/rentals"><${Icon} name="back" />${t("Rentals")}</a>
    <${Read} of=${rental}>${(known) => html`<${Rental} rental=${known} set=${rental.set} reload=${rental.reload} />`}<//>`;
}

/** While a power bank is on its way out somebody stands there and waits: then the answer is held until there is news. */
function useLongPoll(path, rental) {
  const beginning = BEGINNING.includes(rental.data?.status);
  useEffect(() => {
    if (!beginning) return undefined;
    const over = new AbortController();
    (async () => {
      let since = rental.data.version;
      while (!over.signal.aborted) {
        try {
          const next = await api.waitFor(path, since, over.signal);
          if (over.signal.aborted) return;
          since = next.version;
          rental.set(next);
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 2000));
        }
      }
    })();
    return () => over.abort();
  }, [path, beginning]);
}

function Rental({ rental, set, reload }) {
  const [sheet, setSheet] = useState(null);
  const now = useNow();
  const cancel = async () => set(await api.once(`/api/rentals/${rental.id}/cancel`));
  const props = { rental, set, reload, now, cancel, open: setSheet };
  const close = () => setSheet(null);
  const out = OUT.includes(rental.status);
  return html`
    ${BEGINNING.includes(rental.status) && html`<${Asking} ...${props} />`}
    ${rental.status === "unresolved" && html`<${Unresolved} ...${props} />`}
    ${out && html`<${Running} ...${props} />`}
    ${rental.status === "failed" && html`<${Failed} ...${props} />`}
    ${["completed", "cancelled", "lost"].includes(rental.status) && html`<${Receipt} rental=${rental} open=${setSheet} cancel=${cancel} now=${now} />`}
    ${out && html`<${Returns} rental=${rental} />`}
    <p><a href="/app/support/new?about=rental&id=${rental.id}">${t("Write to us about it")}</a></p>
    ${rental.timeline && html`<details class="panel"><summary>${t("History of this rental")}</summary><${Timeline} of=${rental.timeline} /></details>`}
    ${sheet === "blocked" && html`<${Blocked} rental=${rental} reload=${reload} close=${close} />`}
    ${sheet === "extend" && html`<${Extend} rental=${rental} set=${set} close=${close} />`}
    ${["report", "lost"].includes(sheet) && html`<${Report} rental=${rental} reload=${reload} close=${close} lost=${sheet === "lost"} />`}`;
}

function Asking({ rental, now, cancel }) {
  const long = now - Date.parse(rental.created_at) > 20_000;
  return html`<section class="stage asks" role="status">
      <h1 tabindex="-1">${t("Asking the station")}</h1>
      <p>${t("A power bank is yours as soon as the station has opened a slot. Stay here.")}</p>
      ${long && html`<p>${t("It takes longer than usual. You pay nothing if none comes out.")}</p>`}
    </section>
    ${rental.cancel_requested_at
      ? html`<p class="note" role="status">${t("You cancelled. If one comes out all the same, put it back: it is free.")}</p>`
      : html`<${Button} quiet wide onPress=${cancel}>${t("Cancel the rental")}<//>`}`;
}

const Unresolved = ({ open }) => html`<section class="stage warn" role="status">
    <h1 tabindex="-1">${t("The station has not answered")}</h1>
    <p>${t("We find out what happened. If no power bank came out, you pay nothing: your money is free again by itself.")}</p>
  </section><${Button} quiet wide onPress=${() => open("report")}>${t("Nothing came out")}<//>`;

const Failed = ({ rental }) => html`<section class="stage bad" role="status">
    <h1 tabindex="-1">${t("No power bank came out")}</h1>
    <p>${t("You pay nothing. What was put aside is in your wallet again.")}</p>
  </section>
  <a class="button wide" href="/app/rent/${encodeURIComponent(rental.station.sn)}?package=${rental.package.id}">${t("Try once more here")}</a>
  <a class="button quiet wide" href="/app/">${t("See other stations")}</a>`;

function Running({ rental, now, cancel, open }) {
  const started = Date.parse(rental.started_at), due = Date.parse(rental.due_at);
  const left = (due - now) / 1000;
  const late = rental.status === "overdue" || left < 0;
  const { terms } = rental;
  const free = terms.cancel_until && now < Date.parse(terms.cancel_until) && !rental.cancel_requested_at;
  const paused = rental.pause?.paused_until && now < Date.parse(rental.pause.paused_until);
  const share = Math.min(100, Math.max(1, ((now - started) / (due - started)) * 100));
  return html`
    ${now - started < JUST_OUT && html`<section class="stage good" role="status">
      <h1 tabindex="-1">${t("Slot {number} opens", { number: digits(rental.slot_number) })}</h1>
      <span class="big" aria-hidden="true">${digits(rental.slot_number)}</span>
      <p>${t("Take your power bank.")}</p>
      <p><button class="link" onClick=${() => open("report")}>${t("Nothing came out")}</button></p></section>`}
    <section class="stage ${late ? "bad" : ""}">
      ${now - started >= JUST_OUT ? html`<h1 tabindex="-1">${late ? t("You are late") : t("Your power bank")}</h1>` : html`<h2>${late ? t("You are late") : t("Your power bank")}</h2>`}
      <span class="big clock" role="timer">${clock(Math.abs(left))}</span>
      <p>${late ? t("late since {time}", { time: time(rental.due_at) }) : t("left, until {time}", { time: time(rental.due_at) })}</p>
      <div class="meter ${late ? "late" : ""}"><i style=${{ width: `${share}%` }}></i></div>
      ${late && html`<p><b>${t("Each hour begun costs {amount}.", { amount: money(terms.overdue_rate_per_hour) })}</b> ${terms.overdue_cap_per_day && t("At most {amount} a day.", { amount: money(terms.overdue_cap_per_day) })}</p>
        <p>${t("After {count} days it counts as lost, which costs {amount}.", { count: terms.lost_after_days, amount: money(terms.replacement_price) })}</p>`}
    </section>
    ${paused && html`<${Pause} block=${rental.pause} />`}
    ${rental.cancel_requested_at && html`<p class="note good" role="status">${t("You cancelled. Put it back before {time}, and it is free.", { time: time(terms.cancel_until) })}</p>`}
    <${PushOffer}>${t("Shall we tell you before the time is over, and when your power bank is back?")}<//>
    <${Facts} of=${[
      [t("Cost so far"), money(soFar(rental))],
      rental.package.payment_model === "postpaid" && [t("Price"), t("{price} for each {time}", { price: money(rental.package.unit_price), time: duration(rental.package.unit_minutes) })],
      Number(rental.overdue_amount) > 0 && [t("of it for being late"), money(rental.overdue_amount)],
      [t("Package"), rental.package.name],
      [t("Taken at"), `${rental.station.name}, ${time(rental.started_at)}`],
      [t("Power bank"), rental.powerbank_sn],
    ]} />
    <${Button} wide does="more" onPress=${() => open("extend")}>${t("More time")}<//>
    <div class="actions">
      ${free && html`<${Button} quiet onPress=${cancel}>${t("I do not need it (free until {time})", { time: time(terms.cancel_until) })}<//>`}
      ${!paused && html`<${Button} quiet does="blocked" onPress=${() => open("blocked")}>${t("I cannot bring it back here")}<//>`}
      <${Button} quiet onPress=${() => open("report")}>${t("Something is wrong")}<//>
      <${Button} danger does="lost" onPress=${() => open("lost")}>${t("I have lost it")}<//>
    </div>`;
}

/** What it comes to if it is brought back now. */
function soFar(rental) {
  return rental.package.payment_model === "postpaid"
    ? Math.max(Number(rental.amount_paid), Number(rental.usage_amount) + Number(rental.overdue_amount))
    : Number(rental.amount_paid) + Number(rental.overdue_amount);
}
