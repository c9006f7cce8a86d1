import { call } from "../client.mjs";

export function registerADevice({ fcmToken, platform }) {
  return call("POST", "/api/users/me/devices", { body: { fcm_token: fcmToken, platform } });
}
