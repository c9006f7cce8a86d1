// The person: who they are here, and the doors to the rest.

import { number, t } from "../../language.js";
import { Button, Row, api, go, html, readMe, useEffect, useRead, useStore } from "../../ui.js";

const KYC = { none: () => t("not given yet"), pending: () => t("being checked"), approved: () => t("checked"), rejected: () => t("not accepted") };

export default function View() {
  const { me, unread } = useStore();
  const usage = useRead("/api/users/me/usage");
  const conversations = useRead("/api/support/conversations", { query: { limit: 20 } });
  const written = (conversations.data?.items || []).reduce((sum, each) => sum + each.unread, 0);
  useEffect(() => { readMe(); }, []);
  const leave = (everywhere) => async () => {
    await api.signOut({ everywhere });
    go("/app/", { replace: true });
  };
  return html`<header class="person">${me?.avatar_url && html`<img src=${me.avatar_url} alt="" width="72" height="72" />`}<div>
      <h1 tabindex="-1">${me ? [me.first_name, me.last_name].filter(Boolean).join(" ") || me.username : t("Me")}</h1>
      ${me && html`<p class="soft">${[me.phone, me.email].filter(Boolean).join(" · ")}</p>`}</div></header>
    ${usage.data && html`<div class="numbers"><div><b>${number(usage.data.rentals)}</b><span>${t("rentals so far")}</span></div><div><b>${number(usage.data.points)}</b><span>${t("points")}</span></div></div>`}
    <ul class="rows">
      <${Row} href="/app/notices" title=${t("Notices")} value=${unread > 0 ? t("{count} new", { count: unread }) : null} />
      <${Row} href="/app/points" title=${t("Points and achievements")} />
      <${Row} href="/app/friends" title=${t("Bring a friend")} />
      <${Row} href="/app/coupons" title=${t("Coupons")} />
    </ul>
    <ul class="rows">
      <${Row} href="/app/profile" title=${t("Profile")} value=${me && !me.profile_complete ? t("incomplete") : null} />
      <${Row} href="/app/identity" title=${t("Identity")} value=${me ? KYC[me.kyc_status]() : null} />
      <${Row} href="/app/preferences" title=${t("What we tell you, and where")} />
      <${Row} href="/app/sign-ins" title=${t("Where you are signed in")} />
    </ul>
    <ul class="rows">
      <${Row} href="/app/help" title=${t("Questions and answers")} />
      <${Row} href="/app/support" title=${t("Write to us")} value=${written > 0 ? t("{count} new", { count: written }) : null} />
      <${Row} href="/app/pages/about" title=${t("About us")} />
      <${Row} href="/app/pages/terms-of-service" title=${t("Terms of service")} />
      <${Row} href="/app/pages/privacy-policy" title=${t("Privacy policy")} />
    </ul>
    <div class="actions">
      <${Button} quiet onPress=${leave(false)}>${t("Sign out")}<//>
      <${Button} quiet onPress=${leave(true)}>${t("Sign out everywhere")}<//>
      <a class="button danger" href="/app/leave">${t("End the account")}</a>
    </div>`;
}
