import { call } from "../client.mjs";

export function settle({ intentId }) {
  return call("POST", `/api/payment/intents/${intentId}/verify`);
}
