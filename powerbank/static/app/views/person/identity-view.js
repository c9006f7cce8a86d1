import { t } from "../../language.js";
import { Icon, html, readMe } from "../../ui.js";
import { Identity } from "./identity.js";

export default function View() {
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 class="unseen" tabindex="-1">${t("Identity")}</h1>
    <section class="panel"><${Identity} done=${readMe} /></section>`;
}
