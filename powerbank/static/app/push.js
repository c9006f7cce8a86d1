// Pushes to this browser: subscribed to when somebody asks for them, and kept up at each start.

import { keep, kept } from "./device.js";
import { api } from "./ui.js";

const DEVICES = "/api/users/me/devices";

export const canPush = () => "serviceWorker" in navigator && "PushManager" in self && "Notification" in self;

/** Whether this browser gets pushes: "on", "off", "denied" (in its settings), or "none" where it cannot. */
export function pushState() {
  if (!canPush()) return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && kept("push")?.id ? "on" : "off";
}

/** Subscribe, and register the subscription. The browser asks the person, if it has not yet. */
export async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const { public_key } = await api.get("/api/app/web-push-key");
  const { pushManager } = await navigator.serviceWorker.ready;
  const applicationServerKey = decode(public_key);
  let subscription = await pushManager.getSubscription();
  if (subscription && !same(subscription.options.applicationServerKey, applicationServerKey)) {
    await subscription.unsubscribe(); // the network has a new key
    subscription = null;
  }
  subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  const { id } = await api.post(DEVICES, { platform: "web", subscription: subscription.toJSON() }, { repeats: true });
  keep("push", { id });
  return true;
}

/** Let this browser get no more pushes. */
export async function unsubscribe() {
  const { pushManager } = await navigator.serviceWorker.ready;
  await (await pushManager.getSubscription())?.unsubscribe();
  const id = kept("push")?.id;
  keep("push", { off: true });
  if (id) await api.remove(`${DEVICES}/${id}`).catch((error) => { if (error.status !== 404) throw error; });
}

/** At a start: a browser changes its subscription when it likes, and a push ends with the sign-in that asked for it. */
export async function keepUp() {
  if (canPush() && Notification.permission === "granted" && !kept("push")?.off) await subscribe();
}

const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const same = (key, other) => !key || String(new Uint8Array(key)) === String(other);
