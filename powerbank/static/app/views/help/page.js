// A page that the network has written: terms, privacy, about, contact.

import { date, t } from "../../language.js";
import { Icon, Read, html, useRead } from "../../ui.js";

export default function View({ params }) {
  const page = useRead(`/api/content/${params.slug}`);
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><${Read} of=${page}>${(known) => html`
    <h1 tabindex="-1">${known.title}</h1><${Markdown} text=${known.body} /><p class="soft"><small>${t("As of {day}", { day: date(known.published_at) })}</small></p>`}<//>`;
}

/** Headings, lists, bold words and links: what such pages are written with. Nothing of it is taken as HTML. */
export function Markdown({ text }) {
  return text.split(/\n{2,}/).map((block) => {
    const heading = /^(#{1,3})\s+(.*)$/.exec(block);
    if (heading) return html`<h2>${inline(heading[2])}</h2>`;
    const lines = block.split("\n");
    if (lines.every((line) => /^[-*]\s+/.test(line))) return html`<ul>${lines.map((line) => html`<li>${inline(line.replace(/^[-*]\s+/, ""))}</li>`)}</ul>`;
    if (lines.every((line) => /^\d+\.\s+/.test(line))) return html`<ol>${lines.map((line) => html`<li>${inline(line.replace(/^\d+\.\s+/, ""))}</li>`)}</ol>`;
    return html`<p>${inline(block)}</p>`;
  });
}

function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|\[[^\]]+\]\((?:https:|mailto:|tel:|\/)[^)\s]*\))/).map((part) => {
    if (part.startsWith("**")) return html`<b>${part.slice(2, -2)}</b>`;
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
    return link ? html`<a href=${link[2]} rel="noreferrer">${link[1]}</a>` : part;
  });
}
