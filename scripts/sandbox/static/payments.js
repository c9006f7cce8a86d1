"use strict";
// Loaded after inbox.js, whose at(), make(), ask() and EVERY_MS it uses.

const NAMES = { khalti: "Khalti", esewa: "eSewa", stripe: "Stripe" };
let lastPayments = "";

function paymentRow(payment) {
  const row = make("a", { href: payment.page, className: payment.open ? "open" : "" },
    make("b", { textContent: `${payment.currency} ${payment.amount}` }),
    make("small", { textContent: NAMES[payment.gateway] || payment.gateway }),
    make("small", { textContent: payment.title }),
    make("small", { textContent: payment.status }));
  row.title = payment.id;
  return make("li", {}, row);
}

async function refreshPayments() {
  const text = await (await ask("/api/payments?limit=20")).text();
  if (text === lastPayments) return;
  lastPayments = text;
  const { items } = JSON.parse(text);
  at("payments").replaceChildren(...items.map(paymentRow));
  at("no-payments").hidden = items.length > 0;
}

setInterval(() => { if (!document.hidden) refreshPayments().catch(() => {}); }, EVERY_MS);
refreshPayments().catch(() => {});
