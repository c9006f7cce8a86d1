import { call } from "../client.mjs";

export function signOut({ refreshToken }) {
  return call("POST", "/api/auth/logout", { body: { refresh_token: refreshToken } });
}
