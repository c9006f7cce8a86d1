"""`./scripts/run` as its user meets it: a start that fails, one that works, a look at every part, a stop, a restart."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nursery import wait_until
from tests.stack.running import EMAIL, ROOT, find_free_base, started
from tests.stack.test_processes import carrying

pytestmark = [pytest.mark.faults, pytest.mark.enable_socket]


@pytest.fixture
def base() -> int:
    return find_free_base()


def test_a_system_from_its_first_start_to_its_second(data_dir: Path, base: int) -> None:
    with started(data_dir, base, ADMIN_PASSWORD="short") as run:
        refused = run.rest()
        assert run.process.returncode == 1
        assert "Error: A staff password has at least 12 characters.\nThe database could not be set up;" in refused
        assert "Traceback" not in refused

    with started(data_dir, base) as run:
        said = run.until("Ctrl-C stops all of it")
        # The workers for which nobody waits are the last ones up on a busy machine.
        wait_until(lambda: run.check().returncode == 0, 60, "everything answers")
        assert run.check().stdout.splitlines()[-1] == "everything answers"
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
