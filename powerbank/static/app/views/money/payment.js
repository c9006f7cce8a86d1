// The way back from a gateway: how the payment went, and on to where one was.

import { keep, kept } from "../../device.js";
import { money, t } from "../../language.js";
import { Button, Read, api, go, html, useEffect, useRead } from "../../ui.js";

const PENDING = ["pending", "ready", "processing"];

export default function View({ query }) {
  const was = kept("payment");
  const id = query.intent_id || was?.intent_id;
  const next = was && was.intent_id === id ? was.next : "/app/wallet";
  if (!id) return html`<h1 tabindex="-1">${t("We do not know this payment")}</h1><p><a class="button" href="/app/wallet">${t("To the wallet")}</a></p>`;
  return html`<${Payment} id=${id} next=${next} />`;
}

function Payment({ id, next }) {
  const intent = useRead(`/api/payment/intents/${id}`, { topics: ["me"] });
  const status = intent.data?.status;
  useEffect(() => {
    if (status !== "success" || next === "/app/wallet") return undefined;
    const later = setTimeout(goOn, 1200);
    return () => clearTimeout(later);
  }, [status]);
  useEffect(() => {
    if (!PENDING.includes(status)) return undefined;
    const again = setInterval(intent.reload, 3000);
    return () => clearInterval(again);
  }, [status]);
  const goOn = () => {
    keep("payment", null);
    go(next, { replace: true });
  };
  return html`<${Read} of=${intent}>${(known) => {
    const [kind, title, text] = wordsFor(known);
    return html`<section class="stage ${kind}" role="status"><h1 tabindex="-1">${title}</h1><p>${text}</p></section>
      ${PENDING.includes(known.status) && html`<${Button} wide onPress=${async () => intent.set(await api.post(`/api/payment/intents/${id}/verify`))}>${t("Ask the gateway now")}<//>
        ${known.payment_url && html`<p><a class="button quiet wide" href=${known.payment_url}>${t("Back to the payment")}</a></p>`}`}
      ${known.status !== "success" && html`<p><a href="/app/support/new?about=topup&id=${known.intent_id}">${t("Write to us about it")}</a></p>`}
      <${Button} quiet=${known.status !== "success"} wide onPress=${goOn}>${known.status === "success" ? t("Go on") : t("Back to where I was")}<//>`;
  }}<//>`;
}

function wordsFor({ status, credit }) {
  const amount = money(credit);
  return {
    success: ["good", t("{amount} are in your wallet", { amount }), t("Thank you.")],
    pending: ["", t("One moment…"), t("The payment is being prepared.")],
    ready: ["", t("Not paid yet"), t("Nothing was taken so far. You can still pay.")],
    processing: ["", t("Nearly there"), t("Your payment is being confirmed. It shows here as soon as it is.")],
    failed: ["bad", t("Not paid"), t("The payment did not go through. Nothing was taken.")],
    cancelled: ["warn", t("Cancelled"), t("Nothing was taken.")],
    expired: ["warn", t("Too late"), t("The time to pay is over. Begin again.")],
    review: ["warn", t("We are looking into it"), t("Your payment came, but not as we expected it. We will tell you.")],
  }[status];
}
