"""An upgrade under load: a migration finds its moment, and no program is missed while it is started anew."""

import argparse
import contextlib
import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import config
from scripts.production import units, upgrading
from scripts.production.errors import ManageError

ROOT = Path(__file__).parents[2]
SETTINGS = config.load({"DATABASE_URL": "postgresql://app@db/powerbank"})
LOCKED = "sqlalchemy.exc.OperationalError: (psycopg2.errors.LockNotAvailable) canceling statement due to lock timeout"
DEADLOCK = "sqlalchemy.exc.OperationalError: (psycopg2.errors.DeadlockDetected) deadlock detected"
MISTAKE = 'sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation "x" does not exist'


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the migration says, try after try; an empty text is success."""
    said: list[str] = []

    def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        error = said.pop(0)
        return subprocess.CompletedProcess(command, 1 if error else 0, "", error)

    monkeypatch.setattr(upgrading.subprocess, "run", run)
    monkeypatch.setattr(upgrading, "PAUSE", 0.0)
    return said


def migrate() -> None:
    upgrading.migrate(SETTINGS, argparse.Namespace())


def test_a_lock_that_is_held_and_a_deadlock_are_tried_again(tries: list[str]) -> None:
    tries += [LOCKED, DEADLOCK, ""]
    migrate()
    assert tries == []


def test_it_gives_up_where_there_is_never_a_moment(tries: list[str]) -> None:
    tries += [LOCKED] * upgrading.TRIES
    with pytest.raises(ManageError, match="no moment"):
        migrate()
    assert tries == []


def test_a_mistake_is_not_tried_again(tries: list[str]) -> None:
    tries += [MISTAKE, ""]
    with pytest.raises(ManageError, match="UndefinedTable"):
        migrate()
    assert tries == [""]


def test_a_program_that_ends_again_and_again_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each further start would take the processors from those who serve meanwhile."""
    restarts = itertools.count()
    monkeypatch.setattr(units, "read_program", lambda unit: units.Program(unit, "activating", 7, next(restarts)))
    monkeypatch.setattr(upgrading, "connected", lambda *_, **__: contextlib.nullcontext())
    monkeypatch.setattr(upgrading, "read_one", lambda *_: [])
    with pytest.raises(ManageError, match="web-b ends again and again"):
        upgrading.wait_until_at_work(SETTINGS, "powerbank@web-b.service")
    assert next(restarts) == 3, "it was seen before, after one more start and after a second one"


def test_another_program_works_while_one_is_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def restart(program: units.Program, **_: float) -> bool:
        done.append(f"restart {program.unit}")
        return True

    monkeypatch.setattr(units, "systemctl", lambda *words: done.append(" ".join(words)))
    monkeypatch.setattr(units, "restart", restart)
    monkeypatch.setattr(upgrading, "wait_until_at_work", lambda _, unit: done.append(f"at work {unit}"))
    assert upgrading.start_anew(SETTINGS, units.Program("powerbank@mqtt-2.service", "active", 7, 0))
    assert done == [
        "start powerbank@mqtt-standin.service",
        "at work powerbank@mqtt-standin.service",
        "restart powerbank@mqtt-2.service",
        "at work powerbank@mqtt-2.service",
        "stop --no-block powerbank@mqtt-standin.service",
    ]


@pytest.mark.parametrize("name", ["mqtt", "live"])
def test_a_stand_in_leaves_the_port_of_the_metrics_to_the_program_beside_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "Procfile").write_text(f"{name}: printenv MQTT_METRICS_PORT LIVE_METRICS_PORT\n")
    shutil.copy(ROOT / "scripts/program", tmp_path / "scripts")
    environment = os.environ | {"MQTT_METRICS_PORT": "8029", "LIVE_METRICS_PORT": "8030"}

    def said(program: str) -> list[str]:
        command = [str(tmp_path / "scripts/program"), program]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.split()

    assert said(name) == said(f"{name}-2") == ["8029", "8030"]
    assert said(f"{name}-standin") == []
