// One conversation with support: what was said, what waits for the network, and what comes, live or not.

import { keepAnswer, lastAnswer } from "../../device.js";
import { t, time } from "../../language.js";
import { Button, Form, Icon, Read, Refusal, api, go, html, useEffect, useRead, useRef, useState } from "../../ui.js";
import { useUnsent } from "../../unsent.js";
import { Composer, Unsent, useHours } from "../parts/composer.js";
import { PushOffer } from "../parts/push-offer.js";
import { subjectOf } from "./support.js";

const TYPES_FOR = 6_000;
const MARKS_AGAIN = 10_000;

export default function View({ params }) {
  const path = `/api/support/conversations/${params.id}`;
  const conversation = useRead(path);
  const { list, read, error } = useMessages(path);
  const [typing, setTyping] = useState(false);
  const typed = useTyping(path);
  const waiting = useUnsent((entry) => entry.conversation === params.id, read).filter((entry) => !list.some((each) => each.client_id === entry.client_id));
  useEffect(() => {
    let over = null;
    const stop = api.follow([`conversation:${params.id}`], (change) => {
      if (change?.kind === "typing") {
        if (change.id !== "staff") return;
        setTyping(true);
        clearTimeout(over);
        over = setTimeout(() => setTyping(false), TYPES_FOR);
        return;
      }
      if (change) setTyping(false);
      read();
      conversation.reload();
    });
    return () => { stop(); clearTimeout(over); };
  }, [path]);
  useReadMark(path, conversation, list);
  const into = conversation.data?.merged_into;
  useEffect(() => { if (into) go(`/app/support/${into}`, { replace: true }); }, [into]);
  useEffect(() => { setTimeout(() => scrollTo(0, document.body.scrollHeight)); }, [list.length, waiting.length, typing]);
  return html`<a class="back" href="/app/support"><${Icon} name="back" />${t("Write to us")}</a>
    <${Read} of=${conversation}>${(known) => html`
      <h1 tabindex="-1">${subjectOf(known.about)}</h1>
      <${Subject} about=${known.about} />
      ${!list.length && html`<${Refusal} error=${error} />`}
      <ol class="thread" aria-live="polite">${list.map((each) => html`<${Message} key=${each.id} message=${each} seen=${known.read_by_staff} />`)}<${Unsent} of=${waiting} /></ol>
      <p class="soft typing" role="status">${typing && t("Somebody is writing…")}</p>
      <${Ending} known=${known} path=${path} set=${conversation.set} />
      ${known.status !== "closed" && html`<${Composer} to=${{ conversation: params.id }} label=${t("Your message")} typed=${typed} sticky=${known.status !== "solved"} />`}`}<//>`;
}

const PLACES = { rental: (id) => [`/app/rentals/${id}`, t("See the rental")], topup: (id) => [`/app/payment?intent_id=${id}`, t("See the payment")], station: (id) => [`/app/s/${encodeURIComponent(id)}`, t("See the station")] };

function Subject({ about }) {
  const place = about.id && !api.blocked() && PLACES[about.kind]?.(about.id);
  return place && html`<p><a href=${place[0]}>${place[1]}</a></p>`;
}

/** What was said so far, and what is new since then. It stays on the device. */
function useMessages(path) {
  const address = `${path}/messages`;
  const [list, setList] = useState(() => lastAnswer(address)?.data || []);
  const [error, setError] = useState(null);
  const held = useRef(list);
  const last = useRef(Promise.resolve());
  const readNow = async () => {
    try {
      let cursor;
      const after = held.current.at(-1)?.id;
      do {
        const page = await api.get(address, { after, cursor, limit: 100 });
        held.current = [...held.current, ...page.items];
        cursor = page.next_cursor;
      } while (cursor);
      keepAnswer(address, held.current.slice(-100));
      setList(held.current);
      setError(null);
    } catch (refused) {
      setError(refused);
    }
  };
  const read = () => (last.current = last.current.then(readNow)); // one after the other: none is read twice
  useEffect(() => { read(); }, [address]);
  return { list, read, error };
}

/** Tell that all of it was read, when somebody looks at it. */
function useReadMark(path, conversation, list) {
  const newest = list.at(-1)?.id;
  const unread = conversation.data?.unread;
  useEffect(() => {
    let again = null;
    let left = false;
    const mark = () => {
      clearTimeout(again);
      if (left || document.hidden || !newest || !unread) return;
      api.post(`${path}/read`, { up_to: newest }).then(conversation.set).catch(() => { again = setTimeout(mark, MARKS_AGAIN); });
    };
    mark();
    document.addEventListener("visibilitychange", mark);
    return () => {
      left = true;
      document.removeEventListener("visibilitychange", mark);
    };
  }, [newest, unread]);
}

/** Tell staff that somebody is writing, now and then. Nothing of it is kept. */
function useTyping(path) {
  const told = useRef(0);
  return () => {
    if (Date.now() - told.current < TYPES_FOR - 2_000) return;
    told.current = Date.now();
    api.post(`${path}/typing`).catch(() => {});
  };
}

const FROM = { person: () => t("You"), staff: () => t("Support"), system: () => t("What was done") };

function Message({ message, seen }) {
  const read = message.from === "person" && seen >= message.id && t("read");
  return html`<li class="by-${message.from}">
    ${message.text && html`<p>${message.text}</p>`}
    ${message.photo && html`<${Photo} path=${message.photo} />`}
    <small>${[FROM[message.from](), time(message.at), read].filter(Boolean).join(" · ")}</small></li>`;
}

/** A picture that only its person may see, so it is asked for with their token. */
function Photo({ path }) {
  const [shown, setShown] = useState(null);
  useEffect(() => {
    let address = null;
    api.getBlob(path).then((blob) => setShown(address = URL.createObjectURL(blob))).catch(() => {});
    return () => address && URL.revokeObjectURL(address);
  }, [path]);
  return shown ? html`<img class="photo" src=${shown} alt=${t("A picture")} />` : html`<p class="soft">${t("A picture")}</p>`;
}

function Ending({ known, path, set }) {
  const ended = ["solved", "closed"].includes(known.status);
  const hours = useHours();
  const rate = async ({ score, comment }) => {
    if (!score) return;
    set(await api.post(`${path}/rating`, { score: Number(score), ...(comment.trim() ? { comment: comment.trim() } : {}) }, { repeats: true }));
  };
  if (!ended) {
    return html`${!api.blocked() && html`<${PushOffer}>${t("Shall we tell you when we have answered?")}<//>`}${known.status === "open" && html`<p class="soft">${hours}</p>`}
      ${known.status === "waiting" && html`<p><button class="link" onClick=${async () => set(await api.post(`${path}/solved`, {}, { repeats: true }))}>${t("My question is answered")}</button></p>`}`;
  }
  return html`<p class="note good">${known.status === "closed" ? t("This conversation is closed.") : t("This is solved. Write, and it goes on.")}</p>
    ${known.status === "closed" && html`<a class="button wide" href="/app/support/new">${t("Ask something")}</a>`}
    ${known.rating === null ? html`<section class="panel"><${Form} send=${rate} button=${t("Tell us")} busyText=${t("Sending…")}>
      <fieldset><legend>${t("How did we do?")}</legend><div class="places">${[1, 2, 3, 4, 5].map((score) => html`<label key=${score}><input type="radio" name="score" value=${score} /><span aria-hidden="true">${"★".repeat(score)}</span><span class="unseen">${t("{count} of 5", { count: score })}</span></label>`)}</div></fieldset>
      <div class="field"><label for="comment">${t("Anything else? (if you like)")}</label><input id="comment" name="comment" maxlength="1000" /></div><//></section>`
      : html`<p class="soft">${t("You gave us {count} of 5. Thank you.", { count: known.rating })}</p>`}`;
}
