// A map of stations. The server groups what a view shows and answers a list; the list stands beside the map, and the marks
// of the map are made from it. So the list says all that the map says, to a keyboard and to a screen reader too.
/* global L */
import { lay } from "./ground.js";

const PAUSE = 2_000; // between two readings that nobody asked for: stations change all the time

for (const place of document.querySelectorAll("[data-map]")) begin(place);

function begin(place) {
  const ground = place.querySelector("[data-map-ground]");
  const list = place.querySelector("[data-map-list]");
  const away = place.querySelector("[data-map-away]");
  const dialog = place.querySelector("dialog");
  const [west, south, east, north] = place.dataset.extent.split(",").map(Number);
  const whole = [[south, west], [north, east]];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const map = L.map(ground, {
    attributionControl: Boolean(ground.dataset.ground), zoomControl: false, maxZoom: 19, minZoom: 2, maxBounds: [[-89, -180], [89, 180]],
    fadeAnimation: !calm, zoomAnimation: !calm, markerZoomAnimation: !calm,
  });
  L.control.zoom({ zoomInTitle: ground.dataset.in, zoomOutTitle: ground.dataset.out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const marks = L.layerGroup().addTo(map);
  if (ground.dataset.ground) lay(map, ground.dataset).catch(() => {}); // the plain ground stays

  let asked = null; // the reading under way
  let readAt = 0;
  let waiting = null;
  let behind = null; // the box of the mark whose stations are listed

  function question(box) {
    const values = new URLSearchParams(box);
    if (place.dataset.state) values.set("state", place.dataset.state);
    return values;
  }

  async function read() {
    clearTimeout(waiting);
    waiting = null;
    asked?.abort();
    const mine = asked = new AbortController();
    const seen = map.getBounds();
    const within = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(6);
    const values = question({
      west: within(seen.getWest(), 180), south: within(seen.getSouth(), 90),
      east: within(seen.getEast(), 180), north: within(seen.getNorth(), 90), zoom: map.getZoom(),
    });
    try {
      const answer = await fetch(`${place.dataset.view}?${values}`, { signal: mine.signal, redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      draw(await answer.text());
      away.hidden = true;
    } catch (error) {
      if (error.name === "AbortError") return;
      away.hidden = false;
      waiting ??= setTimeout(read, 5 * PAUSE);
    }
    readAt = Date.now();
    list.setAttribute("aria-busy", "false");
  }

  function draw(html) {
    const held = list.contains(document.activeElement) ? document.activeElement.textContent : null;
    list.innerHTML = html;
    if (held) [...list.querySelectorAll("a, button")].find((each) => each.textContent === held)?.focus();
    const drawn = [...list.querySelectorAll("li[data-lat]")].map((item) => {
      const icon = L.divIcon({ className: "pin", iconSize: null, html: item.querySelector("template").innerHTML });
      const mark = L.marker([item.dataset.lat, item.dataset.lng], { icon, keyboard: false, riseOnHover: true });
      mark.on("click", () => {
        if (item.dataset.box) openMembers(item);
        else item.querySelector("a").click();
      });
      return mark;
    });
    marks.clearLayers();
    for (const mark of drawn) marks.addLayer(mark);
  }

  async function openMembers(item) {
    const [boxWest, boxSouth, boxEast, boxNorth] = item.dataset.box.split(",").map(Number);
    behind = { west: boxWest, south: boxSouth, east: boxEast, north: boxNorth };
    dialog.querySelector("h2").textContent = item.querySelector("button").textContent;
    dialog.querySelector("[data-map-behind]").replaceChildren();
    await readMembers("");
    dialog.querySelector("[data-map-nearer]").hidden = map.getZoom() >= map.getMaxZoom();
    dialog.showModal();
  }

  async function readMembers(after) {
    const answer = await fetch(`${place.dataset.members}?${question({ ...behind, after })}`);
    if (answer.ok) dialog.querySelector("[data-map-behind]").insertAdjacentHTML("beforeend", await answer.text());
  }

  place.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { mapState, mapMore } = button.dataset;
    if (mapState) {
      place.dataset.state = place.dataset.state === mapState ? "" : mapState;
      read();
    } else if ("mapMembers" in button.dataset) {
      openMembers(button.closest("li"));
    } else if (mapMore) {
      button.remove();
      readMembers(mapMore);
    } else if ("mapNearer" in button.dataset) {
      dialog.close();
      map.fitBounds([[behind.south, behind.west], [behind.north, behind.east]], { padding: [60, 60], maxZoom: 19 });
    }
  });

  // Where the map stands is a part of the address, so it can be sent to a colleague and is there after going back.
  const kept = /^#map=(-?[\d.]+),(-?[\d.]+),(\d+)$/.exec(location.hash);
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    history.replaceState(history.state, "", `#map=${lat.toFixed(5)},${lng.toFixed(5)},${map.getZoom()}`);
    read();
  });
  if (kept) map.setView([Number(kept[1]), Number(kept[2])], Number(kept[3]));
  else map.fitBounds(whole, { padding: [40, 40], maxZoom: 16 });

  document.body.addEventListener("changed", () => {
    waiting ??= setTimeout(read, Math.max(0, readAt + PAUSE - Date.now()));
  });
}
