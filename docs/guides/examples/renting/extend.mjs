import { call } from "../client.mjs";

export function extend({ rentalId, packageId, key }) {
  return call("POST", `/api/rentals/${rentalId}/extend`, { body: { package_id: packageId }, key });
}
