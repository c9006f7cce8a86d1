"""`./scripts/run` as its user meets it: a start that fails, one that works, a look at every part, a stop, a restart."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.stack.errors import StackError
from scripts.stack.ports import BELOW_OUTGOING, OFFSETS, Ports
from tests.stack.test_processes import carrying

pytestmark = [pytest.mark.faults, pytest.mark.enable_socket]

ROOT = Path(__file__).parents[2]
EMAIL = "admin@example.com"


class Run:
    def __init__(self, data: Path, base: int, *options: str, **own: str) -> None:
        command = [sys.executable, "-m", "scripts.stack", "--bare", "--small", *options]
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
def started(data: Path, base: int, *options: str, **own: str) -> Iterator[Run]:
    run = Run(data, base, *options, **own)
    try:
        yield run
    finally:
        run.process.terminate()
        if run.process.stdout and not run.process.stdout.closed:
            run.rest()


@pytest.fixture
def base() -> int:
    for _ in range(100):
        base = random.randrange(BELOW_OUTGOING.start, BELOW_OUTGOING.stop - max(OFFSETS.values()))
        try:
            Ports.from_base(base).check_free(list(OFFSETS))
        except StackError:
            continue
        return base
    raise AssertionError("no free ports")


def test_a_system_from_its_first_start_to_its_second(data_dir: Path, base: int) -> None:
    with started(data_dir, base, ADMIN_PASSWORD="short") as run:
        refused = run.rest()
        assert run.process.returncode == 1
        assert "Error: A staff password has at least 12 characters.\nThe database could not be set up;" in refused
        assert "Traceback" not in refused

    with started(data_dir, base) as run:
        said = run.until("Ctrl-C stops all of it")
        checked = run.check()
        assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "everything answers"), checked.stdout
        shown = re.search(rf"{EMAIL}, password (\w+)\n", said)
        assert shown, "the first start did not get so far as to say it"
        assert run.sign_in(shown[1]) == 200
        stopped = run.stop()
        assert (run.process.returncode, stopped.splitlines()[-1]) == (0, "Stopped.")

    assert not carrying(str(data_dir))
    checked = run.check()
    assert checked.returncode == 1
    assert re.search(r"^BAD +database ", checked.stdout, re.M)
    assert re.search(r"^BAD +web ", checked.stdout, re.M)
    assert "Traceback" not in checked.stdout + checked.stderr

    nobody = subprocess.run(
        [sys.executable, "scripts/check_stack.py", "--data", str(data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (nobody.returncode, nobody.stdout[: len("No ./scripts/run")]) == (1, "No ./scripts/run")

    with started(data_dir, base, "--fresh", "--scale", "typo=2") as run:
        assert "typo" in run.rest()

    with started(data_dir, base, ADMIN_PASSWORD="another horse battery") as run:
        said = run.until("Ctrl-C stops all of it")
        assert "password as in ADMIN_PASSWORD" in said
        assert run.sign_in("another horse battery") == 200
        assert run.sign_in(shown[1]) == 401


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL leads to nobody who answers"),
        ({"MQTT_URL": "mqtt://127.0.0.1:1"}, "MQTT_URL leads to nobody who answers"),
        ({"MQTT_URL": "nonsense", "OTP_COUNTRIES": "Nepal"}, "Powerbank cannot start: 2 settings wrong"),
    ],
)
def test_a_setup_that_cannot_work_is_refused_before_anything_starts(
    data_dir: Path, base: int, own: dict[str, str], told: str
) -> None:
    with started(data_dir, base, **own) as run:
        said = run.rest()
    assert (run.process.returncode, "Traceback" in said, "Starting" in said) == (1, False, False)
    assert told in said


def test_fresh_does_not_forget_the_keys_of_a_database_that_stays(data_dir: Path, base: int) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    with started(data_dir, base, "--fresh", DATABASE_URL=url) as run:
        assert "--fresh would forget the keys" in run.rest()
    assert (data_dir / "secrets.env").exists()
