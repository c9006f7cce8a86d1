"""Tells the supervisor of a program (systemd, or `./scripts/run`) that its main loop still turns.

A program that is frozen or hangs does not end by itself and keeps what it holds. Its supervisor hears nothing of it
then, ends it and starts it again. Both supervisors speak systemd's protocol: `WATCHDOG=1` on the socket of
NOTIFY_SOCKET, more often than WATCHDOG_USEC.
"""

import contextlib
import os
import socket
import threading
import time

PATIENCE = 60.0  # seconds that one turn of a main loop may take


class Watchdog:
    """A thread that speaks to the supervisor, also during a long job, and falls silent when the main loop hangs."""

    def __init__(self) -> None:
        self._hangs_from = time.monotonic() + PATIENCE
        self._thread = threading.Thread(target=self._speak, name="watchdog", daemon=True)

    def start(self) -> None:
        if _every() is not None:
            self._thread.start()

    def turn(self, *, lasts: float = 0.0) -> None:
        """Note that the main loop turns, and that its next step may rightly take so many seconds."""
        self._hangs_from = time.monotonic() + lasts + PATIENCE

    def _speak(self) -> None:
        every = _every()
        while every is not None:
            if time.monotonic() < self._hangs_from:
                notify_supervisor()
            time.sleep(every)


def notify_supervisor() -> None:
    """Tell the supervisor once that this program works, if there is a supervisor that listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.setblocking(False)  # a supervisor that is frozen itself must stop nobody
        supervisor.sendto(b"WATCHDOG=1", f"\0{address[1:]}" if address.startswith("@") else address)


def _every() -> float | None:
    """Give the seconds between two messages, of which three may get lost; None if nobody listens."""
    if not os.environ.get("NOTIFY_SOCKET"):
        return None
    return int(os.environ.get("WATCHDOG_USEC") or 30_000_000) / 1_000_000 / 4
