// What an ended rental came to, and what happened in it.

import { date, digits, duration, money, t, time } from "../../language.js";
import { Button, Facts, html } from "../../ui.js";
import { Dues } from "../money/dues.js";

export function Receipt({ rental, open, cancel, now }) {
  const [kind, title, text] = ending(rental);
  const minutes = rental.started_at ? (Date.parse(rental.ended_at) - Date.parse(rental.started_at)) / 60_000 : 0;
  const { terms } = rental;
  const free = rental.status === "completed" && terms.cancel_until && now < Date.parse(terms.cancel_until);
  return html`<section class="stage ${kind}"><h1 tabindex="-1">${title}</h1><p>${text}</p>${rental.started_at && html`<span class="big clock">${money(rental.amount_paid)}</span>`}</section>
    <section class="panel"><h2>${t("Receipt")}</h2>
      <${Facts} of=${[
        [t("Rental"), rental.rental_code],
        [t("Day"), date(rental.started_at || rental.created_at)],
        [t("Package"), rental.package.name],
        rental.started_at && [t("Taken"), `${rental.station.name}, ${time(rental.started_at)}`],
        rental.return_station && [t("Brought back"), `${rental.return_station.name}, ${time(rental.ended_at)}`],
        rental.started_at && [t("Time"), duration(minutes)],
        Number(rental.discount) > 0 && [t("Taken off by a coupon"), money(rental.discount)],
        Number(rental.reservation_credit) > 0 && [t("Paid before for keeping it"), money(rental.reservation_credit)],
        rental.pause && [t("The time stood still"), `${time(rental.pause.paused_from)}–${time(rental.pause.paused_until)}`],
        Number(rental.overdue_amount) > 0 && [t("For being late"), money(rental.overdue_amount)],
        Number(rental.due_amount) > 0 && [t("Still to be paid"), money(rental.due_amount)],
        [t("Paid"), money(rental.amount_paid)],
      ]} /></section>
    ${Number(rental.due_amount) > 0 && html`<${Dues} />`}
    ${rental.is_returned_on_time && html`<p class="note good">${t("Brought back in time. Thank you: there are points for that.")}</p>`}
    <div class="actions">
      ${free && html`<${Button} quiet onPress=${cancel}>${t("I did not use it: make it free")}<//>`}
      <a class="button quiet" href="/app/s/${encodeURIComponent(rental.station.sn)}">${t("Rent again")}</a>
      <${Button} quiet onPress=${() => open("report")}>${t("Something is wrong")}<//>
      <${Button} quiet onPress=${() => print()}>${t("Print")}<//>
    </div>`;
}

function ending(rental) {
  if (rental.status === "cancelled") return ["", t("Cancelled"), t("It costs nothing.")];
  if (rental.status === "lost") return ["bad", t("Noted as lost"), t("The price of the power bank was charged.")];
  if (Number(rental.due_amount) > 0) return ["warn", t("Brought back"), t("Something is still to be paid.")];
  return ["good", t("Brought back. Thank you!"), rental.return_station?.name || ""];
}

const EVENTS = {
  initiated: () => t("You asked for a power bank"), eject_sent: () => t("The station was asked"), ejected: () => t("The station gave it to you"),
  no_answer: () => t("The station did not answer"), failed: () => t("Nothing came out"), initiation_expired: () => t("It took too long and was cancelled"),
  cancel_requested: () => t("You cancelled"), cancelled: () => t("Cancelled"), extended: () => t("You bought more time"), overdue: () => t("The time was over"),
  returned: () => t("Brought back"), lost: () => t("Noted as lost"), found: () => t("It was found"), issue_reported: () => t("You told us that something is wrong"),
  due_paid: () => t("You paid what was due"), eject_refused: () => t("The station gave none from that slot"), eject_unanswered: () => t("The station did not answer"), never_came_out: () => t("Nothing came out"),
  return_blocked: () => t("You could not bring it back, and the time stood still"), return_block_refused: () => t("You could not bring it back; the time went on"),
  pause_extended: () => t("The time stood still for longer"), pause_over: () => t("The time went on"), return_slot_moved: () => t("Another slot was kept for you"),
  return_provisional: () => t("It is back and being looked at"), case_decided: () => t("We looked into it"), dispute_upheld: () => t("We looked into it"), cancelled_by_staff: () => t("Cancelled"), came_late: () => t("It came out late"), return_refused: () => t("The station did not take it"), swap_refused: () => t("It could not be exchanged"),
};

export function Timeline({ of }) {
  return html`<ol class="log">${of.filter(({ event }) => EVENTS[event]).map((entry) => html`<li><time datetime=${entry.at}>${time(entry.at)}</time>${EVENTS[entry.event]()}
    ${entry.event === "ejected" && entry.detail.slot_number ? ` · ${t("slot {number}", { number: digits(entry.detail.slot_number) })}` : ""}</li>`)}</ol>`;
}
