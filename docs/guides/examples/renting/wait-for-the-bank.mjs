import { call } from "../client.mjs";

export async function waitForTheBank({ rentalId, show = () => {} }) {
  let since = 0;
  for (;;) {
    const rental = await call("GET", `/api/rentals/${rentalId}?wait=25&since=${since}`);
    show(rental);
    if (!["pending", "ejecting"].includes(rental.status)) return rental; // active, or failed and nothing is charged
    since = rental.version;
  }
}
