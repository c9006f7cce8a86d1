"""How many starts came in time of late."""

from datetime import timedelta

from flask import Flask

from powerbank.base.db import utcnow
from powerbank.ops.machinery import service_levels
from tests.databases import execute, superuser_url
from tests.people import change
from tests.rentals.conftest import Out

SOON = timedelta(minutes=2)  # by then what happens now has had its time


def test_a_start_counts_by_how_long_its_rider_waited(app: Flask, out: Out) -> None:
    out()
    assert count_starts(app) == (1, 0)
    change(app, "UPDATE rentals SET created_at = started_at - interval '4 seconds'")
    assert count_starts(app) == (0, 1)


def test_a_start_that_brought_nothing_out_is_late_unless_its_rider_left(
    app: Flask, out: Out, database_name: str
) -> None:
    out()
    for status, counted in (("failed", (0, 1)), ("cancelled", (0, 0))):
        execute(
            superuser_url(database_name),
            "SET session_replication_role = replica",  # a rental that is out does not become one that never was
            f"UPDATE rentals SET status = '{status}', started_at = NULL, due_at = NULL",
        )
        assert count_starts(app) == counted


def test_what_is_under_way_and_what_is_long_over_is_not_counted(app: Flask, out: Out) -> None:
    out()
    with app.app_context():
        assert service_levels.count_starts(utcnow()) == (0, 0)
        assert service_levels.count_starts(utcnow() + timedelta(minutes=10)) == (0, 0)


def count_starts(app: Flask) -> service_levels.Waits:
    with app.app_context():
        return service_levels.count_starts(utcnow() + SOON)
