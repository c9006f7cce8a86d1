import { call } from "../client.mjs";

export function start({ sn, packageId, paymentMethod, key }) {
  return call("POST", "/api/rentals/initiate", {
    body: { station_sn: sn, package_id: packageId, payment_method: paymentMethod },
    key,
  });
}
