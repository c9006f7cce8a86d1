// From the station to the power bank, on one page. Whoever is not signed in is asked for that first; the rest is loaded
// meanwhile. Each step stands in the address, so that a reload and the way back from a gateway go on where one was.

import { t } from "../../language.js";
import { Icon, Waiting, api, go, html, useEffect, useRead, useState } from "../../ui.js";
import { SignIn } from "../person/sign-in.js";

export default function View({ params, query }) {
  const sn = encodeURIComponent(params.sn);
  const station = useRead(`/api/stations/${sn}`);
  const [part, setPart] = useState(null);
  const [, again] = useState(0);
  useEffect(() => { if (api.signedIn()) import("./steps.js").then(setPart).catch(() => {}); }, [api.signedIn()]);
  const here = (change) => go(`/app/rent/${sn}?${new URLSearchParams({ ...query, ...change })}`, { replace: true });
  const back = html`<a class="back" href="/app/s/${sn}"><${Icon} name="back" />${station.data?.name || t("Station")}</a>`;
  if (!api.signedIn()) {
    return html`<div>${back}<${SignIn} why=${t("To rent here we need to know who takes the power bank.")} done=${() => again(1)} /></div>`;
  }
  return html`<div>${back}<h1 tabindex="-1">${t("Rent a power bank")}</h1>
    ${part ? html`<${part.Steps} station=${station} query=${query} here=${here} />` : html`<${Waiting} />`}</div>`;
}
