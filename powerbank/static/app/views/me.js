// The person: who they are here, and the doors to the rest.

import { t } from "../language.js";
import { Button, Row, api, go, html, readMe, useEffect, useStore } from "../ui.js";

export default function View() {
  const { me } = useStore();
  useEffect(() => { readMe(); }, []);
  const leave = (everywhere) => async () => {
    await api.signOut({ everywhere });
    go("/app/", { replace: true });
  };
  return html`<h1 tabindex="-1">${me ? [me.first_name, me.last_name].filter(Boolean).join(" ") || me.username : t("Me")}</h1>
    ${me && html`<p class="soft">${[me.username, me.phone, me.email].filter(Boolean).join(" · ")}</p>`}
    <ul class="rows">
      <${Row} href="/app/rentals" title=${t("Rentals")} />
      <${Row} href="/app/wallet" title=${t("Wallet")} />
    </ul>
    <div class="actions">
      <${Button} quiet onPress=${leave(false)}>${t("Sign out")}<//>
      <${Button} quiet onPress=${leave(true)}>${t("Sign out everywhere")}<//>
    </div>`;
}
