import { call } from "../client.mjs";

export function topUp({ amount, gateway, key }) {
  return call("POST", "/api/wallet/topup-intent", { body: { amount, gateway }, key });
}
