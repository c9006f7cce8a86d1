"""Keeps one command running, whatever it ends with: `keep --records DIR --while PID NAME -- COMMAND`.

honcho stops everything as soon as one process ends, while a production supervisor starts that process
again. So honcho runs this, and this runs the command. One that has told of its turns and falls silent is frozen or
hangs: it is killed, and started again like any other that ended.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from scripts.stack.records import Record, group_lives
from scripts.stack.watch import Watch

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
STEADY_SECONDS = 30.0
SILENT_SECONDS = 30.0
# honcho kills what is left five seconds after the first of its processes has ended.
STOP_SECONDS = 4.0
POLL_SECONDS = 0.1


class Keeper:
    def __init__(
        self,
        name: str,
        command: str,
        records: Path,
        *,
        wanted: Callable[[], bool],
        stop_seconds: float,
        watch: Watch,
    ) -> None:
        self.name = name
        self.command = command
        self.record = Record(records, f"{name}-command")
        self.endings = records / f"{name}.endings"
        self._wanted = wanted
        self._stop_seconds = stop_seconds
        self._watch = watch
        self._stopping = False

    def stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def stopping(self) -> bool:
        return self._stopping or not self._wanted()

    def run(self) -> None:
        pause = FIRST_PAUSE
        self.endings.unlink(missing_ok=True)
        while not self.stopping():
            began = time.monotonic()
            code = self._run_once()
            if self.stopping():
                return
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE
            ended = f"{_ending(code)} after {time.monotonic() - began:.1f} s"
            print(f"{self.name} ended with {ended}; starting it again in {pause:g} s", flush=True)
            with self.endings.open("a") as endings:
                endings.write(f"{ended}\n")
            self._sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _run_once(self) -> int:
        # A session of its own: what the command leaves behind is found and ended by its group.
        self._watch.begin()
        child = subprocess.Popen(
            ["/bin/sh", "-c", _without_a_shell(self.command)],
            start_new_session=True,
            env=os.environ | self._watch.environment(),
        )
        self.record.write(child.pid)
        try:
            while child.poll() is None and not self.stopping():
                if self._watch.silent:
                    print(f"{self.name} hangs; ending it", flush=True)
                    os.killpg(child.pid, signal.SIGKILL)  # it would hear no other signal
                    break
                time.sleep(POLL_SECONDS)
            self._end_group(child)
            return child.wait()
        finally:
            self.record.clear()

    def _end_group(self, child: "subprocess.Popen[bytes]") -> None:
        """As systemd does, the whole group is told at once and killed when its time is over."""
        deadline = time.monotonic() + self._stop_seconds
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGTERM)
            while time.monotonic() < deadline:
                if child.poll() is not None and not group_lives(child.pid):
                    return
                time.sleep(0.05)
            os.killpg(child.pid, signal.SIGKILL)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stopping():
            time.sleep(POLL_SECONDS)


def _without_a_shell(command: str) -> str:
    """Have the shell become a simple command, rather than stand between it and our signals."""
    first = command.split(maxsplit=1)[0]
    simple = not set(command) & set(";&|()<>\n") and first != "exec" and "=" not in first
    return f"exec {command}" if simple else command


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--while", type=int, required=True, dest="parent")
    parser.add_argument("--stop-seconds", type=float, default=STOP_SECONDS)
    parser.add_argument("--silent-seconds", type=float, default=SILENT_SECONDS)
    parser.add_argument("name")
    parser.add_argument("command")
    arguments = parser.parse_args()
    watch = Watch(arguments.silent_seconds)
    keeper = Keeper(
        arguments.name,
        arguments.command,
        arguments.records,
        wanted=lambda: _lives(arguments.parent),
        stop_seconds=arguments.stop_seconds,
        watch=watch,
    )
    signal.signal(signal.SIGTERM, keeper.stop)
    signal.signal(signal.SIGINT, keeper.stop)
    own = Record(arguments.records, arguments.name)
    own.write(os.getpid())
    try:
        keeper.run()
    finally:
        own.clear()
        watch.close()


if __name__ == "__main__":
    main()
