// All rentals, newest first.

import { date, money, t } from "../../language.js";
import { Empty, More, Read, Row, html, useList } from "../../ui.js";

const STATES = {
  pending: () => t("on its way"), ejecting: () => t("on its way"), active: () => t("runs"), overdue: () => t("late"), completed: () => t("brought back"),
  cancelled: () => t("cancelled"), failed: () => t("nothing came out"), unresolved: () => t("being looked into"), lost: () => t("lost"),
};

export default function View() {
  const list = useList("/api/rentals", { limit: 20 });
  return html`<h1 tabindex="-1">${t("Rentals")}</h1><${Read} of=${list}>${() => list.items.length
    ? html`<ul class="rows">${list.items.map((each) => html`<${Row} key=${each.id} href="/app/rentals/${each.id}" title=${each.station.name}
        note=${`${date(each.created_at)} · ${each.package.name} · ${STATES[each.status]()}`} value=${each.started_at ? money(each.amount_paid) : null} />`)}</ul><${More} list=${list} />`
    : html`<${Empty} title=${t("No rentals yet")}><p>${t("Your first one stands here, with its receipt.")}</p><p><a class="button" href="/app/">${t("Find a station")}</a></p><//>`}<//>`;
}
