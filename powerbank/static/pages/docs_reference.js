// Draws the reference with Redoc. It asks no other host: what it would tell its makers is switched off.

const place = document.getElementById("content");
const { init } = await import(place.dataset.redoc);

// A guide leads here with `?route=POST /api/rentals/initiate`, which becomes the address that Redoc has for it.
const wanted = new URLSearchParams(location.search).get("route");
if (wanted) {
  const [method, path] = wanted.split(" ");
  const described = await (await fetch("/openapi.json")).json();
  const operation = described.paths[path]?.[method.toLowerCase()];
  if (operation) {
    const tag = operation.tags[0].toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    const pointer = path.replaceAll("~", "~0").replaceAll("/", "~1");
    history.replaceState(null, "", `/docs/reference#/${tag}/paths/${pointer}/${method.toLowerCase()}`);
  }
}

init("/openapi.json", { disableTelemetry: true, hideDownloadButtons: true }, place);
