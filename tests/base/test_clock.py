"""The time is the database's, and each process counts on from there by itself."""

import time
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base import clock
from powerbank.base.clock import DatabaseClock
from powerbank.base.db import db

DAY = 86_400.0


@pytest.fixture
def host_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    of_this_machine = time.time
    monkeypatch.setattr(time, "time", lambda: of_this_machine() + DAY)


class Told:
    """A connection to a database that says this time, after so many seconds."""

    closed = 0
    autocommit = False

    def __init__(self, epoch: float, *, slow: float = 0.0) -> None:
        self.epoch, self.slow, self.asked = epoch, slow, 0

    def cursor(self) -> Any:
        return self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None: ...

    def execute(self, statement: str) -> None:
        self.asked += 1
        time.sleep(self.slow)

    def fetchone(self) -> tuple[float]:
        return (self.epoch,)


class Broken(Told):
    def execute(self, statement: str) -> None:
        raise psycopg2.OperationalError("gone")


@pytest.mark.usefixtures("host_ahead")
def test_a_host_that_is_a_day_ahead_has_the_databases_time(context: Flask) -> None:
    told = db.session.execute(text("SELECT clock_timestamp()")).scalar_one()
    assert abs(clock.utcnow() - told) < timedelta(seconds=2)
    assert abs(clock.seconds_host_is_ahead() - DAY) < 2


def test_the_database_is_asked_for_the_time_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "QUICK_ANSWER", 60.0)  # a busy machine may be slow to answer
    known, connection = DatabaseClock(), Told(1000.0)
    for _ in range(5):
        known.ask(connection, None, None)
    assert connection.asked == 1
    assert 1000 <= known.now() < 1001
    assert connection.autocommit is False, "the next one to use it begins a transaction"


def test_an_answer_that_was_long_under_way_does_not_replace_a_better_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LONGEST_ANSWER", 0.05)
    monkeypatch.setattr(clock, "ASK_EVERY", 0.0)
    known = DatabaseClock()
    known.ask(Told(1000.0), None, None)
    known.ask(Told(2000.0, slow=0.1), None, None)
    assert 1000 <= known.now() < 1001


def test_of_slow_answers_the_quickest_counts_and_nobody_is_behind() -> None:
    known, connection = DatabaseClock(), Told(1000.0, slow=0.05)
    before = time.monotonic()
    known.ask(connection, None, None)
    assert connection.asked == clock.TRIES
    assert 1000.05 <= known.now() <= 1000 + time.monotonic() - before


def test_before_the_database_was_heard_the_hosts_clock_must_do() -> None:
    known = DatabaseClock()
    known.ask(Broken(0.0), None, None)
    assert abs(known.now() - time.time()) < 1
