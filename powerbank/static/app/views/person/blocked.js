// What somebody sees whose account is blocked: why they see nothing else, and how they still get what is theirs.

import { t } from "../../language.js";
import { html } from "../../ui.js";

export default function View() {
  return html`<h1 tabindex="-1">${t("Your account is blocked")}</h1>
    <p>${t("You cannot rent, pay or change anything here. Money that is yours stays yours.")}</p>
    <p>${t("Write to us about a payment, a refund or your balance. We answer here, and tell you by SMS or e-mail.")}</p>
    <a class="button wide" href="/app/support">${t("Write to us about your money")}</a>
    <p class="soft">${t("This is open for an hour. After that, type your number and a code again.")}</p>`;
}
