import { call } from "../client.mjs";

export function refresh({ refreshToken }) {
  return call("POST", "/api/auth/refresh", { body: { refresh_token: refreshToken } });
}
