import { call } from "../client.mjs";

export async function waitForThePage({ intentId }) {
  for (;;) {
    const intent = await call("GET", `/api/payment/intents/${intentId}`);
    if (intent.status !== "pending") return intent; // ready: it has a `payment_url`, for eSewa a `form`
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
