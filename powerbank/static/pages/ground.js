/* global L, maplibregl, protomapsL */

// Lays the operator's ground under the marks: a PMTiles archive or a style of MapLibre.
export async function lay(map, files) {
  map.attributionControl.setPrefix(false);
  if (new URL(files.ground).pathname.endsWith(".pmtiles")) {
    await load(files.protomapsLeafletJs);
    const flavor = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    protomapsL.leafletLayer({ url: files.ground, flavor, lang: document.documentElement.lang }).addTo(map);
    return;
  }
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: files.maplibreGlCss }));
  await load(files.maplibreGlJs);
  maplibregl.setWorkerUrl(files.maplibreGlWorkerJs);
  await load(files.leafletMaplibreGlJs);
  L.maplibreGL({ style: files.ground, interactive: false }).addTo(map);
}

function load(src) {
  return new Promise((done, failed) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: done, onerror: failed }));
  });
}
