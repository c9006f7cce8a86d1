import { keep, kept } from "../../device.js";
import { t } from "../../language.js";
import { canPush, pushState, subscribe, unsubscribe } from "../../push.js";
import { Button, html, toast, useRead, useState } from "../../ui.js";

const KEY = "/api/app/web-push-key"; // a network may have none, and sends no pushes then

/** Offer pushes when there is something to wait for. Who wants none is not asked again. */
export function PushOffer({ children }) {
  const [gone, setGone] = useState(pushState() !== "off" || Notification.permission !== "default" || kept("push-asked"));
  const key = useRead(gone ? null : KEY);
  if (gone || !key.data) return null;
  const end = () => {
    keep("push-asked", true);
    setGone(true);
  };
  const accept = async () => {
    if (await subscribe()) toast(t("We tell you."));
    end();
  };
  return html`<section class="note" data-does="push"><p>${children}</p><div class="actions"><${Button} onPress=${accept}>${t("Tell me")}<//><${Button} quiet onPress=${end}>${t("No, thank you")}<//></div></section>`;
}

/** The switch of this browser, among the preferences. */
export function PushSwitch({ changed }) {
  const [state, setState] = useState(pushState());
  const key = useRead(canPush() ? KEY : null);
  if (!key.data) return null;
  const change = async () => {
    if (state === "on") await unsubscribe();
    else await subscribe();
    setState(pushState());
    await changed();
  };
  return html`<section class="panel"><b>${t("Pushes to this browser")}</b>
    ${state === "denied" ? html`<p class="soft">${t("They are forbidden in the settings of your browser.")}</p>`
      : html`<p class="soft">${state === "on" ? t("It tells you, also while the app is closed.") : t("It tells you nothing while the app is closed.")}</p>
        <${Button} quiet does="push" onPress=${change}>${state === "on" ? t("Switch off") : t("Switch on")}<//>`}</section>`;
}
