"""The drill of one server: its parts, and all of it where it is asked for."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts.drills.one_server import __main__ as drill
from scripts.drills.one_server import machine, releases

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


def test_the_releases_are_the_last_version_and_this_code(tmp_path: Path) -> None:
    try:
        releases.put_sources(tmp_path)
    except machine.DrillError as shallow:
        pytest.skip(str(shallow))
    old, new = tmp_path / "root/old", tmp_path / "root/new"
    assert f'VERSION = "{releases.OLD}"' in (old / "config.py").read_text()
    assert f'VERSION = "{releases.NEW}"' in (new / "config.py").read_text()
    assert not (old / "deploy/systemd/powerbank.target").exists(), "it is the version before these units"
    assert os.access(old / "scripts/program", os.X_OK)


def test_a_step_that_fails_ends_the_drill(tmp_path: Path) -> None:
    def fail() -> str:
        raise machine.DrillError("a request failed")

    with (tmp_path / "log").open("w") as log:
        running = drill.Drill(machine.Machine(tmp_path, log), people=1)
        running.step("a good one", lambda: "as it should be")
        with pytest.raises(machine.DrillError, match="a request failed"):
            running.step("a bad one", fail)
    assert drill.table(running.rows).splitlines()[2:] == ["| a good one | 0 s | as it should be |"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif("SLOW" not in os.environ, reason="it takes ten minutes: SLOW=1 ./scripts/test tests/drills -m slow")
def test_one_server_from_nothing_to_a_restore(tmp_path: Path) -> None:
    if missing := machine.find_missing():
        pytest.skip(f"this machine has no {', '.join(missing)}")
    done = subprocess.run(
        [ROOT / "scripts/drills/one-server", "--folder", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ") and " 0 failed" in line]
    assert len(rows) == len(drill.STEPS) - 1, "all but the installation have people who use it"
