import { call } from "../client.mjs";

export function listGateways() {
  return call("GET", "/api/payment/methods");
}
