"""Tells the supervisor of a program (systemd, or `./scripts/run`) that its main loop still turns.

A program that is frozen or hangs does not end by itself and keeps what it holds. Its supervisor hears nothing of it
then, ends it and starts it again. Both supervisors speak systemd's protocol: `WATCHDOG=1` on the socket of
NOTIFY_SOCKET, more often than WATCHDOG_USEC.

systemd counts from the start of a program, which may load for long on a busy machine. So its unit gives it minutes, and
the program asks for less once its main loop begins.
"""

import contextlib
import os
import socket
import threading
import time

PATIENCE = 60.0  # seconds that one turn of a main loop may take
SILENCE = 60.0  # seconds without a word after which a program whose main loop has begun is ended


class Watchdog:
    """A thread that speaks to the supervisor, also during a long job, and falls silent when the main loop hangs."""

    def __init__(self) -> None:
        self._hangs_from = time.monotonic() + PATIENCE
        self._thread = threading.Thread(target=self._speak, name="watchdog", daemon=True)

    def start(self) -> None:
        given = _given()
        if given is None:
            return
        if given > SILENCE:
            _tell(b"WATCHDOG_USEC=%d\nWATCHDOG=1" % (SILENCE * 1_000_000))
        self._thread.start()

    def turn(self, *, lasts: float = 0.0) -> None:
        """Note that the main loop turns, and that its next step may rightly take so many seconds."""
        self._hangs_from = time.monotonic() + lasts + PATIENCE

    def _speak(self) -> None:
        given = _given()
        while given is not None:
            if time.monotonic() < self._hangs_from:
                notify_supervisor()
            time.sleep(min(given, SILENCE) / 4)  # of four messages three may get lost


def notify_supervisor() -> None:
    """Tell the supervisor once that this program works, if there is a supervisor that listens."""
    _tell(b"WATCHDOG=1")


def _tell(message: bytes) -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.setblocking(False)  # a supervisor that is frozen itself must stop nobody
        supervisor.sendto(message, f"\0{address[1:]}" if address.startswith("@") else address)


def _given() -> float | None:
    """Give the seconds of silence that the supervisor allows; None if nobody listens."""
    if not os.environ.get("NOTIFY_SOCKET"):
        return None
    return int(os.environ.get("WATCHDOG_USEC") or 30_000_000) / 1_000_000
