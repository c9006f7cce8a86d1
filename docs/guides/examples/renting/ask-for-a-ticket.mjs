import { call } from "../client.mjs";

export function askForATicket({ rentalId }) {
  return call("POST", "/api/live/tickets", { body: { topics: ["me", `rental:${rentalId}`] } });
}
