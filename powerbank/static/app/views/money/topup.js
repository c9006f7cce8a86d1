// Money into the wallet: an amount, a gateway, and the way back to where one was.

import { keep } from "../../device.js";
import { money, number, plain, t } from "../../language.js";
import { Icon, Read, Refusal, api, html, useRead, useState } from "../../ui.js";

export default function View({ query }) {
  return html`<a class="back" href="/app/wallet"><${Icon} name="back" />${t("Wallet")}</a>
    <h1 tabindex="-1">${t("Top up")}</h1><${TopUp} least=${query.amount || "0"} next=${query.next || "/app/wallet"} />`;
}

const USUAL = [100, 200, 500, 1000];

/** @param {{least: string, next: string}} props what is needed at least, and where to go on afterwards */
export function TopUp({ least, next }) {
  const methods = useRead("/api/payment/methods");
  return html`<${Read} of=${methods}>${({ items }) => html`<${Choose} gateways=${items} least=${Number(least)} next=${next} />`}<//>`;
}

function Choose({ gateways, least, next }) {
  const rupees = (gateway) => gateway.limits.find(({ currency }) => currency === "NPR");
  const usable = gateways.filter(rupees);
  const smallest = Math.max(least, Math.min(...usable.map((each) => Number(rupees(each).least))));
  const [amount, setAmount] = useState(String(Math.ceil(smallest / 10) * 10));
  const [state, setState] = useState({});
  if (!usable.length) return html`<p class="note warn">${t("No way to pay is set up here yet.")}</p>`;
  const typed = Number(plain(amount));
  const wrong = typed < smallest ? t("At least {amount}.", { amount: money(smallest) }) : null;

  const pay = async (gateway) => {
    if (state.gateway || wrong || !typed) return;
    setState({ gateway });
    try {
      const intent = await api.once("/api/wallet/topup-intent", { amount: typed.toFixed(2), gateway });
      keep("payment", { intent_id: intent.intent_id, next });
      leave(await untilReady(intent));
    } catch (error) {
      setState({ error });
    }
  };
  return html`
    <div class="field"><label for="amount">${t("Amount in rupees")}</label>
      <input id="amount" inputmode="decimal" autocomplete="off" value=${amount} aria-invalid=${wrong ? "true" : null} aria-describedby="amount-says" onInput=${(event) => setAmount(event.target.value)} />
      <p id="amount-says" class="error">${wrong}</p></div>
    <div class="chips">${USUAL.filter((each) => each >= smallest).map((each) => html`<button type="button" class="chip" aria-pressed=${typed === each} onClick=${() => setAmount(String(each))}>${number(each)}</button>`)}</div>
    ${usable.map((each) => html`<button class="quiet wide" key=${each.gateway} data-gateway=${each.gateway} aria-busy=${state.gateway === each.gateway ? "true" : null} disabled=${Boolean(wrong) || !typed}
      onClick=${() => pay(each.gateway)}>${t("Pay with {gateway}", { gateway: each.name })}</button>`)}
    ${state.gateway && html`<p role="status" class="soft">${t("Taking you there…")}</p>`}
    <${Refusal} error=${state.error} />`;
}

/** The gateway is asked in the background, within a second or two. */
async function untilReady(intent) {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    if (intent.payment_url || intent.form) return intent;
    if (["failed", "expired", "cancelled"].includes(intent.status)) break;
    await new Promise((resolve) => setTimeout(resolve, Math.min(250 + attempt * 100, 1500)));
    intent = await api.get(`/api/payment/intents/${intent.intent_id}`);
  }
  throw Object.assign(new Error(), { code: "away" });
}

function leave({ payment_url, form }) {
  if (!form) return location.assign(payment_url);
  const sent = document.createElement("form");
  Object.assign(sent, { method: "POST", action: form.action, hidden: true });
  for (const [name, value] of Object.entries(form.fields)) sent.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  document.body.append(sent);
  return sent.submit();
}
