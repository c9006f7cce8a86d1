import { call, session } from "../client.mjs";

let refreshing = null;

// Calls, and on a 401 renews the tokens once and calls again. `tokens` is where the app keeps the refresh token.
export async function callSignedIn({ tokens, method, path, options }) {
  try {
    return await call(method, path, options);
  } catch (error) {
    if (error.code !== "unauthenticated") throw error;
    // One refresh for all requests that were refused meanwhile: a refresh token that is spent twice ends the sign-in.
    refreshing ??= renew(tokens).finally(() => { refreshing = null; });
    await refreshing;
    return call(method, path, options);
  }
}

async function renew(tokens) {
  session.accessToken = null;
  const answer = await call("POST", "/api/auth/refresh", { body: { refresh_token: tokens.refreshToken } });
  tokens.refreshToken = answer.refresh_token; // kept before anything else is done with it
  session.accessToken = answer.access_token;
}
