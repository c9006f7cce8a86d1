// Plots over time, and the table that says the same. `data-plot` is an address that answers
//   {"zone": "Asia/Kathmandu", "times": [seconds…],
//    "series": [{"label": "Charge", "unit": "%", "tone": "brand", "steps": false, "values": [1, null…]}],
//    "bands": [{"from": seconds, "to": seconds, "tone": "bad", "label": "offline"}]}
// A unit of its own has a scale of its own, at most two. The numbers are read again when the page hears of a change.
/* global uPlot */

const PAUSE = 30_000; // between two readings: a plot of a day changes slowly
const HEIGHT = 230;
const HALF_A_DAY = 43_200; // seconds
const INCREMENTS = [...Array(8).keys()].flatMap((power) => [1, 2, 2.5, 5].map((each) => each * 10 ** power)).filter(Number.isInteger);
const LANGUAGE = document.documentElement.lang;
const PATTERNS = { brand: [], busy: [6, 4], warn: [2, 3], good: [10, 3, 2, 3] }; // a line is told by more than its colour

for (const place of document.querySelectorAll("[data-plot]")) begin(place);

function begin(place) {
  const ground = place.querySelector("[data-plot-ground]");
  const away = place.querySelector("[data-plot-away]");
  const empty = place.querySelector("[data-plot-empty]");
  let plot = null, told = null, readAt = 0, waiting = null;

  async function read() {
    waiting = null;
    try {
      const answer = await fetch(place.dataset.plot, { redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      told = await answer.json();
      away.hidden = true;
      draw();
      write();
    } catch {
      away.hidden = false;
    }
    readAt = Date.now();
    ground.setAttribute("aria-busy", "false");
  }

  function draw() {
    plot?.destroy();
    plot = null;
    empty.hidden = told.times.length > 0;
    ground.hidden = told.times.length === 0;
    if (ground.hidden) return;
    const colour = (name) => getComputedStyle(place).getPropertyValue(`--${name}`).trim();
    const units = [...new Set(told.series.map((each) => each.unit))];
    const line = { stroke: colour("soft"), font: "12px system-ui", grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
    const isOne = told.times.length === 1;
    const options = {
      width: ground.clientWidth, height: HEIGHT, tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), told.zone),
      legend: { live: false }, cursor: { points: { size: 6 }, drag: { setScale: false } },
      // A single moment is drawn as points, in the middle of a day.
      scales: Object.fromEntries([["x", { range: (_, first, last) => (isOne ? [first - HALF_A_DAY, first + HALF_A_DAY] : [first, last]) }], ...units.map((unit) => [unit, { range: (_, least, most) => [Math.min(0, least ?? 0), unit === "%" ? 100 : Math.max(4, most ?? 4, least ?? 0)] }])]),
      axes: [
        { ...line, space: 70, values: (_, marks) => marks.map((mark) => moment(mark, marks.at(-1) - marks[0] > 172_800)) },
        ...units.map((unit, number) => ({
          ...line, scale: unit, side: number ? 1 : 3, size: wide, grid: number ? { show: false } : line.grid,
          incrs: INCREMENTS, values: (_, marks) => marks.map((mark) => written(mark, unit)),
        })),
      ],
      series: [
        { value: (_, seconds) => (seconds === null ? "" : moment(seconds, true, true)) },
        ...told.series.map((each) => ({
          label: each.label, scale: each.unit, stroke: colour(each.tone), width: 2, dash: PATTERNS[each.tone], points: { show: isOne },
          paths: each.steps ? uPlot.paths.stepped({ align: 1 }) : undefined, spanGaps: false,
        })),
      ],
      hooks: { drawClear: [shade] },
    };
    plot = new uPlot(options, [told.times, ...told.series.map((each) => each.values)], ground);

    function shade(drawn) {
      const { ctx, bbox } = drawn;
      ctx.save();
      for (const band of told.bands ?? []) {
        const from = Math.max(bbox.left, drawn.valToPos(band.from, "x", true));
        const to = Math.min(bbox.left + bbox.width, drawn.valToPos(band.to, "x", true));
        if (to < from) continue;
        const wide = Math.max(2, to - from);
        ctx.globalAlpha = 0.16;
        ctx.fillStyle = colour(band.tone);
        ctx.fillRect(from, bbox.top, wide, bbox.height);
        ctx.globalAlpha = 1;
        ctx.fillRect(from, bbox.top, wide, 4 * devicePixelRatio);
        ctx.font = `${11 * devicePixelRatio}px system-ui`;
        if (ctx.measureText(band.label).width + 8 < wide) ctx.fillText(band.label, from + 4, bbox.top + 17 * devicePixelRatio);
      }
      ctx.restore();
    }
  }

  // The table has some of the moments only: who reads it wants the course, and the list of all is in the API.
  function write() {
    const table = place.querySelector("details tbody"), heads = place.querySelector("details thead tr");
    const every = Math.max(1, Math.ceil(told.times.length / 24));
    heads.replaceChildren(...[place.dataset.when, ...told.series.map((each) => each.label)].map((text) => cell("th", text)));
    table.replaceChildren(...told.times.map((seconds, number) => [seconds, number]).filter(([, number]) => number % every === 0).map(([seconds, number]) => {
      const row = document.createElement("tr");
      row.append(cell("td", moment(seconds, true, true)), ...told.series.map((each) => cell("td", written(each.values[number], each.unit))));
      return row;
    }));
  }

  function cell(kind, text) {
    const made = Object.assign(document.createElement(kind), { textContent: text });
    if (kind === "th") made.scope = "col";
    return made;
  }
  function written(value, unit) {
    return value === null || value === undefined ? "–" : digits(`${value.toLocaleString("en-IN")}${unit === "%" ? " %" : ""}`);
  }
  // As wide as the longest of the numbers along it: revenue of a day may be millions.
  function wide(_, marks) {
    return Math.max(48, ...(marks ?? []).map((mark) => mark.length * 7 + 18));
  }
  // A browser that does not know the language of the page writes days as numbers, and all digits as the page does.
  function moment(seconds, withDay, withTime = !withDay) {
    const known = Intl.DateTimeFormat.supportedLocalesOf(LANGUAGE).length > 0;
    const day = withDay ? { day: "numeric", month: known ? "short" : "numeric" } : {};
    const time = withTime ? { hour: "2-digit", minute: "2-digit", hour12: false } : {};
    return digits(new Intl.DateTimeFormat(known ? LANGUAGE : "en-GB", { ...day, ...time, timeZone: told.zone }).format(seconds * 1000));
  }
  function digits(text) {
    return LANGUAGE === "ne" ? text.replace(/\d/g, (digit) => "०१२३४५६७८९"[digit]) : text;
  }

  new ResizeObserver(() => plot?.setSize({ width: ground.clientWidth, height: HEIGHT })).observe(ground);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => told && draw());
  document.body.addEventListener("changed", () => {
    waiting ??= setTimeout(read, Math.max(0, readAt + PAUSE - Date.now()));
  });
  read();
}
