"""Tells whoever keeps a program running (systemd, or `./scripts/run`) that its main loop still turns.

A program that is frozen or hangs ends by no signal of its own and keeps what it holds. Its keeper hears nothing of it
then, ends it and starts it again. Both keepers speak systemd's protocol: `WATCHDOG=1` on the socket of NOTIFY_SOCKET,
more often than WATCHDOG_USEC.
"""

import contextlib
import os
import socket
import threading
import time

PATIENCE = 60.0  # seconds that one turn of a main loop may take


class Watchdog:
    """A thread of its own speaks, so that a long job is no silence; and it falls silent when the main loop hangs."""

    def __init__(self) -> None:
        self._hangs_from = time.monotonic() + PATIENCE
        self._thread = threading.Thread(target=self._speak, name="watchdog", daemon=True)

    def start(self) -> None:
        if _every() is not None:
            self._thread.start()

    def turn(self, *, lasts: float = 0.0) -> None:
        """The main loop turns; what it does now may rightly take so many seconds."""
        self._hangs_from = time.monotonic() + lasts + PATIENCE

    def _speak(self) -> None:
        every = _every()
        while every is not None:
            if time.monotonic() < self._hangs_from:
                notify_supervisor()
            time.sleep(every)


def notify_supervisor() -> None:
    """Says it once, if anybody wants to know."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as keeper:
        keeper.setblocking(False)  # a keeper that is frozen itself must stop nobody
        keeper.sendto(b"WATCHDOG=1", f"\0{address[1:]}" if address.startswith("@") else address)


def _every() -> float | None:
    """Seconds between two words; None if nobody listens. Three of them may get lost."""
    if not os.environ.get("NOTIFY_SOCKET"):
        return None
    return int(os.environ.get("WATCHDOG_USEC") or 30_000_000) / 1_000_000 / 4
