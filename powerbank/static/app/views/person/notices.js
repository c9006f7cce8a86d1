// What somebody was told: read, unread, gone.

import { t, time } from "../../language.js";
import { Button, Empty, Icon, More, Read, api, html, update, store, useList } from "../../ui.js";

export default function View({ query }) {
  const unread = query.unread === "1";
  const list = useList("/api/notifications", { limit: 20, ...(unread ? { unread: true } : {}) });
  const all = async () => {
    await api.post("/api/notifications/mark-all-read");
    update({ unread: 0 });
    await list.reload();
  };
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Notices")}</h1>
    <div class="chips"><a class="button chip" aria-current=${unread ? null : "page"} href="/app/notices">${t("All")}</a><a class="button chip" aria-current=${unread ? "page" : null} href="/app/notices?unread=1">${t("Unread")}</a></div>
    ${store.unread > 0 && html`<${Button} quiet onPress=${all}>${t("Mark all as read")}<//>`}
    <${Read} of=${list}>${() => list.items.length
      ? html`<ul class="rows">${list.items.map((each) => html`<${Notice} key=${each.id} notice=${each} changed=${list.reload} />`)}</ul><${More} list=${list} />`
      : html`<${Empty} title=${unread ? t("All is read") : t("No notices yet")}><p>${t("What concerns your rentals and your money stands here.")}</p><//>`}<//>`;
}

function Notice({ notice, changed }) {
  const mark = async () => {
    await api.patch(`/api/notifications/${notice.id}`, { read: !notice.read });
    update({ unread: Math.max(0, store.unread + (notice.read ? 1 : -1)) });
    await changed();
  };
  const remove = async () => {
    await api.remove(`/api/notifications/${notice.id}`);
    if (!notice.read) update({ unread: Math.max(0, store.unread - 1) });
    await changed();
  };
  const { rental_id: rental, conversation_id: conversation } = notice.data;
  return html`<li class="notice ${notice.read ? "" : "new"}"><b>${notice.title}</b><p>${notice.body}</p><small>${time(notice.created_at)}</small>
    <div class="actions">${rental && html`<a class="button quiet" href="/app/rentals/${rental}">${t("See the rental")}</a>`}${conversation && html`<a class="button quiet" href="/app/support/${conversation}">${t("See the conversation")}</a>`}
      <${Button} quiet onPress=${mark}>${notice.read ? t("Mark as unread") : t("Mark as read")}<//><${Button} quiet onPress=${remove} label=${t("Remove: {title}", { title: notice.title })}>${t("Remove")}<//></div></li>`;
}
