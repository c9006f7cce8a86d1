import { Refusal, call } from "../client.mjs";

export async function readARefusal() {
  try {
    return await call("GET", "/api/wallet");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error; // the network, not the server
    if (error.code === "unauthenticated") return `sign in first (${error.code})`;
    return error.message;
  }
}
