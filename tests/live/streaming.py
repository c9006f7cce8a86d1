"""A live process under test, and clients that read its streams."""

import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.live import changes
from tests.nursery import LEAST_PATIENCE, Nursery, Running, wait_until


@dataclass(frozen=True)
class Event:
    name: str  # "comment" for a comment
    data: Any
    fields: dict[str, str]


class Stream:
    """One stream that a client reads. A slow client is one whose test does not call `next`."""

    def __init__(
        self,
        port: int,
        path: str,
        *,
        method: str = "GET",
        receive_buffer: int | None = None,
        finished: bool = True,
        **headers: str,
    ) -> None:
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(LEAST_PATIENCE)
        self._socket.connect(("127.0.0.1", port))
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{lines}".encode() + b"\r\n" * finished)
        self._received = b""

    def head(self) -> tuple[int, dict[str, str]]:
        """Return the status and the headers of the answer."""
        first, *lines = self._until(b"\r\n\r\n").decode().split("\r\n")
        return int(first.split()[1]), {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
        }

    def body(self) -> Any:
        while more := self._socket.recv(65536):
            self._received += more
        return json.loads(self._received)

    def next(self, *, within: float = LEAST_PATIENCE) -> Event | None:
        """Return the next event or comment, or None when the server has closed the stream. Raises TimeoutError."""
        self._socket.settimeout(within)
        try:
            block = self._until(b"\n\n").decode()
        except ConnectionError:
            return None
        if block.startswith(":"):
            return Event("comment", None, {})
        fields = dict(line.split(": ", 1) for line in block.strip().split("\n"))
        return Event(fields["event"], json.loads(fields["data"]), fields)

    def expect(self, name: str, *, within: float = LEAST_PATIENCE) -> Event:
        """Return the next event, without comments. It must have this name."""
        until = time.monotonic() + within
        while True:
            found = self.next(within=max(0.01, until - time.monotonic()))
            assert found is not None, f"closed, and {name} was expected"
            if found.name != "comment":
                assert found.name == name, found
                return found

    def expect_end(self) -> None:
        while (found := self.next()) is not None:
            assert found.name == "comment", found

    def silent_for(self, seconds: float) -> bool:
        try:
            return self.next(within=seconds) is None
        except TimeoutError:
            return True

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._received:
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self._received += more
        found, _, self._received = self._received.partition(end)
        return found + end


class LiveProcess:
    """A real process of `scripts/live.py`."""

    def __init__(self, nursery: Nursery, environment: dict[str, str], folder: Path, port: int, probe_port: int) -> None:
        self.port, self.probe_port = port, probe_port
        self.log = folder / f"live-{port}.log"
        settings = {
            **environment,
            "POWERBANK_ENV": "test",
            "LOG_LEVEL": "INFO",
            "PATH": "/usr/bin:/bin",
            "LIVE_PORT": str(port),
            "LIVE_METRICS_PORT": str(probe_port),
        }
        self.process: Running = nursery.start("live", [], settings, self.log)
        self._streams: list[Stream] = []
        wait_until(lambda: self.health() == "ok" or not self.process.alive, 20, "the live process is up")
        assert self.process.alive, self.log.read_text()[-3000:]

    def probe(self, path: str) -> str:
        try:
            with socket.create_connection(("127.0.0.1", self.probe_port), timeout=5) as asking:
                asking.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                said = b""
                while more := asking.recv(65536):
                    said += more
        except OSError:
            return ""
        return said.decode().partition("\r\n\r\n")[2]

    def health(self) -> str:
        said = self.probe("/health")
        return str(json.loads(said)["status"]) if said else ""

    def metric(self, name: str) -> float:
        lines = [line for line in self.probe("/metrics").splitlines() if line.startswith(name)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def stream(self, url: str, **options: Any) -> Stream:
        """Open the address of a ticket, and read nothing of it yet."""
        parts = urlsplit(url)
        opened = Stream(self.port, parts.path + (f"?{parts.query}" if parts.query else ""), **options)
        self._streams.append(opened)
        return opened

    def follow(self, client: FlaskClient, headers: dict[str, str], *topics: str, **options: Any) -> Stream:
        """Open a stream of these topics and read its hello."""
        stream = self.stream(ticket_url(client, headers, *topics), **options)
        assert stream.head()[0] == 200
        stream.expect("hello")
        return stream

    def stop(self) -> None:
        for stream in self._streams:
            stream.close()
        self.process.resume()
        self.process.kill()


def ticket_url(client: FlaskClient, headers: dict[str, str], *topics: str) -> str:
    answer = client.post("/api/live/tickets", json={"topics": [*topics]}, headers=headers)
    assert answer.status_code == 201, answer.text
    url: str = answer.get_json()["url"]
    return url


def announce(app: Flask, *topics: str, kind: str = "thing", id: str | None = "1", version: int | None = None) -> None:
    with app.app_context(), transaction():
        changes.announce(*topics, kind=kind, id=id, version=version)
