import { call } from "../client.mjs";

export async function readAllPages() {
  const stations = [];
  let next = "";
  do {
    const page = await call("GET", `/api/stations?limit=5${next && `&cursor=${encodeURIComponent(next)}`}`);
    stations.push(...page.items);
    next = page.next_cursor;
  } while (next);
  return stations;
}
