"""Plays as many clients as asked for, each of which sends its next request once it has the answer to the last one.

`python -m scripts.bench.shared.load HOST:PORT PATH TOKEN CLIENTS SECONDS` prints what it saw as JSON. It speaks HTTP
over bare sockets, so that on a machine of two cores the load costs less than what it measures.
"""

import asyncio
import json
import sys
import time

WARM_UP = 1.0


class Client(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, request: bytes, clock: "Clock") -> None:
        self._request, self._clock = request, clock
        self._buffer = b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (for the type checker)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, split, body = self._buffer.partition(b"\r\n\r\n")
        if not split or len(body) < _length(head):
            return
        self._clock.note(self._sent_at, head.split(b" ", 2)[1])
        self._buffer = b""
        if self._clock.over:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._clock.over:
            self._clock.lost += 1
        self.ended.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)


class Clock:
    def __init__(self, seconds: float) -> None:
        self._begin = time.perf_counter() + WARM_UP
        self._end = self._begin + seconds
        self.seconds, self.latencies, self.lost = seconds, list[float](), 0
        self.statuses: dict[str, int] = {}

    @property
    def over(self) -> bool:
        return time.perf_counter() > self._end

    def note(self, sent_at: float, status: bytes) -> None:
        now = time.perf_counter()
        if self._begin <= now <= self._end:
            self.latencies.append(now - sent_at)
            self.statuses[status.decode()] = self.statuses.get(status.decode(), 0) + 1


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without Content-Length")


async def _run(address: str, path: str, token: str, clients: int, seconds: float) -> Clock:
    who = f"Authorization: Bearer {token}\r\n" if token else ""
    host, _, port = address.partition(":")
    request = f"GET {path} HTTP/1.1\r\nHost: {address}\r\n{who}Accept: application/json\r\n\r\n"
    clock = Clock(seconds)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Client(request.encode(), clock), host, int(port)) for _ in range(clients)
    ]
    await asyncio.gather(*(client.ended for _, client in opened))
    return clock


def main() -> None:
    address, path, token, clients, seconds = sys.argv[1:]
    clock = asyncio.run(_run(address, path, token, int(clients), float(seconds)))
    ordered = sorted(clock.latencies)
    found = {
        "rate": len(ordered) / clock.seconds,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[int(len(ordered) * 0.99)],
        "statuses": clock.statuses,
        "lost": clock.lost,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
