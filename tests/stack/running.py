"""Start `./scripts/run` as its user does, on free ports and with data of its own."""

import json
import os
import random
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.stack.errors import StackError
from scripts.stack.ports import BELOW_OUTGOING, OFFSETS, Ports

ROOT = Path(__file__).parents[2]
EMAIL = "admin@example.com"


class Run:
    def __init__(self, data: Path, base: int, *options: str, demo: bool = False, **own: str) -> None:
        command = [sys.executable, "-m", "scripts.stack", *([] if demo else ["--bare"]), "--small", *options]
        self.data = data
        self.url = f"http://127.0.0.1:{base}"
        self.process = subprocess.Popen(
            [*command, "--data", str(data), "--port-base", str(base)],
            cwd=ROOT,
            env={"PATH": os.defpath, "HOME": str(data), "POWERBANK_TRIAL": str(data), **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, wanted: str) -> str:
        """Read all lines up to the one with this text."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if wanted in line:
                return said
        raise AssertionError(said)

    def rest(self) -> str:
        said, _ = self.process.communicate(timeout=300)
        return said

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        return self.rest()

    def check(self) -> "subprocess.CompletedProcess[str]":
        """Run the check as a shell does that was told where the settings are."""
        script = f"set -a; . {self.data}/environment.env; exec {sys.executable} scripts/check_stack.py"
        return subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=ROOT,
            env={"PATH": os.defpath},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def sign_in(self, password: str) -> int:
        body = json.dumps({"email": EMAIL, "password": password}).encode()
        headers = {"Content-Type": "application/json"}
        try:
            asked = urllib.request.Request(f"{self.url}/api/admin/auth/login", body, headers)  # noqa: S310
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code


@contextmanager
def started(data: Path, base: int, *options: str, demo: bool = False, **own: str) -> Iterator[Run]:
    """Start a system, with the demonstration network if it is wanted, and stop it in the end."""
    run = Run(data, base, *options, demo=demo, **own)
    try:
        yield run
    finally:
        run.process.terminate()
        if run.process.stdout and not run.process.stdout.closed:
            run.rest()


def find_free_base() -> int:
    """Find a number from which on all ports of a system are free."""
    for _ in range(100):
        base = random.randrange(BELOW_OUTGOING.start, BELOW_OUTGOING.stop - max(OFFSETS.values()))
        try:
            Ports.from_base(base).check_free(list(OFFSETS))
        except StackError:
            continue
        return base
    raise AssertionError("no free ports")
