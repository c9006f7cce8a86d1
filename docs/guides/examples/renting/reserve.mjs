import { call } from "../client.mjs";

export function reserve({ sn, packageId, key }) {
  return call("POST", "/api/reservations", {
    body: { station_sn: sn, package_id: packageId, minutes: 10 },
    key,
  });
}
