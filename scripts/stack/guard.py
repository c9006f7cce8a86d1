"""Starts a server again that ended without being asked to, as the machine's own service manager would."""

import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from scripts.stack.problems import StackError
from scripts.stack.server import Server

LOOK_EVERY = 0.5  # seconds
LONGEST_PAUSE = 10.0


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
        while not self._ended.wait(pause):
            pause = LOOK_EVERY
            for server in self._servers:
                if not server.running and not self._start_again(server):
                    pause = LONGEST_PAUSE

    def _start_again(self, server: Server) -> bool:
        print(f"{server.title} ended; starting it again.", flush=True)
        try:
            server.start()
        except StackError as problem:
            print(problem, file=sys.stderr, flush=True)
            return False
        return True
