import { call } from "../client.mjs";

export function verifyTheCode({ challengeId, code }) {
  return call("POST", "/api/auth/verify-otp", { body: { challenge_id: challengeId, code } });
}
