// The wallet: what there is, what is put aside, what is owed, and every line with its reason.

import { date, money, t } from "../language.js";
import { Empty, More, Read, Row, html, useList, useRead } from "../ui.js";
import { Dues } from "./dues.js";

export default function View() {
  const wallet = useRead("/api/wallet", { topics: ["me"] });
  const lines = useList("/api/wallet/transactions", { limit: 20 });
  return html`<h1 tabindex="-1">${t("Wallet")}</h1><${Read} of=${wallet}>${(known) => html`
    <section class="stage"><p>${t("Balance")}</p><span class="big clock">${money(known.balance)}</span>
      ${Number(known.held) > 0 && html`<p class="soft">${t("{amount} more are put aside for a rental that runs.", { amount: money(known.held) })}</p>`}
      <p>${t("{count} points", { count: known.points })}</p></section>
    <a class="button wide" href="/app/top-up">${t("Top up")}</a>
    ${Number(known.dues) > 0 && html`<h2>${t("You owe {amount}", { amount: money(known.dues) })}</h2><${Dues} done=${wallet.reload} />`}`}<//>
    <h2>${t("Payments")}</h2>
    <${Read} of=${lines}>${() => lines.items.length
      ? html`<ul class="rows">${lines.items.map((line) => html`<${Line} key=${line.id} line=${line} />`)}</ul><${More} list=${lines} />`
      : html`<${Empty} title=${t("Nothing yet")}><p>${t("Each payment stands here, with its reason.")}</p><//>`}<//>`;
}

const TYPES = {
  topup: () => t("Top-up"), rental: () => t("Rental"), rental_due: () => t("What was due"), sale: () => t("A lost power bank"),
  refund: () => t("Money back"), adjustment: () => t("Adjustment"),
};
const STATES = { pending: () => t("on its way"), failed: () => t("did not work"), refunded: () => t("given back") };

function Line({ line }) {
  const came = line.direction === "in";
  const note = [date(line.created_at), STATES[line.status]?.(), line.points > 0 && t("{count} points", { count: line.points })].filter(Boolean).join(" · ");
  const href = line.reference_kind === "rental" ? `/app/rentals/${line.reference_id}` : undefined;
  return html`<${Row} href=${href} title=${TYPES[line.type]()} note=${note} value=${html`<span class=${came ? "in" : ""}>${came ? "+" : "−"}${money(line.amount)}</span>`} />`;
}
