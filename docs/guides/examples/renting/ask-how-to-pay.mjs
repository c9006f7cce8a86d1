import { call } from "../client.mjs";

export function askHowToPay({ packageId }) {
  return call("POST", "/api/payment/calculate-options", {
    body: { scenario: "pre_payment", package_id: packageId },
  });
}
