// Calls `read` whenever what the screen shows may have changed. It answers a function that ends the stream.
export function follow({ url, read }) {
  const stream = new EventSource(url);
  stream.addEventListener("hello", () => read(null));
  stream.addEventListener("changed", (event) => read(JSON.parse(event.data)));
  stream.addEventListener("bye", () => stream.close()); // its data says why, and when to ask for a ticket again
  stream.addEventListener("error", () => stream.close()); // a ticket serves once: the next stream takes a new one
  return () => stream.close();
}
