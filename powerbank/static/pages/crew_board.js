// The board of the crew: the map is drawn from the lists below it, and a task that is dragged onto a member is given to
// them by the same form that the menu of the task sends.
/* global L */
import { lay } from "./ground.js";

const ground = document.querySelector("[data-crew-map]");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const map = L.map(ground, { attributionControl: Boolean(ground.dataset.ground), zoomControl: false, maxZoom: 19, fadeAnimation: !calm, zoomAnimation: !calm, markerZoomAnimation: !calm });
L.control.zoom({ zoomInTitle: ground.dataset.in, zoomOutTitle: ground.dataset.out }).addTo(map);
const marks = L.layerGroup().addTo(map);
if (ground.dataset.ground) lay(map, ground.dataset).catch(() => {}); // the plain ground stays
let fitted = false;

function draw() {
  const items = [...document.querySelectorAll("#board [data-lat]")];
  marks.clearLayers();
  for (const item of items) {
    const mark = document.createElement("span");
    mark.className = `mark ${item.dataset.member ? "person" : item.dataset.tone}`;
    mark.textContent = item.dataset.name;
    const icon = L.divIcon({ className: "pin", iconSize: null, html: mark.outerHTML });
    L.marker([item.dataset.lat, item.dataset.lng], { icon, keyboard: false, riseOnHover: true, zIndexOffset: item.dataset.member ? 1000 : 0 })
      .on("click", () => item.querySelector("a").click()).addTo(marks);
  }
  if (fitted) return;
  if (items.length) map.fitBounds(items.map((item) => [item.dataset.lat, item.dataset.lng]), { padding: [50, 50], maxZoom: 15 });
  else map.setView([27.7, 85.32], 11);
  fitted = items.length > 0;
}
document.addEventListener("htmx:afterSettle", draw);
draw();

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-task]");
  if (dragged) event.dataTransfer.setData("text/plain", dragged.dataset.task);
});
document.addEventListener("dragend", () => {
  dragged = null;
  for (const each of document.querySelectorAll(".over")) each.classList.remove("over");
});
document.addEventListener("dragover", (event) => {
  const member = event.target.closest?.("[data-member]");
  for (const each of document.querySelectorAll(".over")) if (each !== member) each.classList.remove("over");
  if (!dragged || !member) return;
  event.preventDefault();
  member.classList.add("over");
});
document.addEventListener("drop", (event) => {
  const member = event.target.closest?.("[data-member]");
  const form = dragged?.querySelector("form.assign");
  if (!member || !form) return;
  event.preventDefault();
  const menu = form.elements.member_id;
  if (![...menu.options].some((option) => option.value === member.dataset.member && !option.disabled)) return;
  menu.value = member.dataset.member;
  form.requestSubmit();
});
