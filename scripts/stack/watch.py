"""Hears from a kept program that its main loop turns, as systemd does: see `powerbank/base/watchdog.py`."""

import contextlib
import shutil
import socket
import tempfile
import time
from pathlib import Path


class Watch:
    """`silent` is true once a program that has spoken says nothing for too long. One that never speaks is let be."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # The address of a socket may have a hundred characters, which a data folder's path can exceed.
        self._folder = Path(tempfile.mkdtemp(prefix="powerbank-"))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._folder / "notify"))
        self._socket.setblocking(False)
        self._heard_at: float | None = None
        self._looked_at = time.monotonic()

    def environment(self) -> dict[str, str]:
        return {
            "NOTIFY_SOCKET": str(self._folder / "notify"),
            "WATCHDOG_USEC": str(int(self._seconds * 1_000_000)),
        }

    def begin(self) -> None:
        """A program starts: what an earlier one said counts no more."""
        self._listen()
        self._heard_at = None

    @property
    def silent(self) -> bool:
        now = time.monotonic()
        asleep = now - self._looked_at > self._seconds / 2  # then it was we who did not listen
        self._looked_at = now
        if self._listen() or (asleep and self._heard_at is not None):
            self._heard_at = now
        return self._heard_at is not None and now - self._heard_at > self._seconds

    def close(self) -> None:
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> bool:
        heard = False
        with contextlib.suppress(BlockingIOError):
            while True:
                heard = b"WATCHDOG=1" in self._socket.recv(4096) or heard
        return heard
