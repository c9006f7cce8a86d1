// Where somebody is signed in, and the end of a sign-in on a device that is not at hand.

import { date, t, time } from "../../language.js";
import { Button, Icon, More, Read, Refusal, api, html, toast, useList, useState } from "../../ui.js";

const BROWSERS = [["Edg", "Edge"], ["OPR", "Opera"], ["SamsungBrowser", "Samsung Internet"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]];
const SYSTEMS = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS X", "macOS"], ["Linux", "Linux"]];

/** Say in short which device it is, from what its browser says of itself. */
function describe(agent) {
  const names = [BROWSERS, SYSTEMS].map((known) => known.find(([part]) => agent?.includes(part))?.[1]).filter(Boolean);
  return names.join(" · ") || agent?.slice(0, 40) || t("A device");
}

export default function View() {
  const list = useList("/api/users/me/sign-ins");
  const [refused, setRefused] = useState(null);
  const end = (id) => async () => {
    try {
      await api.remove(`/api/users/me/sign-ins/${id}`);
      setRefused(null);
      toast(t("It is signed out."));
      await list.reload();
    } catch (error) {
      setRefused(error);
    }
  };
  return html`<a class="back" href="/app/me"><${Icon} name="back" />${t("Me")}</a><h1 tabindex="-1">${t("Where you are signed in")}</h1>
    <p class="soft">${t("Somewhere that is not yours? Sign it out, and change nothing else: a code comes to your phone only.")}</p>
    <${Refusal} error=${refused} />
    <${Read} of=${list}>${() => html`<ul class="rows">${list.items.map((each) => html`<li class="row" key=${each.id} data-sign-in=${each.ended_at ? "ended" : "open"}>
      <span><b>${describe(each.user_agent)}</b><small>${each.this_one ? t("this device") : each.ended_at ? t("ended on {day}", { day: date(each.ended_at) }) : t("seen on {day}", { day: `${date(each.seen_at)}, ${time(each.seen_at)}` })}</small></span>
      ${!each.this_one && !each.ended_at && html`<${Button} quiet onPress=${end(each.id)}>${t("Sign out there")}<//>`}</li>`)}</ul><${More} list=${list} />`}<//>`;
}
