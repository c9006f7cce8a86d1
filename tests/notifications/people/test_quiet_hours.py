"""Quiet hours and digests: nobody is woken for what can wait, and nobody gets twenty notices of a type."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.content.config_values import Hours
from powerbank.notifications.people import quiet_hours
from powerbank.notifications.people.notice_types import RULES, NoticeType
from powerbank.notifications.people.services import notify
from tests.people import Inbox, People, Person, change, rows

Work = Callable[..., None]
NIGHT = Hours(time(22), time(7))
KATHMANDU, BERLIN = ZoneInfo("Asia/Kathmandu"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "hours", "zone", "ends"),
    [
        ("2026-11-21T21:59:59", NIGHT, KATHMANDU, None),
        ("2026-11-21T22:00:00", NIGHT, KATHMANDU, "2026-11-22T07:00:00"),
        ("2026-11-21T23:59:59", NIGHT, KATHMANDU, "2026-11-22T07:00:00"),
        ("2026-11-22T00:00:00", NIGHT, KATHMANDU, "2026-11-22T07:00:00"),
        ("2026-11-22T06:59:59", NIGHT, KATHMANDU, "2026-11-22T07:00:00"),
        ("2026-11-22T07:00:00", NIGHT, KATHMANDU, None),
        ("2026-12-31T23:30:00", NIGHT, KATHMANDU, "2027-01-01T07:00:00"),
        ("2026-11-21T12:59:00", Hours(time(13), time(15)), KATHMANDU, None),
        ("2026-11-21T13:00:00", Hours(time(13), time(15)), KATHMANDU, "2026-11-21T15:00:00"),
        ("2026-11-21T15:00:00", Hours(time(13), time(15)), KATHMANDU, None),
        # Clocks go forward in the first of these nights and back in the second. The morning is at seven all the same.
        ("2026-03-28T23:00:00", NIGHT, BERLIN, "2026-03-29T07:00:00"),
        ("2026-10-24T23:00:00", NIGHT, BERLIN, "2026-10-25T07:00:00"),
    ],
)
def test_quiet_hours_end_in_the_morning_of_their_time_zone(
    local: str, hours: Hours, zone: ZoneInfo, ends: str | None
) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=zone)
    expected = datetime.fromisoformat(ends).replace(tzinfo=zone) if ends else None
    assert quiet_hours.end_of_quiet_hours(hours, now, zone) == expected
    assert quiet_hours.end_of_quiet_hours(hours, now.astimezone(ZoneInfo("America/New_York")), zone) == expected


@pytest.fixture
def sita(app: Flask, client: FlaskClient, people: People) -> Person:
    sita = people.join("sita", "+9779812345678")
    body = {"fcm_token": "device-token-0001", "platform": "android"}
    client.post("/api/users/me/devices", json=body, headers=sita.headers)
    return sita


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime | None], None]:
    def until(end: datetime | None) -> None:
        monkeypatch.setattr(quiet_hours, "end_of_night", lambda _now: end)

    return until


def tell(app: Flask, person: Person, kind: NoticeType, count: int = 1) -> None:
    context = {"balance": 1_00, "due_at": "2026-11-21T12:20:00Z", "rate": 500, "amount": 500}
    for _ in range(count):
        with app.app_context(), transaction():
            notify(user_id=person.id, type=kind, context=context)


def morning_comes(app: Flask) -> None:
    from powerbank.outbox import relay

    change(app, "UPDATE outbox_jobs SET run_after = now() WHERE state = 'open'")
    with app.app_context():
        relay.send_all_open_jobs()


def test_only_urgent_messages_go_out_at_night(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person, night: Callable[..., None]
) -> None:
    end = utcnow() + timedelta(hours=8)
    night(end)
    tell(app, sita, NoticeType.CRITICAL_CREDIT)
    tell(app, sita, NoticeType.RENTAL_OVERDUE)
    work()
    assert len(client.get("/api/notifications", headers=sita.headers).get_json()["items"]) == 2
    assert [push.title for push in inbox.of("push")] == ["Your rental is overdue"]
    assert len(inbox.of("sms")) == 1
    waiting = rows(app, "SELECT run_after, expires_at FROM outbox_jobs WHERE state = 'open' AND job LIKE 'send_%'")
    assert len(waiting) == 2
    for row in waiting:
        assert end <= row.run_after < end + timedelta(minutes=10)
        assert row.expires_at > row.run_after
    night(None)
    morning_comes(app)
    work()
    assert (len(inbox.of("push")), len(inbox.of("sms"))) == (2, 2)


def test_longer_quiet_hours_hold_back_planned_messages(
    app: Flask, work: Work, inbox: Inbox, sita: Person, night: Callable[..., None]
) -> None:
    night(utcnow() + timedelta(hours=8))
    tell(app, sita, NoticeType.LOW_CREDIT)
    work()
    later = utcnow() + timedelta(hours=2)
    night(later)
    morning_comes(app)
    work()
    assert inbox.of("push") == []
    (open_one,) = rows(app, "SELECT id, run_after FROM outbox_jobs WHERE state = 'open' AND job = 'send_push'")
    assert later <= open_one.run_after
    assert rows(app, "SELECT job_id, attempts, status FROM deliveries") == [(open_one.id, 0, "queued")]
    night(None)
    morning_comes(app)
    work()
    assert len(inbox.of("push")) == 1


def test_many_notices_of_a_type_become_a_few_and_one_digest(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    allowed = RULES[NoticeType.LOW_CREDIT].per_hour
    tell(app, sita, NoticeType.LOW_CREDIT, 20)
    work()
    assert len(inbox.of("push")) == allowed
    assert len(client.get("/api/notifications", headers=sita.headers).get_json()["items"]) == 20
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'send_digest'") == [(1,)]
    morning_comes(app)
    work()
    assert len(inbox.of("push")) == allowed + 1
    digest = inbox.of("push")[0]
    assert (digest.title, digest.body) == (
        "Your balance is low",
        f"And {20 - allowed - 1} more like this. Read them in the app.",
    )
    assert len(client.get("/api/notifications", headers=sita.headers).get_json()["items"]) == 20
    tell(app, sita, NoticeType.DUE_PAID)  # another kind is not kept back by this one
    work()
    assert len(inbox.of("push")) == allowed + 2


def test_digest_leaves_out_what_was_read_meanwhile(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    allowed = RULES[NoticeType.LOW_CREDIT].per_hour
    tell(app, sita, NoticeType.LOW_CREDIT, allowed + 5)
    work()
    client.post("/api/notifications/mark-all-read", headers=sita.headers)
    morning_comes(app)
    work()
    assert len(inbox.of("push")) == allowed
    assert rows(app, "SELECT count(*) FROM notices WHERE withheld_at IS NOT NULL") == [(0,)]


def test_digest_of_one_notice_is_that_notice(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person
) -> None:
    tell(app, sita, NoticeType.LOW_CREDIT, RULES[NoticeType.LOW_CREDIT].per_hour + 1)
    work()
    morning_comes(app)
    work()
    assert [push.body for push in inbox.of("push")].count(inbox.of("push")[0].body) == RULES[
        NoticeType.LOW_CREDIT
    ].per_hour + 1


def test_notices_of_a_night_are_two_messages_in_the_morning(
    app: Flask, work: Work, inbox: Inbox, sita: Person, night: Callable[..., None]
) -> None:
    night(utcnow() + timedelta(hours=8))
    tell(app, sita, NoticeType.LOW_CREDIT, 20)
    work()
    assert inbox.of("push") == []
    night(None)
    morning_comes(app)
    work()
    assert [push.body for push in inbox.of("push")].count("And 18 more like this. Read them in the app.") == 1
    assert len(inbox.of("push")) == 2
