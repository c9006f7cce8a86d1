// Keeps a page fresh. The page names its topics and where its tickets are; what shall be read again listens for `changed`
// on the body (hx-trigger="changed from:body"). Without a stream it is read again every 20 seconds, and the page says so.

const SLOWLY = 20_000;
const PAUSE = 1_000; // between two readings: a list of a large network hears of changes all the time
const { liveTopics, liveTickets, csrf } = document.body.dataset;
const state = document.querySelector("[data-live-state]");
let live = false;
let missed = false;

// Nothing moves under the hand of somebody who has chosen rows, writes, or is asked something.
const busy = () => document.hidden || document.querySelector("dialog[open], main [name=id]:checked")
  || (!("liveBesideWriting" in document.body.dataset) && document.activeElement?.matches("main input, main select, main textarea"));

// Somebody is there or writes: nothing has changed, and whom it concerns hears of it.
const ONLY_TOLD = ["typing", "presence"];

let readAt = 0;
let waiting = null;

// Reads at once, or when the pause after the last reading is over, so that the newest change is never left out.
function read() {
  waiting ??= setTimeout(() => {
    waiting = null;
    readAt = Date.now();
    missed = Boolean(busy());
    if (!missed) document.body.dispatchEvent(new Event("changed"));
  }, Math.max(0, readAt + PAUSE - Date.now()));
}

// Between question and answer somebody may have begun to choose or to write: such an answer is let go.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.elt.getAttribute("hx-trigger")?.startsWith("changed") && busy()) {
    event.detail.shouldSwap = false;
    missed = true;
  }
});
for (const end of ["focusout", "close", "change"]) {
  document.addEventListener(end, () => { if (missed) setTimeout(read, PAUSE); }, true);
}

function become(now) {
  live = now;
  state.hidden = false;
  state.dataset.state = live ? "live" : "not-live";
}

async function askForTicket() {
  const body = new FormData();
  for (const topic of liveTopics.split(" ")) body.append("topic", topic);
  const answer = await fetch(liveTickets, { method: "POST", body, headers: { "X-CSRFToken": csrf }, redirect: "manual" });
  if (!answer.ok) throw new Error("no ticket");
  return (await answer.json()).url;
}

async function open() {
  let stream;
  try {
    stream = new EventSource(await askForTicket());
  } catch {
    become(false);
    setTimeout(open, SLOWLY * (0.5 + Math.random()));
    return;
  }
  let pause = 5_000 + Math.random() * 5_000;
  stream.addEventListener("hello", () => {
    become(true);
    read(); // what happened since the page was made, or since the stream before
  });
  stream.addEventListener("changed", (event) => {
    const change = JSON.parse(event.data);
    if (ONLY_TOLD.includes(change.kind)) document.body.dispatchEvent(new CustomEvent("told", { detail: change }));
    else read();
  });
  stream.addEventListener("bye", (event) => {
    const { reason, retry_ms: retry } = JSON.parse(event.data);
    pause = ["restart", "unavailable"].includes(reason) ? retry : null;
  });
  stream.onerror = () => {
    stream.close();
    become(false);
    if (pause !== null) setTimeout(open, pause);
  };
}

if (liveTickets && state) {
  setInterval(() => { if (!live || missed) read(); }, SLOWLY);
  document.addEventListener("visibilitychange", () => { if (missed) read(); });
  open();
}
