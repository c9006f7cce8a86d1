// The wallet: what there is, what is put aside, what is owed, and every line with its reason.

import { date, money, t, time } from "../../language.js";
import { Empty, Facts, Field, Form, More, Read, Row, Sheet, api, html, toast, useList, useRead, useState } from "../../ui.js";
import { Dues } from "./dues.js";

export default function View() {
  const wallet = useRead("/api/wallet", { topics: ["me"] });
  const lines = useList("/api/wallet/transactions", { limit: 20 });
  const refunds = useRead("/api/payment/refunds", { query: { limit: 5 } });
  const [shown, setShown] = useState(null);
  return html`<h1 tabindex="-1">${t("Wallet")}</h1><${Read} of=${wallet}>${(known) => html`
    <section class="stage"><p>${t("Balance")}</p><span class="big clock">${money(known.balance)}</span>
      ${Number(known.held) > 0 && html`<p class="soft">${t("{amount} more are put aside for a rental that runs.", { amount: money(known.held) })}</p>`}
      <p><a href="/app/points">${t("{count} points", { count: known.points })}</a></p></section>
    <a class="button wide" href="/app/top-up">${t("Top up")}</a>
    ${Number(known.dues) > 0 && html`<h2>${t("You owe {amount}", { amount: money(known.dues) })}</h2><${Dues} done=${wallet.reload} />`}`}<//>
    ${refunds.data?.items.length > 0 && html`<h2>${t("Money back")}</h2><ul class="rows">${refunds.data.items.map((each) => html`<${Refund} key=${each.id} refund=${each} />`)}</ul>`}
    <h2>${t("Payments")}</h2>
    <${Read} of=${lines}>${() => lines.items.length
      ? html`<ul class="rows">${lines.items.map((line) => html`<${Line} key=${line.id} line=${line} show=${() => setShown(line)} />`)}</ul><${More} list=${lines} />`
      : html`<${Empty} title=${t("Nothing yet")}><p>${t("Each payment stands here, with its reason.")}</p><//>`}<//>
    ${shown && html`<${Explained} line=${shown} close=${() => setShown(null)} asked=${refunds.reload} />`}`;
}

const TYPES = {
  topup: () => t("Top-up"), rental: () => t("Rental"), rental_due: () => t("What was due"), sale: () => t("A lost power bank"),
  refund: () => t("Money back"), adjustment: () => t("Adjustment"),
};
const REASONS = {
  topup: () => t("You put this into your wallet through a payment service."), rental: () => t("You paid this for a rental."),
  rental_due: () => t("You paid what a rental still cost: time after its end, or what the wallet could not pay before."),
  sale: () => t("A power bank did not come back and was charged."), refund: () => t("We gave this back to you."),
  adjustment: () => t("We corrected your balance. The reason stands below."),
};
const STATES = { pending: () => t("on its way"), failed: () => t("did not work"), refunded: () => t("given back") };

function Line({ line, show }) {
  const came = line.direction === "in";
  const note = [date(line.created_at), STATES[line.status]?.(), line.points > 0 && t("{count} points", { count: line.points })].filter(Boolean).join(" · ");
  return html`<li><button class="row" onClick=${show}><span><b>${TYPES[line.type]()}</b><small>${note}</small></span>
    <span class="value ${came ? "in" : ""}">${came ? "+" : "−"}${money(line.amount)}</span></button></li>`;
}

function Explained({ line, close, asked }) {
  const [asking, setAsking] = useState(false);
  const left = Number(line.amount) - Number(line.refunded);
  const may = line.status === "success" && left > 0 && ["topup", "rental", "rental_due", "sale"].includes(line.type);
  const send = async ({ reason }) => {
    await api.once("/api/payment/refunds", { transaction_id: line.id, reason }, `refund ${line.id}`);
    toast(t("We have your request. You see here what becomes of it."));
    await asked();
    close();
  };
  return html`<${Sheet} title=${TYPES[line.type]()} close=${close}>
    <p>${REASONS[line.type]()}</p>
    <${Facts} of=${[
      [t("Amount"), money(line.amount)],
      line.points > 0 && [t("from the wallet"), money(line.wallet)],
      line.points > 0 && [t("from points"), t("{count} points", { count: line.points })],
      Number(line.refunded) > 0 && [t("given back"), money(line.refunded)],
      [t("Time"), time(line.created_at)],
      line.type === "adjustment" && [t("Reason"), line.description],
    ]} />
    ${line.reference_kind === "intent" && html`<p><a href="/app/support/new?about=topup&id=${line.reference_id}">${t("Write to us about it")}</a></p>`}
    ${line.reference_kind === "rental" && html`<p><a class="button quiet wide" href="/app/rentals/${line.reference_id}">${t("See the rental")}</a></p>`}
    ${may && (asking
      ? html`<${Form} send=${send} button=${t("Ask for it back")} busyText=${t("Sending…")}>${(errors) => html`<${Field} label=${t("Why do you want it back?")} name="reason" required error=${errors.reason} />`}<//>`
      : html`<p><button class="link" onClick=${() => setAsking(true)}>${t("I want this back")}</button></p>`)}<//>`;
}

const REFUNDS = {
  requested: () => t("being looked at"), processing: () => t("approved, on its way"), manual: () => t("approved, on its way"),
  completed: () => t("given back"), rejected: () => t("rejected"),
};

const Refund = ({ refund }) => html`<${Row} title=${money(refund.amount)} note=${[date(refund.created_at), refund.note].filter(Boolean).join(" · ")} value=${REFUNDS[refund.status]()} />`;
