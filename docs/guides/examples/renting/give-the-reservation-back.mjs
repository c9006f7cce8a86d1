import { call } from "../client.mjs";

export function giveTheReservationBack({ reservationId }) {
  return call("DELETE", `/api/reservations/${reservationId}`);
}
