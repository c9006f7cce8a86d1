// Points: how many, what they are worth, when they expire; what can be reached; and how others do.

import { date, money, number, t } from "../../language.js";
import { Empty, Icon, More, Read, go, html, useList, useRead } from "../../ui.js";

const PARTS = [["", () => t("Points")], ["achievements", () => t("Achievements")], ["leaderboard", () => t("Leaderboard")]];

export default function View({ query }) {
  const part = query.part || "";
  const Part = { "": Points, achievements: Achievements, leaderboard: Leaderboard }[part] || Points;
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Points and achievements")}</h1>
    <div class="chips">${PARTS.map(([name, words]) => html`<a class="button chip" aria-current=${name === part ? "page" : null} href="/app/points${name && `?part=${name}`}"
      onClick=${(event) => { event.preventDefault(); go(`/app/points${name && `?part=${name}`}`, { replace: true }); }}>${words()}</a>`)}</div>
    <${Part} query=${query} />`;
}

const KINDS = {
  signup: () => t("For joining"), referral_invitee: () => t("A friend invited you"), referral_inviter: () => t("You brought a friend"), topup: () => t("For a top-up"),
  rental: () => t("For a rental"), on_time: () => t("Brought back in time"), kyc: () => t("For your identity"), achievement: () => t("For an achievement"), coupon: () => t("By a coupon"), restored: () => t("Given back"),
};
const MOVES = {
  hold: () => t("Put aside for a rental"), release: () => t("Free again"), capture: () => t("Paid with"), spend: () => t("Paid with"), refund: () => t("Given back"),
  points_awarded: () => t("Earned"), points_revoked: () => t("Taken back"), points_expired: () => t("Expired"), adjustment: () => t("Adjustment"), due_paid: () => t("Paid with"),
};

function Points() {
  const points = useRead("/api/points", { topics: ["me"] });
  const history = useList("/api/points/history", { limit: 20 });
  return html`<${Read} of=${points}>${(known) => html`<section class="stage"><span class="big clock">${number(known.points)}</span><p>${t("worth {amount}", { amount: money(known.value) })}</p>
      ${known.held > 0 && html`<p class="soft">${t("{count} more are put aside for a rental that runs.", { count: known.held })}</p>`}
      ${known.due > 0 && html`<p>${t("You owe {count} points; the next ones fill that first.", { count: known.due })}</p>`}</section>
    ${known.expiring.map((lot) => html`<p class="note warn">${t("{count} points expire on {day}.", { count: lot.points, day: date(lot.expires_at) })}</p>`)}`}<//>
    <${Read} of=${history}>${() => history.items.length
      ? html`<ul class="rows">${history.items.map((each) => html`<li class="row" key=${each.id}><span><b>${(KINDS[each.reason] || MOVES[each.kind] || MOVES.adjustment)()}</b><small>${date(each.created_at)}</small></span>
          <span class="value ${each.points > 0 ? "in" : ""}">${each.points > 0 ? "+" : ""}${number(each.points)}</span></li>`)}</ul><${More} list=${history} />`
      : html`<${Empty} title=${t("No points yet")}><p>${t("You get them for bringing power banks back in time.")}</p><//>`}<//>`;
}

function Achievements() {
  const list = useList("/api/social/achievements", { limit: 50 });
  return html`<${Read} of=${list}>${() => list.items.length
    ? html`<ul class="rows">${list.items.map((each) => html`<li class="row achieved" key=${each.id}><span><b>${each.name}</b><small>${each.description}</small>
        <progress max=${each.threshold} value=${each.progress} aria-label=${each.name}></progress>
        <small>${each.unlocked_at ? t("Reached on {day}", { day: date(each.unlocked_at) }) : t("{done} of {all}", { done: each.progress, all: each.threshold })}</small></span>
        <span class="value">${each.reward > 0 && t("{count} points", { count: each.reward })}</span></li>`)}</ul><${More} list=${list} />`
    : html`<${Empty} title=${t("Nothing to reach yet")} />`}<//>`;
}

const PERIODS = [["week", () => t("This week")], ["month", () => t("This month")], ["all", () => t("Of all time")]];

function Leaderboard({ query }) {
  const period = query.period || "week";
  const board = useList("/api/social/leaderboard", { period, me: true, limit: 20 });
  const place = (each, mine) => html`<li class="row" key=${`${each.rank} ${each.username}`}><span><b>${number(each.rank)}. ${each.username || t("somebody who has left")}</b>${mine && html`<small>${t("That is you")}</small>`}</span><span class="value">${number(each.score)}</span></li>`;
  return html`<div class="chips">${PERIODS.map(([name, words]) => html`<button class="chip" aria-pressed=${name === period ? "true" : "false"} onClick=${() => go(`/app/points?part=leaderboard&period=${name}`, { replace: true })}>${words()}</button>`)}</div>
    <${Read} of=${board}>${(known) => html`${known.me && html`<ul class="rows">${place(known.me, true)}</ul>`}
      ${board.items.length ? html`<ol class="rows">${board.items.map((each) => place(each))}</ol><${More} list=${board} />` : html`<${Empty} title=${t("Nobody is on it yet")}><p>${t("The first rental of the week leads.")}</p><//>`}`}<//>`;
}
