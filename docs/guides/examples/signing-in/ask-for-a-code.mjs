import { call } from "../client.mjs";

export function askForACode({ phone }) {
  return call("POST", "/api/auth/get-otp", { body: { identifier: phone } });
}
