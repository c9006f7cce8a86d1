"""What goes along with a rental: where it is, what its person is reminded of, how staff find it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.rentals import locations, notices
from tests.people import change, rows
from tests.rentals.conftest import Cabinets, Renter

Out = Callable[..., tuple[Renter, str]]
PLANNED = "SELECT arguments ->> 'due_at' AS due FROM outbox_jobs WHERE job = 'send_rental_reminder' ORDER BY id"
HERE = {"lat": 27.7, "lng": 85.3, "accuracy": 12.5}


def test_places_are_taken_while_it_is_open_and_not_too_often(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30)
    told = [sita.post(f"/rentals/{rental_id}/location", HERE) for _ in range(locations.MOST_PER_MINUTE + 1)]
    assert [each.status_code for each in told] == [204] * locations.MOST_PER_MINUTE + [429]
    assert int(told[-1].headers["Retry-After"]) > 0
    cabinets.take_back("A-1")
    over = sita.post(f"/rentals/{rental_id}/location", HERE)
    assert (over.status_code, over.get_json()["code"]) == (409, "rental_over")


@pytest.mark.parametrize(
    "place",
    [
        {"lat": 91, "lng": 0},
        {"lat": 0, "lng": -181},
        {"lat": "x", "lng": 0},
        {"lat": 1},
        {"lat": 1, "lng": 1, "accuracy": -1},
    ],
)
def test_places_that_are_none(out: Out, place: dict[str, Any]) -> None:
    sita, rental_id = out()
    assert sita.post(f"/rentals/{rental_id}/location", place).status_code == 422


def test_places_are_forgotten_a_month_after_the_rental(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30)
    sita.post(f"/rentals/{rental_id}/location", HERE)
    change(app, "UPDATE rental_locations SET at = now() - interval '90 days'")
    kept: list[int] = []
    for days in (0, 29, 31):
        if days == 29:
            cabinets.take_back("A-1")
        with app.app_context(), transaction():
            locations.delete_old_locations(utcnow() + timedelta(days=days))
        kept.append(rows(app, "SELECT count(*) FROM rental_locations")[0][0])
    assert kept == [1, 1, 0]


def reminded(app: Flask, cabinets: Cabinets, sita: Renter, rental_id: str, due: str) -> int:
    """How often she has been, once the reminder of this due time has come."""
    with app.app_context(), transaction():
        notices.send_reminder(UUID(rental_id), due_at=datetime.fromisoformat(due))
    cabinets.work()
    return [each["title"] for each in sita.get("/notifications")["items"]].count("Your rental ends soon")


def test_a_reminder_is_planned_anew_on_extension(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=30, minutes=60)
    [first] = rows(app, PLANNED)
    assert sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package())}).status_code == 200
    _, second = rows(app, PLANNED)
    assert second.due > first.due
    assert reminded(app, cabinets, sita, rental_id, first.due) == 0, "of a due time that is not any more"
    assert reminded(app, cabinets, sita, rental_id, second.due) == 1


def test_a_reminder_is_dropped_on_return(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30, minutes=60)
    [planned] = rows(app, PLANNED)
    cabinets.take_back("A-1")
    assert reminded(app, cabinets, sita, rental_id, planned.due) == 0


@pytest.mark.parametrize(("minutes", "reminders_planned"), [(15, 0), (16, 1)])
def test_short_packages_get_no_reminder(app: Flask, out: Out, minutes: int, reminders_planned: int) -> None:
    out(minutes=minutes)
    found = rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'send_rental_reminder'")
    assert found == [(reminders_planned,)]


def test_staff_find_it_by_code_station_bank_and_status(out: Out, staff_headers: Callable[..., dict[str, str]]) -> None:
    sita, rental_id = out()
    headers = staff_headers("support")
    code = sita.rental(rental_id)["rental_code"]

    def found(**query: str) -> list[str]:
        answer = sita.client.get("/api/admin/rentals", headers=headers, query_string=query).get_json()
        return [each["id"] for each in answer["items"]]

    for query in (
        {"code": code.lower()},
        {"station_sn": "A"},
        {"powerbank_sn": "A-1"},
        {"status": "active"},
        {"user_id": str(sita.id)},
    ):
        assert found(**query) == [rental_id], query
    for query in (
        {"code": "RNOBODY"},
        {"station_sn": "B"},
        {"powerbank_sn": "A-2"},
        {"status": "overdue"},
        {"disputed": "true"},
    ):
        assert found(**query) == [], query


def due_in(planned: str) -> timedelta:
    return datetime.fromisoformat(planned) - utcnow()


def test_a_short_rental_that_is_made_longer_gets_a_reminder_of_its_new_end(
    app: Flask, out: Out, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=5, minutes=15)
    assert rows(app, PLANNED) == []
    assert sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(minutes=15))}).status_code == 200
    [planned] = rows(
        app, "SELECT run_after, arguments ->> 'due_at' AS due FROM outbox_jobs WHERE job = 'send_rental_reminder'"
    )
    assert timedelta(minutes=24) < due_in(planned.due) < timedelta(minutes=26)
    assert planned.run_after == datetime.fromisoformat(planned.due) - timedelta(minutes=15)


def test_an_extension_after_which_little_is_left_gets_no_reminder(
    app: Flask, out: Out, package: Callable[..., object]
) -> None:
    """The new due time was told a moment ago."""
    sita, rental_id = out(minutes=60)
    change(app, "UPDATE rentals SET due_at = now() - interval '1 minute'")
    assert sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(minutes=15))}).status_code == 200
    assert len(rows(app, PLANNED)) == 1, "that of the first due time, which says nothing any more"


def test_a_start_of_which_the_news_comes_late_is_reminded_of_at_once(app: Flask, out: Out) -> None:
    out(ago=50, minutes=60)
    [planned] = rows(app, "SELECT run_after <= now() AS due FROM outbox_jobs WHERE job = 'send_rental_reminder'")
    assert planned.due


def test_a_start_of_which_the_news_comes_after_its_end_is_not(app: Flask, out: Out) -> None:
    out(ago=70, minutes=60)
    assert rows(app, PLANNED) == []


def test_there_is_no_reminder_of_an_end_that_is_nearer_than_reminders_come(app: Flask, out: Out) -> None:
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('reminder_minutes', '40', 'test')")
    out(minutes=30)
    assert rows(app, PLANNED) == []


def test_staff_who_may_see_where_it_was_and_that_they_looked_is_on_record(
    app: Flask, out: Out, staff_headers: Callable[..., dict[str, str]]
) -> None:
    sita, rental_id = out(ago=30)
    for number in range(3):
        assert sita.post(f"/rentals/{rental_id}/location", HERE | {"lat": 27.7 + number}).status_code == 204
    support, viewer = staff_headers("support"), staff_headers("viewer")
    address = f"/api/admin/rentals/{rental_id}"
    dossier = sita.client.get(address, headers=viewer).get_json()
    assert dossier["locations"]["points"] == 3
    assert "27.7" not in str(dossier["locations"])
    assert dossier["locations"]["since"] <= dossier["locations"]["until"]
    assert sita.client.get(f"{address}/locations", headers=viewer).status_code == 403
    assert rows(app, "SELECT 1 FROM audit_log") == []
    seen: list[float] = []
    query: dict[str, str] = {"limit": "2"}
    while query:
        page = sita.client.get(f"{address}/locations", query_string=query, headers=support).get_json()
        seen += [each["lat"] for each in page["items"]]
        query = {"limit": "2", "cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert seen == [29.7, 28.7, 27.7]
    looked = rows(app, "SELECT action, object_id, new FROM audit_log")
    assert [tuple(row) for row in looked] == [
        ("rental.read_locations", rental_id, {"user_id": str(sita.id)}),
    ] * 2
