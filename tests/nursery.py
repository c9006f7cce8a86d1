"""The nursery: a process that has everything imported, and from which programs under test are forked in milliseconds.

All processes of a run share it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
LEAST_PATIENCE = 60.0  # seconds


@contextmanager
def nursery_process() -> Iterator[str]:
    """Start the nursery and give its address. Whoever connects before it has imported everything waits until it has."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        address = f"{folder}/nursery"
        listening.bind(address)
        listening.listen()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/programs/nursery.py"), str(listening.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            start_new_session=True,
        )
        assert process.stdin is not None
        try:
            yield address
        finally:
            process.stdin.close()  # that ends it
            process.wait(30)


class Nursery:
    """A connection to the nursery, which starts programs and tells how they ended."""

    def __init__(self, address: str) -> None:
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(address)
        self._one_at_a_time = threading.Lock()

    def start(self, program: str, arguments: list[str], environment: dict[str, str], log: Path) -> "Running":
        order = {"program": program, "arguments": arguments, "environment": environment, "log": str(log)}
        return Running(self._ask(order), self)

    def exit_code(self, pid: int) -> int:
        """Give the exit code of a program that has ended; negative for the signal that ended it."""
        return self._ask({"ended": pid})

    def _ask(self, order: dict[str, Any]) -> int:
        with self._one_at_a_time:
            self._connection.send(json.dumps(order).encode())
            return int(self._connection.recv(100))

    def close(self) -> None:
        self._connection.close()


class Running:
    """One program under test, the leader of a process group."""

    def __init__(self, pid: int, nursery: Nursery) -> None:
        self.pid = pid
        self._nursery = nursery
        self._code: int | None = None

    @property
    def alive(self) -> bool:
        try:
            return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def send_signal(self, number: signal.Signals) -> None:
        if self.alive:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
        wait_until(lambda: not self.alive, 10, "a killed process is gone")

    def pause(self) -> None:
        self.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.send_signal(signal.SIGCONT)

    def wait(self, seconds: float) -> int:
        wait_until(lambda: not self.alive, seconds, "a process has ended")
        if self._code is None:
            self._code = self._nursery.exit_code(self.pid)
        return self._code


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something holds, and fail if it never does.

    `seconds` is how long it may take on a quiet machine. A busy one gets more time, which costs nothing where all ends
    well.
    """
    patience = max(seconds, LEAST_PATIENCE)
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"not within {patience} s: {what}"
        time.sleep(0.05)
