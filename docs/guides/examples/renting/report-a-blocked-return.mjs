import { call } from "../client.mjs";

export function reportABlockedReturn({ rentalId, sn }) {
  return call("POST", `/api/rentals/${rentalId}/return-blocked`, { body: { station_sn: sn } });
}
