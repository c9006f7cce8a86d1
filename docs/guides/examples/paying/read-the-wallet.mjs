import { call } from "../client.mjs";

export function readTheWallet() {
  return call("GET", "/api/wallet");
}
