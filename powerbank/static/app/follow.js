// What changes, told by the server's stream of events, and found by looking where there is none. It imports nothing.

const SLOWLY = 20_000;
const QUIET = 120_000;
const spread = (ms) => ms * (0.75 + Math.random() / 2);

/**
 * Call `changed` whenever something of some topics may have changed: told by the stream, or every 20 s without one.
 * @param {object} of
 * @param {() => Promise<{url: string}>} of.ticket asks for the stream of the topics, such as `["me", "rental:…"]`
 * @param {(change: {topic: string, kind: string, id?: string, version?: number}|null) => void} of.changed
 * @param {(live: boolean) => void} [of.tell]
 * @returns {() => void} stops it
 */
export function follow({ ticket, changed, tell = () => {} }) {
  let stream = null;
  let stopped = false;
  let again = null;
  let quiet = null;
  let live = false;
  const become = (state) => {
    if (state !== live) tell(state);
    live = state;
  };
  const slowly = setInterval(() => { if (!live && !document.hidden) changed(null); }, SLOWLY);
  const retry = (ms) => {
    clearTimeout(again);
    if (!stopped) again = setTimeout(open, spread(ms));
  };
  const close = () => {
    stream?.close();
    stream = null;
    clearTimeout(quiet);
    become(false);
  };
  // A stream may be dead without anybody noticing, on a phone that has changed its network: then this finds what changed.
  const heard = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      if (!document.hidden) changed(null);
      heard();
    }, QUIET);
  };
  async function open() {
    if (stopped || stream) return;
    let url;
    try {
      ({ url } = await ticket());
    } catch (error) {
      if (error.status !== 401 && error.status !== 403) retry(SLOWLY);
      return;
    }
    if (stopped) return;
    let pause = 5000;
    stream = new EventSource(url);
    stream.addEventListener("hello", () => { heard(); become(true); changed(null); });
    stream.addEventListener("changed", (event) => { heard(); changed(JSON.parse(event.data)); });
    stream.addEventListener("bye", (event) => {
      const { reason, retry_ms } = JSON.parse(event.data);
      pause = ["restart", "unavailable"].includes(reason) ? retry_ms : null;
    });
    stream.onerror = () => {
      close();
      if (pause !== null) retry(pause);
    };
  }
  const back = () => {
    if (!stream && !document.hidden) { changed(null); retry(50); }
  };
  addEventListener("online", back);
  document.addEventListener("visibilitychange", back);
  open();
  return () => {
    stopped = true;
    clearInterval(slowly);
    clearTimeout(again);
    removeEventListener("online", back);
    document.removeEventListener("visibilitychange", back);
    close();
  };
}
