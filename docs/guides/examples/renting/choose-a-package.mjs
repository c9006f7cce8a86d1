import { call } from "../client.mjs";

export function chooseAPackage({ sn }) {
  return call("GET", `/api/packages?station_sn=${sn}`);
}
