import { t } from "../../language.js";
import { Empty, Icon, Read, html, useRead } from "../../ui.js";
import { Markdown } from "./page.js";

export default function View() {
  const faq = useRead("/api/content/faq");
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Questions and answers")}</h1>
    <${Read} of=${faq}>${({ items }) => items.length
      ? items.map((each) => html`<details class="panel" key=${each.id}><summary>${each.question}</summary><${Markdown} text=${each.answer} /></details>`)
      : html`<${Empty} title=${t("Nothing is written here yet")} />`}<//>
    <p><a href="/app/support/new">${t("Write to us")}</a></p>`;
}
