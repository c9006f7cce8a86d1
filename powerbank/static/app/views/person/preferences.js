// What somebody wants to hear of, and where.

import { date, digits, t } from "../../language.js";
import { PushSwitch } from "../parts/push-offer.js";
import { Button, Icon, Read, api, html, toast, explain, useRead } from "../../ui.js";

const GROUPS = {
  security: () => t("Safety of your account"), payments: () => t("Your money"), rentals: () => t("Your rentals"), wallet: () => t("A low balance"),
  rewards: () => t("Points and coupons"), account: () => t("Your account"), stations: () => t("What you reported"), announcements: () => t("News"),
};
const PLACES = [["push", () => t("Push")], ["sms", () => t("SMS")], ["email", () => t("E-mail")]];

export default function View() {
  const known = useRead("/api/users/me/notification-preferences");
  const change = (group, place) => async (event) => {
    try {
      known.set(await api.put("/api/users/me/notification-preferences", { groups: [{ group, [place]: event.target.checked }] }));
    } catch (error) {
      toast(explain(error));
      known.reload();
    }
  };
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("What we tell you, and where")}</h1>
    <${Read} of=${known}>${({ groups, quiet_hours }) => html`<p class="soft">${t("Nobody is woken between {hours}, unless it is urgent.", { hours: digits(quiet_hours.replace("-", "–")) })}</p>
      ${groups.map((each) => html`<fieldset class="panel" key=${each.group}><legend class="unseen">${GROUPS[each.group]()}</legend><b>${GROUPS[each.group]()}</b>
        ${each.locked && html`<p class="soft"><small>${t("This cannot be switched off.")}</small></p>`}
        <div class="places">${PLACES.map(([place, words]) => html`<label><input type="checkbox" checked=${each[place]} disabled=${each.locked} onChange=${change(each.group, place)} />${words()}</label>`)}</div></fieldset>`)}`}<//>
    <${Devices} />`;
}

const PLATFORMS = { android: () => t("Android"), ios: () => t("iPhone"), web: () => t("Browser") };

/** The devices that get pushes; a native app registers its own. */
function Devices() {
  const devices = useRead("/api/users/me/devices");
  const remove = (id) => async () => {
    await api.remove(`/api/users/me/devices/${id}`);
    await devices.reload();
  };
  if (!devices.data?.items.length) return html`<${PushSwitch} changed=${devices.reload} />`;
  return html`<${PushSwitch} changed=${devices.reload} /><section><h2>${t("Devices that get pushes")}</h2><ul class="rows">${devices.data.items.map((each) => html`<li class="row" key=${each.id}>
    <span><b>${(PLATFORMS[each.platform] || PLATFORMS.web)()}</b><small>${t("seen on {day}", { day: date(each.seen_at) })}</small></span><${Button} quiet onPress=${remove(each.id)}>${t("Remove")}<//></li>`)}</ul></section>`;
}
