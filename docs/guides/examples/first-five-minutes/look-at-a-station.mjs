import { call } from "../client.mjs";

export function lookAtAStation({ sn }) {
  return call("GET", `/api/stations/${sn}`);
}
