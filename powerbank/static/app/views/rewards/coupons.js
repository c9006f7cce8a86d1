// Coupons: typing a code, and those that are kept.

import { date, digits, money, t } from "../../language.js";
import { Empty, Field, Form, Icon, More, Read, Row, api, html, toast, useList } from "../../ui.js";

const STATES = { available: () => t("for your next rental"), used: () => t("used"), over: () => t("over"), used_up: () => t("used up"), not_begun: () => t("not yet") };

export default function View() {
  const mine = useList("/api/promotions/coupons/my", { limit: 20 });
  const send = async ({ code }) => {
    const answer = await api.once("/api/promotions/coupons/apply", { code: code.trim() });
    toast(answer.points > 0 ? t("{count} points for you.", { count: answer.points }) : t("Kept for your next rental: type it there."));
    await mine.reload();
  };
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Coupons")}</h1>
    <${Form} send=${send} button=${t("Use it")}>${(errors) => html`<${Field} label=${t("Code")} name="code" autocapitalize="characters" autocomplete="off" required error=${errors.code} />`}<//>
    <${Read} of=${mine}>${() => mine.items.length
      ? html`<ul class="rows">${mine.items.map((each) => html`<${Row} key=${each.id} title=${each.code} note=${[each.coupon.name, each.coupon.ends_at && t("until {time}", { time: date(each.coupon.ends_at) })].filter(Boolean).join(" · ")}
          value=${html`${worth(each.coupon)}<small>${STATES[each.status]()}</small>`} />`)}</ul><${More} list=${mine} />`
      : html`<${Empty} title=${t("No coupons")}><p>${t("Codes stand on posters and in our messages.")}</p><//>`}<//>`;
}

const worth = ({ kind, value }) => ({ percent: digits(`${value} %`), amount: money(value / 100), points: t("{count} points", { count: value }) })[kind];
