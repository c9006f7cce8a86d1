// The beginning of a conversation: answers that are there already are offered first.

import { t } from "../../language.js";
import { Icon, api, go, html, useEffect, useRef, useState } from "../../ui.js";
import { useUnsent } from "../../unsent.js";
import { Composer, Unsent, useHours } from "../parts/composer.js";
import { Markdown } from "./page.js";
import { subjectOf } from "./support.js";

export default function View({ query }) {
  const about = { kind: query.about || "other", ...(query.id ? { id: query.id } : {}) };
  const same = (other) => other?.kind === about.kind && (other.id || null) === (about.id || null);
  const [typed, setTyped] = useState("");
  const answers = useSuggestions(typed);
  const hours = useHours();
  const see = (id) => go(`/app/support/${id}`, { replace: true });
  const waiting = useUnsent((entry) => same(entry.about), (answer) => see(answer.id));
  // About each thing there is one conversation that goes on.
  useEffect(() => {
    api.get("/api/support/conversations", { limit: 50 }).then(({ items }) => {
      const known = items.find((each) => each.status !== "closed" && same(each.about));
      if (known) see(known.id);
    }).catch(() => {});
  }, []);
  return html`<a class="back" href="/app/support"><${Icon} name="back" />${t("Write to us")}</a>
    <h1 tabindex="-1">${about.kind === "other" ? t("Ask something") : subjectOf(about)}</h1>
    <p class="soft">${hours}</p>
    <ol class="thread"><${Unsent} of=${waiting} /></ol>
    <${Composer} to=${{ about }} label=${t("What is it about?")} typed=${setTyped} />
    <div role="status">${answers.length > 0 && html`<h2>${t("Does this help?")}</h2>`}</div>
    ${answers.map((each) => html`<details class="panel" key=${each.question}><summary>${each.question}</summary><${Markdown} text=${each.answer} /></details>`)}`;
}

/** Answers of the FAQ that fit what is being typed. */
function useSuggestions(text) {
  const [found, setFound] = useState([]);
  const newest = useRef("");
  useEffect(() => {
    newest.current = text;
    if (text.trim().length < 4) return setFound([]);
    const later = setTimeout(() => {
      api.get("/api/support/suggestions", { text: text.trim() }).then(({ items }) => newest.current === text && setFound(items)).catch(() => {});
    }, 500);
    return () => clearTimeout(later);
  }, [text]);
  return found;
}
