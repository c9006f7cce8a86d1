// A map of money lost: a circle for each row of the table below it, as large as what was lost there.
/* global L */

const LARGEST = 34; // pixels from the middle of the largest circle to its edge

for (const place of document.querySelectorAll("[data-losses]")) {
  const ground = place.querySelector("[data-loss-ground]");
  const rows = [...document.querySelectorAll("tr[data-lost]")];
  const most = Math.max(...rows.map((row) => Number(row.dataset.lost)));
  const map = L.map(ground, { attributionControl: false, zoomControl: false, maxZoom: 19, minZoom: 2 });
  L.control.zoom({ zoomInTitle: ground.dataset.in, zoomOutTitle: ground.dataset.out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const colour = getComputedStyle(ground).getPropertyValue("--bad").trim();
  const points = rows.map((row) => [Number(row.dataset.lat), Number(row.dataset.lng)]);
  rows.forEach((row, number) => {
    // The area says how much it is.
    const radius = Math.max(4, LARGEST * Math.sqrt(Number(row.dataset.lost) / most));
    const link = row.querySelector("a");
    const circle = L.circleMarker(points[number], { radius, color: colour, weight: 2, fillColor: colour, fillOpacity: 0.3 });
    circle.bindTooltip(`${link.textContent}: ${row.querySelector(".n").textContent}`);
    circle.on("click", () => link.click());
    circle.addTo(map);
  });
  map.fitBounds(L.latLngBounds(points).pad(0.3), { maxZoom: 14, animate: false });
}
