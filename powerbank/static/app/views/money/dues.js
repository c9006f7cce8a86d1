// What somebody owes, with its cause, and paying it.

import { date, money, t } from "../../language.js";
import { Button, Read, api, html, toast, useRead, useState } from "../../ui.js";
import { TopUp } from "./topup.js";

const CAUSES = { rental: () => t("A rental that could not be paid"), chargeback: () => t("A top-up that was taken back") };

export function Dues({ done = () => {} }) {
  const dues = useRead("/api/users/me/dues", { query: { status: "open", limit: 100 }, topics: ["me"] });
  return html`<${Read} of=${dues}>${({ items }) => items.map((due) => html`<${Due} key=${due.id} due=${due} done=${async () => { await dues.reload(); await done(); }} />`)}<//>`;
}

function Due({ due, done }) {
  const [short, setShort] = useState(null);
  const pay = async () => {
    try {
      const wallet = await api.get("/api/wallet");
      const method = Number(wallet.balance) >= Number(due.left) ? "wallet_only" : "combination";
      await api.once(`/api/users/me/dues/${due.id}/pay`, { payment_method: method });
    } catch (error) {
      if (error.code !== "insufficient_funds") throw error;
      setShort(error.body.shortfall);
      return;
    }
    toast(t("Paid. Thank you."));
    await done();
  };
  return html`<div class="panel">
    <p><b>${(CAUSES[due.cause] || CAUSES.rental)()}</b> <small>${date(due.created_at)}</small></p>
    ${due.about.kind === "rental" && html`<p><a href="/app/rentals/${due.about.id}">${t("See the rental")}</a></p>`}
    ${due.collected_from && html`<p class="soft"><small>${t("From {day} on it is taken from whatever comes into the wallet.", { day: date(due.collected_from) })}</small></p>`}
    ${short
      ? html`<p>${t("{missing} are missing.", { missing: money(short) })}</p><${TopUp} least=${short} next=${location.pathname + location.search} />`
      : html`<${Button} wide onPress=${pay}>${t("Pay {amount}", { amount: money(due.left) })}<//>`}
  </div>`;
}
