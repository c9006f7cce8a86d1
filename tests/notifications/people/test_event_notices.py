"""An event becomes one notice of a person, however often it comes."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.outbox.enqueue import publish
from powerbank.outbox.events import Event
from powerbank.stations.events import StationIssueReported
from powerbank.subscriptions import SUBSCRIPTIONS, tell_user
from tests.people import People, Person, rows
from tests.stations.conftest import Make, make_station  # noqa: F401

Work = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Paid(Event):
    user_id: UUID
    due_id: str
    amount: int
    final: bool


def bodies(client: FlaskClient, person: Person) -> list[str]:
    return [item["body"] for item in client.get("/api/notifications", headers=person.headers).get_json()["items"]]


def happened(app: Flask, event: Event) -> None:
    with app.app_context(), transaction():
        publish(event)


def test_repeated_event_is_one_notice(
    app: Flask, client: FlaskClient, people: People, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    sita = people.join("sita")
    monkeypatch.setitem(SUBSCRIPTIONS, Paid, (tell_user(NoticeType.DUE_PAID, once_per="due_id", final=True),))
    for _ in range(10):
        happened(app, Paid(user_id=sita.id, due_id="1", amount=12_500, final=True))
    happened(app, Paid(user_id=sita.id, due_id="2", amount=7_00, final=True))
    happened(app, Paid(user_id=sita.id, due_id="3", amount=7_00, final=False))
    work()
    assert bodies(client, sita) == [
        "NPR 7.00 of what was open on your account is paid.",
        "NPR 125.00 of what was open on your account is paid.",
    ]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'notify_user'") == [(11,)]


def test_events_of_one_transaction_are_told_to_each_person_by_one_job(
    app: Flask, client: FlaskClient, people: People, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    sita, gita = people.join("sita"), people.join("gita")
    monkeypatch.setitem(SUBSCRIPTIONS, Paid, (tell_user(NoticeType.DUE_PAID, once_per="due_id"),))
    with app.app_context(), transaction() as session:
        for person, due in ((sita, "1"), (gita, "2"), (sita, "3")):
            publish(Paid(user_id=person.id, due_id=due, amount=7_00, final=True))
        given_up = session.begin_nested()
        publish(Paid(user_id=sita.id, due_id="4", amount=9_00, final=True))
        given_up.rollback()
    work()
    assert (len(bodies(client, sita)), len(bodies(client, gita))) == (2, 1)
    jobs = rows(app, "SELECT job, count(*) FROM outbox_jobs WHERE job LIKE 'notify_user%' GROUP BY job ORDER BY job")
    assert jobs == [("notify_user", 1), ("notify_user_of_several", 1)]


def test_reporter_of_an_issue_hears_of_its_receipt_and_its_end(
    app: Flask,
    client: FlaskClient,
    people: People,
    work: Work,
    make_station: Make,  # noqa: F811
    staff_headers: Callable[..., dict[str, str]],
) -> None:
    make_station("A")
    sita, gita = people.join("sita"), people.join("gita")
    for person in (sita, gita, gita):
        client.post("/api/stations/A/report-issue", json={"issue_type": "dirty"}, headers=person.headers)
    work()
    (name,) = rows(app, "SELECT name FROM stations")[0]
    thanks = f"We are looking into what you reported about {name}."
    assert (bodies(client, sita), bodies(client, gita)) == ([thanks], [thanks, thanks])
    (issue,) = rows(app, "SELECT id FROM station_issues")
    address = f"/api/admin/station-issues/{issue.id}/resolve"
    assert client.post(address, json={"resolution": "cleaned"}, headers=staff_headers()).status_code == 200
    work()
    mended = f"{name} is in order again. Thank you for telling us."
    assert (bodies(client, sita)[0], bodies(client, gita)[0]) == (mended, mended)
    assert rows(app, "SELECT count(*) FROM notices WHERE type = 'station_issue_resolved'") == [(2,)]


def test_event_about_a_deleted_thing_tells_nobody(app: Flask, people: People, work: Work) -> None:
    sita = people.join("sita")
    happened(
        app,
        StationIssueReported(
            user_id=sita.id,
            station_sn="GONE",
            report_id=uuid4(),
            issue_id=uuid4(),
            issue_type="dirty",
            priority="normal",
            first=True,
        ),
    )
    work()
    assert rows(app, "SELECT count(*) FROM notices") == [(0,)]
