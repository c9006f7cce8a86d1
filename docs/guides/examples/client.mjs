// A small client: one function, and an error that carries the code of the refusal.

export const session = { base: "http://127.0.0.1:8000", accessToken: null };

export class Refusal extends Error {
  constructor(problem, retryAfter) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

export async function call(method, path, { body, key } = {}) {
  const headers = { "Accept-Language": "en" };
  if (body) headers["Content-Type"] = "application/json";
  if (session.accessToken) headers.Authorization = `Bearer ${session.accessToken}`;
  if (key) headers["Idempotency-Key"] = key;
  const response = await fetch(session.base + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Refusal(answer, Number(response.headers.get("Retry-After")));
  return answer;
}
