import { call } from "../client.mjs";

export function whoAmI() {
  return call("GET", "/api/users/me");
}
