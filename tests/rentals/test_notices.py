"""The reminders of the due time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.rentals import notices
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Renter

PLANNED = "SELECT arguments ->> 'due_at' AS due FROM outbox_jobs WHERE job = 'send_rental_reminder' ORDER BY id"


def reminded(app: Flask, cabinets: Cabinets, sita: Renter, rental_id: str, due: str) -> int:
    """Count how often she has been reminded, once the reminder of this due time has come."""
    with app.app_context(), transaction():
        notices.send_reminder(UUID(rental_id), due_at=datetime.fromisoformat(due), now=utcnow())
    cabinets.work()
    return [each["title"] for each in sita.get("/notifications")["items"]].count("Your rental ends soon")


def test_extension_plans_a_new_reminder(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=30, minutes=60)
    [first] = rows(app, PLANNED)
    assert sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package())}).status_code == 200
    _, second = rows(app, PLANNED)
    assert second.due > first.due
    assert reminded(app, cabinets, sita, rental_id, first.due) == 0, "of a due time that is not any more"
    assert reminded(app, cabinets, sita, rental_id, second.due) == 1


def test_return_drops_the_reminder(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30, minutes=60)
    [planned] = rows(app, PLANNED)
    cabinets.take_back("A-1")
    assert reminded(app, cabinets, sita, rental_id, planned.due) == 0


@pytest.mark.parametrize(("minutes", "reminders_planned"), [(15, 0), (16, 1)])
def test_short_rentals_get_no_reminder(app: Flask, out: Out, minutes: int, reminders_planned: int) -> None:
    out(minutes=minutes)
    found = rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'send_rental_reminder'")
    assert found == [(reminders_planned,)]


def due_in(planned: str) -> timedelta:
    return datetime.fromisoformat(planned) - utcnow()


def test_extended_short_rental_gets_a_reminder(app: Flask, out: Out, package: Callable[..., object]) -> None:
    sita, rental_id = out(ago=5, minutes=15)
    assert rows(app, PLANNED) == []
    assert sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(minutes=15))}).status_code == 200
    [planned] = rows(
        app, "SELECT run_after, arguments ->> 'due_at' AS due FROM outbox_jobs WHERE job = 'send_rental_reminder'"
    )
    assert timedelta(minutes=24) < due_in(planned.due) < timedelta(minutes=26)
    assert planned.run_after == datetime.fromisoformat(planned.due) - timedelta(minutes=15)


def test_extension_with_little_time_left_gets_no_reminder(app: Flask, out: Out, package: Callable[..., object]) -> None:
    """The new due time was told a moment ago."""
    sita, rental_id = out(minutes=60)
    change(app, "UPDATE rentals SET due_at = now() - interval '1 minute'")
    assert sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(minutes=15))}).status_code == 200
    assert len(rows(app, PLANNED)) == 1, "that of the first due time, which says nothing any more"


def test_late_ejection_news_sends_the_reminder_at_once(app: Flask, out: Out) -> None:
    out(ago=50, minutes=60)
    [planned] = rows(app, "SELECT run_after <= now() AS due FROM outbox_jobs WHERE job = 'send_rental_reminder'")
    assert planned.due


def test_ejection_news_after_the_due_time_sends_no_reminder(app: Flask, out: Out) -> None:
    out(ago=70, minutes=60)
    assert rows(app, PLANNED) == []


def test_no_reminder_when_less_time_is_left_than_the_reminder_needs(app: Flask, out: Out) -> None:
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('reminder_minutes', '40', 'test')")
    out(minutes=30)
    assert rows(app, PLANNED) == []
