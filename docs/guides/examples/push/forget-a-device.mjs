import { call } from "../client.mjs";

export function forgetADevice({ deviceId }) {
  return call("DELETE", `/api/users/me/devices/${deviceId}`);
}
