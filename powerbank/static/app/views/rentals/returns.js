// Where a power bank can be brought back: the nearest stations with free slots, fresh every 20 seconds.

import { t } from "../../language.js";
import { Icon, html, useEffect, useRead } from "../../ui.js";
import { StationRow, usePlace } from "../stations/home.js";

export function Returns({ rental }) {
  const where = usePlace();
  const place = where.place || { lat: rental.station.lat, lng: rental.station.lng };
  const near = useRead("/api/stations/nearby", { query: { ...place, radius_km: 25, min_free_slots: 1, limit: 5 } });
  useEffect(() => {
    const again = setInterval(() => { if (!document.hidden) near.reload(); }, 20_000);
    return () => clearInterval(again);
  }, [place.lat, place.lng]);
  const items = (near.data?.items || []).filter((station) => station.status === "online" && station.open_now);
  return html`<section><h2>${t("Where to bring it back")}</h2>
    <p class="soft">${t("To any station with a free slot.")}</p>
    ${"geolocation" in navigator && !where.place && html`<p><button class="quiet" onClick=${where.ask}><${Icon} name="way" />${t("Show the nearest")}</button></p>`}
    ${items.length ? html`<ul class="rows">${items.map((station) => html`<${StationRow} key=${station.sn} station=${station} />`)}</ul>`
      : near.data && html`<p>${t("No station near here has a free slot now. Look again soon.")}</p>`}</section>`;
}
