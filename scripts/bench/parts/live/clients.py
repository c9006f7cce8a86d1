"""Clients that follow changes, thousands in one process, for `scripts/bench/live.py`.

They do what an app does: ask the web for a ticket, open the stream, note what comes, and come back when `bye` told them
to. Orders are lines of the standard input: the first says as JSON who the clients are, and each `report` is answered
with what was noted since the last one.
"""

import asyncio
import json
import random
import re
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

ADDRESSES = [f"127.0.0.{number}" for number in range(2, 12)]  # each address has ports of its own
ID = re.compile(rb'"id":"([^"]+)"')
RETRY = re.compile(rb"retry: (\d+)")
TROUBLE_PAUSE = 5.0


@dataclass
class Notes:
    """What was noted since the last report. Times are those of the machine's monotonic clock."""

    tickets: Counter[int] = field(default_factory=Counter)  # asked for, by the second
    troubles: Counter[str] = field(default_factory=Counter)
    opened: list[float] = field(default_factory=list)
    closed: list[float] = field(default_factory=list)
    changes: dict[str, tuple[int, float, float]] = field(default_factory=dict)  # how many heard it, first and last


class Stream(asyncio.Protocol):
    def __init__(self, client: "Client", path: str) -> None:
        self._client, self._path = client, path
        self._received = b""
        self._retry: float | None = None
        self._opened = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(  # type: ignore[attr-defined]
            f"GET {self._path} HTTP/1.1\r\nHost: live\r\nAccept: text/event-stream\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        *events, self._received = (self._received + data).split(b"\n\n")
        for event in events:
            if b"event: changed" in event:
                if found := ID.search(event):
                    self._client.crowd.note_change(found[1].decode(), now)
            elif b"event: hello" in event:
                self._opened = True
                self._client.crowd.open += 1
                self._client.crowd.notes.opened.append(now)
            elif b"event: bye" in event:
                self._retry = int(RETRY.findall(event)[0]) / 1000

    def connection_lost(self, exc: Exception | None) -> None:
        crowd = self._client.crowd
        if self._opened:
            crowd.open -= 1
            crowd.notes.closed.append(time.monotonic())
        else:
            crowd.notes.troubles[f"no stream: {self._received[:12]!r}"] += 1
        self._client.come_back(TROUBLE_PAUSE * random.uniform(0.5, 1.5) if self._retry is None else self._retry)  # noqa: S311


class Client:
    def __init__(self, crowd: "Crowd", token: str, address: str) -> None:
        self.crowd, self._token, self._address = crowd, token, address

    def come_back(self, after: float) -> None:
        asyncio.get_running_loop().call_later(after, self.crowd.start, self)

    async def come(self) -> None:
        self.crowd.notes.tickets[int(time.monotonic())] += 1
        try:
            url = urlsplit(await self._ask_for_ticket())
            await asyncio.get_running_loop().create_connection(
                lambda: Stream(self, f"{url.path}?{url.query}"),
                url.hostname or "",
                url.port or 80,
                local_addr=(self._address, 0),
            )
        except (OSError, ValueError) as trouble:
            self.crowd.notes.troubles[type(trouble).__name__] += 1
            self.come_back(TROUBLE_PAUSE * random.uniform(0.5, 1.5))  # noqa: S311

    async def _ask_for_ticket(self) -> str:
        host, _, port = self.crowd.web.partition(":")
        body = json.dumps({"topics": self.crowd.topics})
        reader, writer = await asyncio.open_connection(host, int(port), local_addr=(self._address, 0), limit=8192)
        try:
            head = (
                f"POST /api/live/tickets HTTP/1.1\r\nHost: web\r\nAuthorization: Bearer {self._token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write((head + body).encode())
            status, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        if not status.startswith(b"HTTP/1.1 201"):
            raise ValueError(status[:60])
        url: str = json.loads(answer)["url"]
        return url


class Crowd:
    def __init__(self, web: str, topics: list[str]) -> None:
        self.web, self.topics = web, topics
        self.open = 0
        self.notes = Notes()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, client: Client) -> None:
        task = asyncio.get_running_loop().create_task(client.come())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def note_change(self, change: str, now: float) -> None:
        count, first, _ = self.notes.changes.get(change, (0, now, now))
        self.notes.changes[change] = (count + 1, first, now)

    def report(self) -> dict[str, Any]:
        noted, self.notes = self.notes, Notes()
        return {"open": self.open, **noted.__dict__}


async def main() -> None:
    asked = json.loads(await asyncio.to_thread(sys.stdin.readline))
    crowd = Crowd(asked["web"], asked["topics"])
    clients = [Client(crowd, token, ADDRESSES[n % len(ADDRESSES)]) for n, token in enumerate(asked["tokens"])]
    for number, client in enumerate(clients):
        client.come_back(number / asked["a_second"])
    while (await asyncio.to_thread(sys.stdin.readline)).strip() == "report":
        print(json.dumps(crowd.report()), flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    asyncio.run(main())
