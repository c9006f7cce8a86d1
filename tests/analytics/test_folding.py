"""The fold: in pieces, in any order, after a crash, with events that come late, it gives what one pass gives."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.analytics import fold
from jobs.ledger import recount_ledger
from powerbank.analytics.buckets import folding, proof
from powerbank.analytics.buckets.days import day_begins
from powerbank.analytics.figures.registry import KEPT
from powerbank.analytics.models import ALL
from powerbank.base.clock import local_day
from powerbank.base.db import new_id, transaction, utcnow
from tests.analytics import histories, one_pass
from tests.analytics.conftest import Fold
from tests.analytics.histories import LATEST, NOW, TIMED, History, Step, fold_all, play
from tests.examples import THOROUGH
from tests.people import Headers, change, rows
from tests.rentals.conftest import Out, Packages
from tests.stations.conftest import Make

Staff = Callable[..., Headers]


@pytest.fixture
def past(app: Flask, context: Flask, out: Out, make_station: Make, package: Packages) -> History:
    """Give a rental with its ledger, from which histories are copied into the past, two stations and two packages."""
    out(price="50.00")
    make_station("B")
    package(price="80.00")
    return histories.begin(app.config["TEST_DATABASE"])


# Hours are those ago, and choose amounts; a choice says which station, package, account or ending it is.
HOURS, CHOICES = st.integers(0, LATEST), st.integers(0, 11)
STEPS = st.lists(
    st.one_of(
        st.builds(Step, what=st.just("rental"), hours=HOURS, choice=CHOICES),
        st.builds(Step, what=st.sampled_from(["ending", "second ending"]), hours=HOURS, choice=CHOICES),
        st.builds(Step, what=st.just("booking"), hours=HOURS, choice=CHOICES),
        st.builds(Step, what=st.sampled_from([*TIMED, *NOW]), hours=HOURS, choice=CHOICES),
        st.builds(Step, what=st.sampled_from(["town", "agreement", "shorter"]), hours=HOURS, choice=CHOICES),
        st.builds(Step, what=st.sampled_from(["fold", "piece", "crash"])),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=12 * THOROUGH, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_history_gives_what_one_pass_over_it_gives(past: History, steps: list[Step]) -> None:
    """Each figure of each hour and day, of the network, each station and each package. The histories add up."""
    for step in steps:
        play(past, step)
    fold_all(past)
    hours, days = one_pass.recount()
    kept_hours, kept_days = one_pass.read_kept()
    assert kept_hours == hours
    assert kept_days == days
    assert one_pass.read_kept_selections() == one_pass.select(hours)
    assert list(proof.find_wrong_figures()) == []
    assert folding.count_stale() == 0


def test_one_history_has_something_of_every_figure(past: History) -> None:
    """A figure that no history moves would be compared with nothing."""
    for number in range(24):
        play(past, Step("rental", hours=10 + number, choice=number + number // 4))
        play(past, Step("ending", hours=number // 3, choice=number))
        if number % 5 == 0:
            play(past, Step("second ending", hours=number // 4, choice=number))
        for what in ("agreement", "town", "shorter", *sorted({*TIMED, *NOW} - {"rental", "ending", "second ending"})):
            play(past, Step(what, hours=1 + number, choice=number))
        if number % 8 == 4:
            fold_all(past)  # what comes later moves stations whose sums are made
    fold_all(past)
    hours, days = one_pass.recount()
    assert one_pass.read_kept() == (hours, days)
    selected = one_pass.select(hours)
    assert one_pass.read_kept_selections() == selected
    assert len({selection for _, selection, _ in selected[1]}) > 3, "towns and partners"
    moved = {name for figures in days.values() for name in figures}
    assert {figure.name for figure in KEPT} - moved == set()


def test_what_commits_late_is_found_once_it_has_committed(
    app: Flask, past: History, environment: dict[str, str]
) -> None:
    """An event whose transaction was open during two folds has an identifier that is older than what they saw."""
    fold(seconds=60)
    past.write("UPDATE figure_marks SET folded_until = now(), pending_until = NULL, horizon = NULL")
    of_day = "SELECT count(*) FROM figure_days WHERE day = :day"
    with closing(psycopg2.connect(environment["DATABASE_URL"])) as late, late.cursor() as cursor:
        rental_id, at = past.model, utcnow() - timedelta(hours=30)
        cursor.execute(
            """INSERT INTO rental_events (id, rental_id, at, event, cause, from_status, to_status)
               VALUES (%s, %s, %s, 'eject_unanswered', 'station', 'pending', 'ejecting')""",
            (str(new_id()), str(rental_id), at),
        )
        for _ in range(3):
            fold(seconds=60)
            past.write("UPDATE figure_marks SET pending_until = now() WHERE pending_until IS NOT NULL")
        assert rows(app, of_day, day=local_day(at)) == [(0,)]
        late.commit()
    fold(seconds=60)
    assert rows(app, of_day, day=local_day(at)) != [(0,)]


def test_days_from_before_are_filled_in_with_progress(
    app: Flask, client: FlaskClient, staff_headers: Staff, out: Out, folded: Fold, work: Callable[..., None]
) -> None:
    noon = day_begins(local_day(utcnow())) - timedelta(hours=12)
    out(ago=(utcnow() - noon) / timedelta(minutes=1), price="50.00")
    folded()
    kept = "SELECT day, rentals_started, revenue_fares FROM figure_days ORDER BY day, station_id, package_id"
    before = rows(app, kept)
    change(app, "DELETE FROM figure_days")
    change(app, "DELETE FROM figure_hours")
    today, headers = local_day(utcnow()), staff_headers("operations")
    asked = {"from": str(today - timedelta(days=4)), "to": str(today)}
    accepted = client.post("/api/admin/analytics/fill-in", json=asked, headers=headers)
    assert accepted.status_code == 202, accepted.text
    work("analytics")
    operation = client.get(f"/api/operations/{accepted.get_json()['operation_id']}", headers=headers).get_json()
    assert operation["status"] == "succeeded", operation
    assert operation["progress"] | {"done": 5, "total": 5} == operation["progress"]
    assert rows(app, kept) == before
    assert {row[0] for row in before} == {today, today - timedelta(days=1)}
    wrong = {"from": str(today), "to": str(today + timedelta(days=1))}
    assert client.post("/api/admin/analytics/fill-in", json=wrong, headers=headers).status_code == 422


def test_an_hour_that_takes_long_is_left_alone_until_it_is_over(app: Flask, past: History) -> None:
    """What takes long is not made again at once, what happened before is, and in the end every hour is right."""
    fold(seconds=60)
    of_today = "SELECT sum(rentals_started) FROM figure_hours WHERE station_id = :all AND package_id = :all"
    [[before]] = rows(app, of_today, all=ALL)
    change(app, "UPDATE figure_marks SET rests_until = now() + interval '1 hour'")
    play(past, Step("rental", 0))
    play(past, Step("rental", 30))
    fold(seconds=60)
    assert rows(app, of_today, all=ALL) == [(before + 1,)], "only the one of long ago"
    assert folding.count_stale() > 0
    fold_all(past)
    assert rows(app, of_today, all=ALL) == [(before + 2,)]
    assert folding.count_stale() == 0
    now = utcnow()
    assert folding.rest_after(now, took=timedelta(seconds=5)) is None
    assert folding.rest_after(now, took=timedelta(seconds=30)) == now + timedelta(minutes=15)


def test_the_nights_recount_finds_a_figure_that_differs(app: Flask, past: History) -> None:
    play(past, Step("rental", 50))
    fold(seconds=60)
    with app.app_context():
        assert recount_ledger(new_id(), now=utcnow()).differences == 0
    change(app, "UPDATE figure_days SET rentals_started = rentals_started + 1 WHERE rentals_started > 0")
    with app.app_context():
        recount = recount_ledger(new_id(), now=utcnow())
    assert {each["check"] for each in recount.found} == {"figure"}
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'notify_staff'") != [(0,)]


def test_hours_of_stations_are_forgotten_and_a_late_event_makes_its_day_again(app: Flask, past: History) -> None:
    play(past, Step("rental", 24 * 120))
    fold(seconds=60)
    assert rows(app, "SELECT count(*) FROM figure_hours WHERE at < now() - interval '110 days'") == [(2,)], (
        "of the whole network only: all packages, and one"
    )
    # What came from rows that are deleted after three months is in the days alone.
    change(app, "UPDATE figure_days SET refused_starts = 3 WHERE rentals_started > 0")
    play(past, Step("rental", 24 * 120))
    fold(seconds=60)
    of_then = "SELECT DISTINCT rentals_started, refused_starts FROM figure_days WHERE day < now() - interval '110 days'"
    assert rows(app, of_then) == [(2, 3)]


def test_minutes_of_a_station_count_within_its_opening_hours(app: Flask, folded: Fold, past: History) -> None:
    change(app, "DELETE FROM station_status_changes")
    change(app, "DELETE FROM station_stock_changes")
    change(
        app,
        """INSERT INTO station_status_changes (station_id, at, status)
           SELECT id, date_trunc('day', now() - interval '3 days', timezone), 'offline' FROM stations WHERE sn = 'A'
            UNION ALL
           SELECT id, date_trunc('day', now() - interval '2 days', timezone), 'online' FROM stations WHERE sn = 'A'""",
    )
    days = """SELECT offline_seconds FROM figure_days
               WHERE station_id <> '00000000-0000-0000-0000-000000000000' AND offline_seconds > 0"""
    folded()
    with transaction():
        folding.note_days(local_day(utcnow() - timedelta(days=4)), local_day(utcnow()))
    folded()
    assert rows(app, days) == [(86_400,)]
    hours = """{"weekly": {"%s": [["08:00", "20:00"], ["22:00", "01:00"]]}}"""
    weekdays = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    weekday = weekdays[local_day(utcnow() - timedelta(days=3)).weekday()]
    change(app, "UPDATE stations SET opening_hours = CAST(:hours AS jsonb)", hours=hours % weekday)
    with transaction():
        folding.note_days(local_day(utcnow() - timedelta(days=4)), local_day(utcnow()))
    folded()
    assert rows(app, days) == [(14 * 3600,)], "twelve hours, and two of the three that go on past midnight"
