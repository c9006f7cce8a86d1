// The person's conversations with the people who run the network.

import { t, time } from "../../language.js";
import { Empty, Icon, More, Read, Row, html, useEffect, useList, api } from "../../ui.js";

const ABOUT = { rental: () => t("A rental"), topup: () => t("A top-up"), station: () => t("A station"), other: () => t("A question") };
const STATES = { waiting: () => t("answered"), solved: () => t("solved"), closed: () => t("closed") };

/** What a conversation is about, in a few words. */
export const subjectOf = ({ kind, id }) => (kind === "station" && id ? t("Station {number}", { number: id }) : ABOUT[kind]());

export default function View() {
  const list = useList("/api/support/conversations", { limit: 20 });
  useEffect(() => api.follow(["me"], list.reload), []);
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Write to us")}</h1>
    <a class="button wide" href="/app/support/new">${t("Ask something")}</a>
    <p><a href="/app/help">${t("Questions and answers")}</a></p>
    <${Read} of=${list}>${() => list.items.length
      ? html`<ul class="rows">${list.items.map((each) => html`<${Row} key=${each.id} href="/app/support/${each.id}" title=${subjectOf(each.about)} note=${[time(each.last_message_at), STATES[each.status]?.()].filter(Boolean).join(" · ")}
          value=${each.unread > 0 ? t("{count} new", { count: each.unread }) : null} />`)}</ul><${More} list=${list} />`
      : html`<${Empty} title=${t("You have not written to us yet")}><p>${t("Whatever went wrong: a person reads it and answers here.")}</p><//>`}<//>`;
}
