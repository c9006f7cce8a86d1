"""Starts a server again that ended without being asked to, or does its work no more, as the machine's own service
manager would."""

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from scripts.stack.errors import StackError
from scripts.stack.servers.server import Server

LOOK_EVERY = 0.5  # seconds
LONGEST_PAUSE = 10.0
ASK_EVERY = 15.0  # whether it does its work
MISSES = 2  # in a row, before it is started again


class Guard:
    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="guard", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = LOOK_EVERY
        asked_at = time.monotonic()
        missed = dict.fromkeys(self._servers, 0)
        while not self._ended.wait(pause):
            pause = LOOK_EVERY
            for server in self._servers:
                if not server.running and not self._start_again(server, "ended"):
                    pause = LONGEST_PAUSE
            if time.monotonic() < asked_at + ASK_EVERY:
                continue
            for server in self._servers:
                missed[server] = 0 if server.serves() else missed[server] + 1
                if missed[server] >= MISSES and not self._ended.is_set():
                    missed[server] = 0
                    server.stop()
                    self._start_again(server, "did its work no more")
            asked_at = time.monotonic()

    def _start_again(self, server: Server, why: str) -> bool:
        print(f"{server.title} {why}; starting it again.", flush=True)
        try:
            server.start()
        except StackError as problem:
            print(problem, file=sys.stderr, flush=True)
            return False
        return True
