// A map of money lost. A circle is a station, or all stations of a cell together, as large as what was lost there. The
// server sums up the part of the map that is shown, so a browser draws some hundred circles, however many stations lose.
/* global L */

const LARGEST = 34; // pixels from the middle of the largest circle to its edge

for (const place of document.querySelectorAll("[data-losses]")) {
  const ground = place.querySelector("[data-loss-ground]");
  const map = L.map(ground, { attributionControl: false, zoomControl: false, maxZoom: 19, minZoom: 2 });
  L.control.zoom({ zoomInTitle: ground.dataset.in, zoomOutTitle: ground.dataset.out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const colour = getComputedStyle(ground).getPropertyValue("--bad").trim();
  const circles = L.layerGroup().addTo(map);
  const rows = [...document.querySelectorAll("tr[data-lost]")];
  const points = rows.map((row) => [Number(row.dataset.lat), Number(row.dataset.lng)]);
  let asked = 0;

  map.on("moveend", read);
  map.fitBounds(L.latLngBounds(points).pad(0.3), { maxZoom: 14, animate: false });

  async function read() {
    const bounds = map.getBounds().pad(0.05), address = new URL(place.dataset.losses, location.href), mine = ++asked;
    const box = { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
    for (const [name, value] of Object.entries(box)) {
      const most = name === "west" || name === "east" ? 180 : 90;
      address.searchParams.set(name, Math.max(-most, Math.min(most, value)).toFixed(4));
    }
    try {
      const answer = await fetch(address, { redirect: "error" });
      if (answer.ok && mine === asked) draw(await answer.json());
    } catch {
      // The circles that are there stay. The table says what they say.
    }
  }

  function draw(cells) {
    const most = Math.max(...cells.map((cell) => cell.lost));
    circles.clearLayers();
    for (const cell of cells) {
      // The area says how much it is.
      const radius = Math.max(4, LARGEST * Math.sqrt(cell.lost / most));
      const circle = L.circleMarker([cell.lat, cell.lng], { radius, color: colour, weight: 2, fillColor: colour, fillOpacity: 0.3 });
      const name = cell.stations === 1 ? cell.name : ground.dataset.stations.replace("{count}", cell.count);
      circle.bindTooltip(`${name}: ${cell.shown}`);
      circle.on("click", () => {
        if (cell.stations === 1) location.assign(`/console/stations/${encodeURIComponent(cell.sn)}`);
        else map.setView([cell.lat, cell.lng], map.getZoom() + 2);
      });
      circle.addTo(circles);
    }
  }
}
