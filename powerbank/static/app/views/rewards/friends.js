// Bringing a friend: the code, a link to share, and who came.

import { date, t } from "../../language.js";
import { Button, Empty, Icon, More, Read, Row, html, toast, useList, useRead } from "../../ui.js";

const STATES = { noted: () => t("has not rented yet"), awarded: () => t("you got your points"), rejected: () => t("does not count") };

export default function View() {
  const code = useRead("/api/referrals/my-code");
  const friends = useList("/api/referrals", { limit: 20 });
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Bring a friend")}</h1>
    <p>${t("Your friend gets points for joining with your code, and you get points when they have rented for the first time.")}</p>
    <${Read} of=${code}>${({ code: mine }) => html`<section class="stage"><span class="big clock code-shown">${mine}</span></section><${Share} code=${mine} />`}<//>
    <h2>${t("Who came")}</h2>
    <${Read} of=${friends}>${() => friends.items.length
      ? html`<ul class="rows">${friends.items.map((each) => html`<${Row} key=${each.id} title=${each.invitee.username || t("somebody who has left")} note=${date(each.created_at)} value=${(STATES[each.status] || STATES.noted)()} />`)}</ul><${More} list=${friends} />`
      : html`<${Empty} title=${t("Nobody yet")}><p>${t("Share your code, and your friends stand here.")}</p><//>`}<//>`;
}

function Share({ code }) {
  const url = `${location.origin}/app/?ref=${encodeURIComponent(code)}`;
  const text = t("Rent a power bank with me. My code is {code}:", { code });
  const share = async () => {
    if (navigator.share) return navigator.share({ title: "Powerbank", text, url }).catch(() => {});
    await navigator.clipboard.writeText(`${text} ${url}`);
    return toast(t("Copied."));
  };
  return html`<${Button} wide onPress=${share}>${"share" in navigator ? t("Share") : t("Copy the link")}<//>`;
}
