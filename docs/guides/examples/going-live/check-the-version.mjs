import { call } from "../client.mjs";

export function checkTheVersion({ platform, version }) {
  return call("GET", `/api/app/version?platform=${platform}&version=${version}`);
}
