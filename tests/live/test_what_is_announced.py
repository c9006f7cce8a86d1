"""What each domain announces to the screens."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.console_changes import CONSOLE_CHANGES
from powerbank.live.changes import Change, Teller, topic_of_user
from powerbank.notifications.people import services as notices
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.ops import services as ops
from powerbank.ops.queries import Problem
from powerbank.outbox import lifecycle
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.outbox.models import Cause, OutboxJob
from powerbank.rentals.events import RentalDisputed
from powerbank.stations.availability import presence
from powerbank.stations.custody import registration
from tests import sample_jobs
from tests.ledger.conftest import award, make_person, top_up
from tests.people import People, rows
from tests.rentals import rentals_in_states
from tests.stations.conftest import Make
from tests.stations.talker import Talker


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Change]]:
    """Collect all that has been announced in this process, after its commit."""
    found: list[Change] = []
    monkeypatch.setattr(Teller, "tell", lambda _, announcement: found.extend(announcement.changes.values()))
    return found


def topics(told: list[Change]) -> set[tuple[str, str, str | None]]:
    """Return what was announced since the last look."""
    found = {(topic, change.kind, change.id) for change in told for topic in change.topics}
    told.clear()
    return found


def test_each_move_of_a_rental_is_announced(context: Flask, told: list[Change]) -> None:
    rental_id = rentals_in_states.pending()
    [(user_id, version)] = rows(context, "SELECT user_id, version FROM rentals")
    found = [change for change in told if change.topics == (f"rental:{rental_id}", "rentals")]
    assert [(change.kind, change.id, change.version) for change in found] == [("rental", str(rental_id), version)]
    assert (topic_of_user(user_id), "rental", str(rental_id)) in topics(told)


def test_changes_of_a_wallet_are_announced(context: Flask, told: list[Change]) -> None:
    user_id = make_person()
    told.clear()
    with transaction():
        top_up(user_id, 100_00)
    assert topics(told) == {(topic_of_user(user_id), "wallet", None)}


def test_changes_of_points_are_announced(context: Flask, told: list[Change]) -> None:
    user_id = make_person()
    told.clear()
    with transaction():
        award(user_id, 10)
    assert (topic_of_user(user_id), "points", None) in topics(told)


def test_a_notice_once_it_can_be_read_and_when_it_was(
    context: Flask, client: FlaskClient, people: People, told: list[Change], work: Callable[..., None]
) -> None:
    sita = people.join("sita")
    told.clear()
    with transaction():
        notice_id = notices.notify(user_id=sita.id, type=NoticeType.WELCOME, context={})
    assert topics(told) == set(), "nobody can read it yet"
    work()
    mine = (topic_of_user(sita.id), "notice", str(notice_id))
    assert mine in topics(told)
    client.patch(f"/api/notifications/{notice_id}", json={"read": True}, headers=sita.headers)
    assert mine in topics(told)
    client.delete(f"/api/notifications/{notice_id}", headers=sita.headers)
    assert mine in topics(told)


def test_a_station_whose_contents_change(context: Flask, make_station: Make, told: list[Change]) -> None:
    talker = Talker(make_station("A"))
    with transaction():
        registration.register_banks(serials=["101"], model=None, now=utcnow())
    told.clear()
    talker.snapshot({1: ("101", 80)})
    assert {("station:A", "station", "A"), ("stations", "station", "A")} <= topics(told)
    for _ in range(2):  # the first of them may still find something to agree upon
        told.clear()
        talker.wait(30)
        talker.snapshot({1: ("101", 80)})
    assert topics(told) == set(), "a heartbeat that shows the same is no change"
    talker.wait(30)
    talker.snapshot({1: ("101", 81)})
    assert topics(told) == {("station:A", "slots", "A")}, "a charge matters to who looks at this station"


def test_a_station_that_falls_silent_and_speaks_again(context: Flask, make_station: Make, told: list[Change]) -> None:
    talker = Talker(make_station("A"))
    talker.snapshot({1: ("101", 80)})
    told.clear()
    with transaction():
        presence.mark_silent_stations(talker.now + timedelta(hours=1))
    assert topics(told) == {("station:A", "station", "A"), ("stations", "station", "A")}
    talker.wait(30)
    talker.snapshot({1: ("101", 80)})
    assert topics(told) == {("station:A", "station", "A"), ("stations", "station", "A")}


def test_an_alert_that_is_raised_and_cleared(context: Flask, told: list[Change]) -> None:
    for problems in ([Problem("no_daemon", "no_daemon", "nobody hears stations")], []):
        with transaction():
            ops.update_alerts(problems, now=utcnow())
        assert ("console", "alert", "no_daemon") in topics(told)


def test_a_job_that_died_and_was_discarded(context: Flask, told: list[Change]) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.FAILING, key="a")
    with transaction() as session:
        lifecycle.bury(session.get_one(OutboxJob, job_id), Cause.OUT_OF_RETRIES)
    assert topics(told) == {("console", "dead_letter", str(job_id))}
    assert job_id is not None
    with transaction():
        ops.discard_dead_letter(job_id)
    assert topics(told) == {("console", "dead_letter", str(job_id))}


def test_what_staff_work_off_follows_from_events(context: Flask, told: list[Change]) -> None:
    ids = [UUID(int=number) for number in (1, 2)]
    with transaction():
        publish(RentalDisputed(rental_id=ids[0], rental_code="R", station_sn="A", case_id=ids[1], issue_type="other"))
    assert topics(told) == {("console", "case", str(ids[1]))}
    for event, change in CONSOLE_CHANGES.items():
        assert change.id in {each.name for each in fields(event)}, event
