// The route on a map. It is drawn from the list below it, so the list says all that the map says.
/* global L */
import { lay } from "./ground.js";

const ground = document.querySelector("[data-route-map]");
let map = null;

function draw() {
  const list = document.getElementById("route");
  const stops = [...list.querySelectorAll("[data-lat]")];
  ground.hidden = stops.length === 0;
  if (!stops.length) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  map?.remove();
  map = L.map(ground, { attributionControl: Boolean(ground.dataset.ground), zoomControl: false, maxZoom: 19, fadeAnimation: !calm, zoomAnimation: !calm });
  L.control.zoom({ zoomInTitle: ground.dataset.in, zoomOutTitle: ground.dataset.out }).addTo(map);
  const places = stops.map((each) => [Number(each.dataset.lat), Number(each.dataset.lng)]);
  const inTime = stops.map((each, index) => [each, places[index]]).filter(([each]) => !each.classList.contains("late")).map(([, place]) => place);
  const start = list.dataset.start?.split(",").map(Number);
  L.polyline(start ? [start, ...inTime] : inTime, { className: "way", weight: 3, opacity: 0.8 }).addTo(map);
  stops.forEach((stop, index) => {
    const number = stop.querySelector(".number").cloneNode(true);
    const holder = document.createElement("div");
    holder.className = stop.className;
    holder.append(number);
    const icon = L.divIcon({ className: "pin", iconSize: null, html: holder.outerHTML });
    L.marker(places[index], { icon, keyboard: false }).addTo(map).on("click", () => stop.scrollIntoView({ block: "center" }));
  });
  map.fitBounds(start ? [start, ...places] : places, { padding: [36, 36], maxZoom: 16 });
  if (ground.dataset.ground) lay(map, ground.dataset).catch(() => {});
}

document.addEventListener("htmx:afterSettle", draw);
draw();
