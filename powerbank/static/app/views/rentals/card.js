import { clock, t } from "../../language.js";
import { html, useNow } from "../../ui.js";

/** An open rental in one card, wherever it is met. */
export function RentalCard({ rental }) {
  const now = useNow();
  const left = rental.due_at ? (Date.parse(rental.due_at) - now) / 1000 : null;
  const [kind, title, said] = rental.status === "overdue" || (left !== null && left < 0)
    ? ["bad", t("Late by {time}", { time: clock(-left) }), t("Each hour begun costs. Bring it back to any station.")]
    : left === null
      ? ["warn", t("Asking the station"), t("The power bank is not out yet.")]
      : ["good", t("{time} left", { time: clock(left) }), t("Bring it back to any station.")];
  return html`<a class="panel note ${kind} rental-card" href="/app/rentals/${rental.id}"><p><b>${title}</b></p><p>${rental.package.name} · ${said}</p></a>`;
}
