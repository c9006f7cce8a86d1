"""A migration under load tries again where it found no moment for its locks, and nowhere else."""

import argparse
import subprocess

import pytest

import config
from scripts.production import upgrading
from scripts.production.errors import ManageError

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
    upgrading.migrate(config.load({"DATABASE_URL": "postgresql://app@db/powerbank"}), argparse.Namespace())


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
