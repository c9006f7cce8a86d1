import { t } from "../../language.js";
import { html } from "../../ui.js";

export default function View() {
  return html`<h1 tabindex="-1">${t("There is nothing here")}</h1>
    <p>${t("The link may be an old one, or mistyped.")}</p><p><a class="button" href="/app/">${t("To the stations")}</a></p>`;
}
