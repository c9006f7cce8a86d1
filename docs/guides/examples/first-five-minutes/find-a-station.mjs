import { call } from "../client.mjs";

export function findAStation({ lat, lng }) {
  return call("GET", `/api/stations/nearby?lat=${lat}&lng=${lng}&limit=3`);
}
