// A power bank that is kept: how long, what it costs, the way there, and taking it.

import { clock, digits, money, t, time } from "../../language.js";
import { Button, Facts, Icon, Read, WayTo, api, html, useNow, useRead } from "../../ui.js";

const OVER = {
  used: () => [t("It is yours now"), t("The rental has begun.")], expired: () => [t("The time is over"), t("The power bank is free for others again.")],
  cancelled: () => [t("Given back"), t("The power bank is free for others again.")], lost: () => [t("The station could not keep it"), t("It costs you nothing. See what other stations have.")],
};

export default function View({ params }) {
  const path = `/api/reservations/${params.id}`;
  const reservation = useRead(path, { topics: ["me"] });
  return html`<a class="back" href="/app/"><${Icon} name="back" />${t("Stations")}</a><${Read} of=${reservation}>${(known) => html`<${Shown} known=${known} set=${reservation.set} path=${path} />`}<//>`;
}

function Shown({ known, set, path }) {
  const now = useNow();
  const { station } = known;
  const active = known.status === "active";
  const left = (Date.parse(known.expires_at) - now) / 1000;
  const free = (Date.parse(known.free_until) - now) / 1000;
  const [title, text] = active ? [] : OVER[known.status]();
  const cancel = async () => set(await api.remove(path));
  return html`<div>${active
    ? html`<section class="stage good"><h1 tabindex="-1">${t("Kept for you")}</h1><span class="big clock" role="timer">${clock(left)}</span>
        <p>${free > 0 ? t("free until {time}", { time: time(known.free_until) }) : t("{amount} so far", { amount: money(known.fee_so_far) })}</p></section>`
    : html`<section class="stage"><h1 tabindex="-1">${title}</h1><p>${text}</p></section>`}
    <${Facts} of=${[[t("Station"), station.name], [t("Slot"), digits(known.slot_number)], [t("until"), time(known.expires_at)], [active ? t("costs at most") : t("Cost"), money(known.fee)]]} />
    ${active && html`<a class="button wide" href=${`/app/rent/${encodeURIComponent(station.sn)}?package=${known.package_id}`}>${t("I am there: rent it")}</a>
      <div class="actions"><${WayTo} place=${station} />
        <${Button} quiet onPress=${cancel}>${t("I do not need it any more")}<//></div>`}
    ${known.rental_id && html`<a class="button wide" href="/app/rentals/${known.rental_id}">${t("See the rental")}</a>`}
    ${known.status === "lost" && html`<a class="button wide" href="/app/">${t("See other stations")}</a>`}</div>`;
}
