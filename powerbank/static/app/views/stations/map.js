// A map of the stations on a plain ground: no other server is asked for pictures of streets. The list below says the same.

import { digits, t } from "../../language.js";
import { api, go, html, stationState, useEffect, useRef, useState } from "../../ui.js";
import { StationRow } from "./home.js";

const KATHMANDU = [27.7052, 85.3206];
const FILES = new URL("../../../vendor/", import.meta.url);

function load() {
  load.once ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("leaflet.css", FILES) }));
    const script = Object.assign(document.createElement("script"), { src: new URL("leaflet.js", FILES), onload: () => resolve(window.L), onerror: reject });
    document.head.append(script);
  });
  return load.once;
}

export function StationMap({ place }) {
  const ground = useRef(null);
  const map = useRef(null);
  const [stations, setStations] = useState([]);
  const [away, setAway] = useState(false);

  useEffect(() => {
    let gone = false;
    load().then((L) => {
      if (gone) return;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const kept = /^#map=(-?[\d.]+),(-?[\d.]+),(\d+)$/.exec(location.hash);
      const view = L.map(ground.current, { attributionControl: false, zoomControl: false, maxZoom: 18, minZoom: 9, fadeAnimation: !calm, zoomAnimation: !calm });
      L.control.zoom({ zoomInTitle: t("Nearer"), zoomOutTitle: t("Further away") }).addTo(view);
      L.control.scale({ imperial: false }).addTo(view);
      const marks = L.layerGroup().addTo(view);
      const read = async () => {
        const { lat, lng } = view.getCenter();
        const radius = Math.min(50, Math.max(0.3, view.distance(view.getCenter(), view.getBounds().getNorthEast()) / 1000));
        history.replaceState(null, "", `#map=${lat.toFixed(5)},${lng.toFixed(5)},${view.getZoom()}`);
        try {
          const { items } = await api.get("/api/stations/nearby", { lat: lat.toFixed(5), lng: lng.toFixed(5), radius_km: radius.toFixed(2), limit: 100 });
          if (gone) return;
          setAway(false);
          setStations(items);
          marks.clearLayers();
          for (const station of items) {
            const icon = L.divIcon({ className: `pin ${stationState(station)[0]}`, iconSize: null, html: `<span>${digits(station.available_banks)}</span>` });
            L.marker([station.lat, station.lng], { icon, keyboard: false, title: station.name }).on("click", () => go(`/app/s/${encodeURIComponent(station.sn)}`)).addTo(marks);
          }
        } catch {
          if (!gone) setAway(true);
        }
      };
      view.on("moveend", read);
      if (kept) view.setView([Number(kept[1]), Number(kept[2])], Number(kept[3]));
      else view.setView(place ? [place.lat, place.lng] : KATHMANDU, place ? 15 : 12);
      map.current = { view, L };
    }).catch(() => setAway(true));
    return () => {
      gone = true;
      map.current?.view.remove();
    };
  }, []);

  useEffect(() => {
    if (!place || !map.current) return;
    const { view, L } = map.current;
    L.circleMarker([place.lat, place.lng], { className: "me", radius: 8 }).addTo(view);
    view.setView([place.lat, place.lng], 15);
  }, [place]);

  return html`<div class="map" ref=${ground} role="group" aria-label=${t("Map of the stations; the list below says the same")}></div>
    ${away && html`<p class="note" role="status">${t("The network is away. We try again as soon as it is back.")}</p>`}
    <ul class="rows">${stations.map((station) => html`<${StationRow} key=${station.sn} station=${station} />`)}</ul>`;
}
