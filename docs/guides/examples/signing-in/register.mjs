import { call } from "../client.mjs";

export function register({ verificationToken, username }) {
  return call("POST", "/api/auth/register", { body: { verification_token: verificationToken, username } });
}
