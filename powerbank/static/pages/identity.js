// The pictures of a document: they are turned, made larger and moved, by keys, by buttons and by hand. The keys act on the
// picture that was chosen last.

const pictures = new Map();
const stage = document.querySelector("[data-pictures]");
const MOST = 8;

for (const figure of stage?.querySelectorAll("[data-side]") ?? []) {
  pictures.set(figure.dataset.side, { figure, image: figure.querySelector("img"), zoom: 1, turn: 0, x: 0, y: 0 });
}
let chosen = pictures.get("front") ?? [...pictures.values()][0];

function draw(picture) {
  const { figure, image, zoom, turn, x, y } = picture;
  // A picture that lies on its side is as wide as its frame is high, so it is made small enough to be seen whole.
  const fits = turn % 180 ? Math.min(figure.clientWidth / figure.clientHeight, figure.clientHeight / figure.clientWidth) : 1;
  image.style.transform = `translate(${x}px, ${y}px) rotate(${turn}deg) scale(${zoom * fits})`;
}

function choose(side) {
  chosen = pictures.get(side) ?? chosen;
  for (const { figure } of pictures.values()) figure.classList.toggle("chosen", figure === chosen.figure);
  for (const button of stage.querySelectorAll("[data-picture]")) {
    button.setAttribute("aria-pressed", String(button.dataset.picture === chosen.figure.dataset.side));
  }
}

function zoom(picture, factor) {
  picture.zoom = Math.min(MOST, Math.max(1, picture.zoom * factor));
  if (picture.zoom === 1) picture.x = picture.y = 0;
  draw(picture);
}

stage?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !chosen) return;
  const { picture, turns, zooms } = button.dataset;
  if (picture) choose(picture);
  if (turns) { chosen.turn = (chosen.turn + Number(turns) + 360) % 360; draw(chosen); }
  if (zooms) zoom(chosen, Number(zooms));
  if ("straight" in button.dataset) { Object.assign(chosen, { zoom: 1, turn: 0, x: 0, y: 0 }); draw(chosen); }
});

for (const picture of pictures.values()) {
  const { figure } = picture;
  figure.addEventListener("focus", () => choose(figure.dataset.side));
  figure.addEventListener("pointerdown", (event) => {
    choose(figure.dataset.side);
    figure.setPointerCapture(event.pointerId);
    figure.classList.add("held");
  });
  figure.addEventListener("pointermove", (event) => {
    if (!figure.classList.contains("held") || picture.zoom === 1) return;
    picture.x += event.movementX;
    picture.y += event.movementY;
    draw(picture);
  });
  for (const end of ["pointerup", "pointercancel"]) figure.addEventListener(end, () => figure.classList.remove("held"));
  figure.addEventListener("dblclick", () => zoom(picture, picture.zoom > 1 ? 1 / MOST : 2.5));
  figure.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(picture, event.deltaY < 0 ? 1.2 : 1 / 1.2);
  }, { passive: false });
}

const ARROWS = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) {
    const wanted = event.target.matches("input:not([type=radio])") ? null : dialog.querySelector(`[data-digit="${CSS.escape(event.key)}"]`);
    if (wanted) { event.preventDefault(); wanted.checked = true; wanted.focus(); }
    return;
  }
  const step = ARROWS[event.key];
  if (!step || !chosen || chosen.zoom === 1 || event.target.matches("input, textarea, select")) return;
  event.preventDefault();
  chosen.x += step[0];
  chosen.y += step[1];
  draw(chosen);
});
