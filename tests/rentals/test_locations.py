"""The places of a rented power bank, as its person's phone sends them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.rentals import locations
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out

HERE = {"lat": 27.7, "lng": 85.3, "accuracy": 12.5}


def test_places_are_stored_while_the_rental_is_open_and_not_too_often(out: Out, cabinets: Cabinets) -> None:
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
def test_wrong_places_are_refused(out: Out, place: dict[str, Any]) -> None:
    sita, rental_id = out()
    assert sita.post(f"/rentals/{rental_id}/location", place).status_code == 422


def test_places_are_deleted_a_month_after_the_rental(app: Flask, out: Out, cabinets: Cabinets) -> None:
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


def test_reading_places_needs_a_permission_and_is_audited(
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
