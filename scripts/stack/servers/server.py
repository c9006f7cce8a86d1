"""What the embedded servers share: started as our child, waited for, stopped, killed, paused."""

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from scripts.stack.errors import StackError
from scripts.stack.files import make_data_folder, make_folder
from scripts.stack.records import Record, end

START_SECONDS = 30.0


@dataclass(frozen=True)
class Account:
    """The system account that a server runs as, where it may not be ours."""

    uid: int
    gid: int


class Server(ABC):
    """One server with its data, log and pid below `data_dir`. It keeps its data from start to start."""

    name: ClassVar[str]
    title: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.log = self.data_dir / "logs" / f"{self.name}.log"
        self.record = Record(self.data_dir / "pids", self.name)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise StackError(f"{self.title} was not started.")
        return self._process.pid

    def start(self) -> None:
        if self.running:
            return
        self._end_leftover()
        make_data_folder(self.data_dir)
        make_folder(self.log.parent)
        self._prepare()
        began_at = self.log.stat().st_size if self.log.exists() else 0
        self._process = self._spawn(self._command())
        self.record.write(self._process.pid)
        self._wait_until_it_answers(began_at)
        self._settle()

    def stop(self, *, how: signal.Signals | None = None, seconds: float = 20.0) -> None:
        """Stop in good order; what does not within the seconds is killed."""
        if self._process is None:
            return
        self._send(how or self.stop_signal)
        self._send(signal.SIGCONT)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self.record.clear()

    def kill(self) -> None:
        """Kill it as a crash of the machine would: without a warning, and with nothing written down."""
        self._send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze it like a host that hangs: it holds its connections and answers nothing."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    @abstractmethod
    def _command(self) -> list[str]:
        """Return the program and its arguments."""

    def _prepare(self) -> None:  # noqa: B027 (most have nothing to do)
        """Write what the server needs before it starts."""

    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether a client would be served now."""

    def serves(self) -> bool:
        """Tell whether it still does its work, where that is more than to run. Asked now and then."""
        return True

    def _settle(self) -> None:  # noqa: B027 (most have nothing to do)
        """Put right what needs a server that answers."""

    def _account(self) -> Account | None:
        return None

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        account = self._account()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                # Ctrl-C reaches the whole session of a terminal, and the servers are to stop last.
                start_new_session=True,
                umask=0o077,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def _end_leftover(self) -> None:
        leftover = self.record.process()
        if leftover is not None:
            end([leftover], grace=10, how=self.stop_signal)
        self.record.clear()

    def _wait_until_it_answers(self, log_began_at: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            late = time.monotonic() > deadline
            if late or not self.running:
                self.kill()
                self.record.clear()
                problem = f"did not answer within {START_SECONDS:.0f} s" if late else "ended at once"
                raise StackError(f"{self.title} {problem}; its log is {self.log}.", self._last_lines(log_began_at))
            time.sleep(0.03)

    def _last_lines(self, began_at: int, count: int = 15) -> str:
        with self.log.open("rb") as log:
            log.seek(began_at)
            return "\n".join(log.read().decode(errors="replace").strip().splitlines()[-count:])
