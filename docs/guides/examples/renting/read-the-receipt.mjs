import { call } from "../client.mjs";

export function readTheReceipt({ rentalId }) {
  return call("GET", `/api/rentals/${rentalId}`);
}
