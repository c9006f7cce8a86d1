"""What time brings: an answer that is late alerts staff, an answer that is not read is told, old contents go."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.support import sweeps
from powerbank.support.staffing.hours import Holiday, Opening, Timetable
from tests.people import change, rows
from tests.support.conftest import Begin

OFFICE = [Opening(day, time(10), time(17)) for day in range(7) if day != 5]  # Saturday is the day off


def kathmandu(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+05:45").astimezone(UTC)


def test_the_clock_of_a_promise_runs_in_business_hours_only() -> None:
    table = Timetable(OFFICE, [Holiday(date(2026, 12, 6), "a feast")])
    assert table.add_minutes(kathmandu("2026-12-03T11:00"), 15) == kathmandu("2026-12-03T11:15")
    assert table.add_minutes(kathmandu("2026-12-03T08:00"), 15) == kathmandu("2026-12-03T10:15")
    # The question comes on a Friday evening, before a day off and a holiday.
    assert table.add_minutes(kathmandu("2026-12-04T16:50"), 15) == kathmandu("2026-12-07T10:05")
    assert table.is_open(kathmandu("2026-12-03T16:59"))
    assert not table.is_open(kathmandu("2026-12-03T17:00"))
    assert not table.is_open(kathmandu("2026-12-06T12:00"))


def test_without_hours_support_answers_always() -> None:
    moment = kathmandu("2026-12-05T03:00")
    assert Timetable([], []).add_minutes(moment, 15) == moment + timedelta(minutes=15)


def test_hours_are_written_whole_and_make_sense(client: FlaskClient, begin: Begin) -> None:
    talk = begin()

    def put(openings: list[dict[str, Any]], holidays: list[dict[str, Any]] | None = None) -> Any:
        body = {"openings": openings, "holidays": holidays or []}
        return client.put("/api/admin/support/hours", json=body, headers=talk.staff)

    day = {"weekday": 0, "opens": "10:00", "closes": "17:00"}
    assert put([day], [{"day": "2026-12-25", "name": "Christmas"}]).status_code == 200
    assert client.get("/api/admin/support/hours", headers=talk.staff).get_json()["openings"] == [day]
    assert put([day | {"closes": "09:00"}]).status_code == 422
    assert put([day, day | {"opens": "16:00", "closes": "18:00"}]).status_code == 422
    assert put([], [{"day": "2026-12-25", "name": "a"}, {"day": "2026-12-25", "name": "b"}]).status_code == 422
    seen = client.get("/api/support/hours", headers=talk.person).get_json()
    assert {*seen} == {"open_now", "answer_expected_at"}


def test_a_late_answer_alerts_staff_once(app: Flask, context: Flask, begin: Begin, work: Callable[..., object]) -> None:
    talk = begin()
    work()
    with transaction():
        assert sweeps.escalate_late_answers(now=utcnow()) == 0
    change(app, "UPDATE conversations SET answer_due_at = now() - interval '20 minutes'")
    for late in (1, 0):
        with transaction():
            assert sweeps.escalate_late_answers(now=utcnow()) == late
    work()
    assert rows(app, "SELECT count(*) > 0 FROM staff_notices WHERE type = 'support_overdue'") == [(True,)]
    assert talk.staff_seen()["escalated_at"] is not None
    talk.staff_post("reply", {"text": "Sorry"})
    assert talk.staff_seen()["escalated_at"] is None


def tell_what_waits(app: Flask) -> None:
    """Do what the jobs that wait for their time will do."""
    arguments = "SELECT arguments ->> 'conversation_id', arguments ->> 'message_id', arguments ->> 'channel'"
    for conversation, message, channel in rows(app, f"{arguments} FROM outbox_jobs WHERE job = 'tell_support_answer'"):
        with transaction():
            sweeps.tell_of_answer(UUID(conversation), UUID(message), channel=channel)


def test_an_answer_that_is_not_read_is_told_by_push_and_later_by_mail(app: Flask, context: Flask, begin: Begin) -> None:
    talk = begin()
    talk.staff_post("reply", {"text": "We look at it"})
    waiting = rows(app, "SELECT arguments ->> 'channel' FROM outbox_jobs WHERE job = 'tell_support_answer' ORDER BY 1")
    assert waiting == [("email",), ("push",)]
    tell_what_waits(app)
    tell_what_waits(app)
    told = "SELECT type FROM notices WHERE type LIKE 'support%' ORDER BY type"
    assert rows(app, told) == [("support_answer_waits",), ("support_answered",)]


def test_who_has_read_the_answer_is_not_told(app: Flask, context: Flask, begin: Begin) -> None:
    talk = begin()
    talk.staff_post("reply", {"text": "We look at it"})
    talk.post("read", {"up_to": talk.messages()[-1]["id"]})
    tell_what_waits(app)
    assert rows(app, "SELECT count(*) FROM notices WHERE type LIKE 'support%'") == [(0,)]


def test_what_was_said_is_deleted_after_two_years(app: Flask, context: Flask, begin: Begin) -> None:
    talk = begin()
    with transaction():
        assert sweeps.delete_old_messages(now=utcnow() + timedelta(days=729)) == 0
    with transaction():
        assert sweeps.delete_old_messages(now=utcnow() + timedelta(days=731)) == 1
    assert talk.messages() == []
