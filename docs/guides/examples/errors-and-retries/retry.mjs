import { Refusal, call } from "../client.mjs";

const mayPass = (error) => !(error instanceof Refusal) || [429, 500, 503].includes(error.status);

// Sends until an answer came, always with the same key, so that it happens once however often it is sent.
export async function retry({ method, path, body, key }) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call(method, path, { body, key });
    } catch (error) {
      if (!mayPass(error) || attempt === 5) throw error;
      const seconds = error.retryAfter || 2 ** (attempt - 1) * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }
}
