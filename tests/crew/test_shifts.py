"""Shifts and breaks: hours that are paid, breaks that count to their day, and shifts that nobody ended."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from powerbank.base.clock import format_time
from powerbank.base.db import transaction, utcnow
from powerbank.crew import leaving
from powerbank.crew.members.queries import find_own_member
from powerbank.crew.shifts import queries, services
from powerbank.crew.shifts.days import began_of_day, seconds_within
from tests.crew.conftest import Member
from tests.people import change, rows
from tests.stations.conftest import Make

Hire = Callable[..., Member]
MIDNIGHT = datetime(2026, 7, 1, 18, 15, tzinfo=UTC)  # of 2 July at Kathmandu
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def earned(app: Flask) -> list[tuple[str, int, int]]:
    found = rows(app, "SELECT kind, amount, detail FROM crew_earnings ORDER BY id")
    return [(row.kind, row.amount, row.detail.get("seconds")) for row in found]


def test_a_second_start_is_the_first_one_again(hire: Hire) -> None:
    ram = hire()
    assert ram.get("me")["shift"] is None
    first = ram.do("shift/start")
    assert ram.do("shift/start") == first
    pause = ram.do("break/start")
    assert ram.do("break/start") == pause
    me = ram.get("me")
    assert (me["shift"]["id"], me["break"]["id"]) == (first["id"], pause["id"])
    assert me["last_break_reset"] == format_time(began_of_day(utcnow(), "Asia/Kathmandu"))
    ram.do("break/end")
    assert ram.get("me")["break"] is None
    ram.do("shift/end")
    assert ram.get("me")["shift"] is None


def test_what_has_not_begun_does_not_end(hire: Hire) -> None:
    ram = hire()
    for path, code in (
        ("shift/end", "no_open_shift"),
        ("break/end", "no_open_break"),
        ("break/start", "no_open_shift"),
    ):
        refused = ram.ask(path)
        assert (refused.status_code, refused.get_json()["code"]) == (409, code)


def test_a_shift_does_not_end_with_a_task_in_hand(make_station: Make, hire: Hire, order: Callable[..., Any]) -> None:
    make_station("A")
    ram, task = hire(), order()
    ram.do("shift/start")
    ram.do(f"tasks/{task['id']}/claim")
    refused = ram.ask("shift/end")
    assert refused.status_code == 409
    assert refused.get_json()["open_tasks"] == [{"id": task["id"], "kind": "clean", "station_sn": "A"}]
    ram.do(f"tasks/{task['id']}/release")
    ram.do("shift/end")


def test_hours_without_breaks_are_paid_once(app: Flask, context: Flask, hire: Hire) -> None:
    ram = hire()
    with transaction():
        services.start_shift(find_own_member(ram.user_id).id, now=MIDNIGHT + 8 * HOUR)
        services.start_break(find_own_member(ram.user_id).id, now=MIDNIGHT + 10 * HOUR)
        services.end_break(find_own_member(ram.user_id).id, now=MIDNIGHT + 11 * HOUR)
        services.end_shift(find_own_member(ram.user_id).id, now=MIDNIGHT + 12 * HOUR)
    assert earned(app) == [("shift", 300_00, 3 * 3600)]


def test_a_break_over_midnight_counts_to_each_day_its_part(app: Flask, context: Flask, hire: Hire) -> None:
    ram = hire()
    member = find_own_member(ram.user_id)
    with transaction():
        services.start_shift(member.id, now=MIDNIGHT - 3 * HOUR)
        services.start_break(member.id, now=MIDNIGHT - 20 * MINUTE)
    assert queries.describe_work(member, now=MIDNIGHT - MINUTE)["break_seconds_today"] == 19 * 60
    after = queries.describe_work(member, now=MIDNIGHT + 10 * MINUTE)
    assert (after["break_seconds_today"], after["last_break_reset"]) == (10 * 60, MIDNIGHT)
    with transaction():
        assert services.split_breaks(now=MIDNIGHT + 5 * MINUTE) == 1
        assert services.split_breaks(now=MIDNIGHT + 6 * MINUTE) == 0
    assert queries.describe_work(member, now=MIDNIGHT + 10 * MINUTE) == after | {
        "break": after["break"] | {"id": queries.find_open_break(member.id).id, "started_at": MIDNIGHT}  # type: ignore[union-attr]
    }
    assert queries.count_break_seconds(member.id, MIDNIGHT - 24 * HOUR, MIDNIGHT) == 20 * 60


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        (datetime(2026, 3, 29, 20, tzinfo=UTC), 21),  # the clocks went forward that morning
        (datetime(2026, 10, 25, 20, tzinfo=UTC), 22),  # and back on this one
    ],
)
def test_a_day_with_another_length_begins_at_its_midnight(moment: datetime, hours: int) -> None:
    began = began_of_day(moment, "Europe/Berlin")
    assert moment - began == hours * HOUR
    assert seconds_within([(began - HOUR, began + HOUR)], began, moment) == 3600


def test_a_shift_that_nobody_ended_ends_by_itself(
    app: Flask,
    context: Flask,
    make_station: Make,
    hire: Hire,
    order: Callable[..., Any],
    work: Callable[..., None],
) -> None:
    """It lasted 14 hours. The last thing was done after one, so one hour is paid; the task goes back."""
    make_station("A")
    ram, task = hire(), order()
    ram.do("shift/start")
    ram.do(f"tasks/{task['id']}/claim")
    ram.do(f"tasks/{task['id']}/start")
    change(
        app,
        "UPDATE crew_shifts SET started_at = now() - interval '15 hours', active_at = now() - interval '14 hours'",
    )
    [shift] = rows(app, "SELECT id, started_at FROM crew_shifts")
    for _ in range(2):
        with transaction():
            leaving.end_forgotten_shift(shift.id, now=utcnow())
    [ended] = rows(app, "SELECT started_at, ended_at, ended_by FROM crew_shifts")
    assert (ended.ended_by, ended.ended_at - ended.started_at) == ("time", 14 * HOUR)
    assert earned(app) == [("shift", 100_00, 3600)]
    assert ram.get(f"tasks/{task['id']}")["status"] == "open"
    work()
    told = [row.type for row in rows(app, "SELECT type FROM notices WHERE user_id = :id", id=ram.user_id)]
    assert told == ["crew_shift_ended"]
