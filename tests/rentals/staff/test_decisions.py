"""Staff give time, allow a swap, and find rentals in trouble and the cases that wait."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import utcnow
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Packages, Renter, Renters, make_older
from tests.rentals.test_coincidences import report, resolve
from tests.stations.conftest import Make

Staff = Callable[..., dict[str, str]]


def due_at(person: Renter, rental_id: str) -> datetime:
    return datetime.fromisoformat(person.rental(rental_id)["due_at"])


def test_time_that_staff_give_moves_the_due_time(app: Flask, out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out()
    before = due_at(sita, rental_id)
    assert resolve(sita, staff_headers("support"), rental_id, action="extend", minutes=90).status_code == 200
    assert due_at(sita, rental_id) == before + timedelta(minutes=90)
    assert sita.wallet()[0] == "450.00"
    assert rows(app, "SELECT act, worth, status FROM staff_acts") == [("rental_refund", 10_00, "alone")]
    (new,) = rows(app, "SELECT new FROM audit_log WHERE action = 'rental.resolve'")[0]
    assert (new["action"], new["minutes"]) == ("extend", "90")


def test_what_was_overdue_is_forgiven_with_the_time(out: Out, cabinets: Cabinets, staff_headers: Staff) -> None:
    sita, rental_id = out(minutes=60, ago=200)
    assert sita.rental(rental_id)["overdue_amount"] != "0.00"
    assert resolve(sita, staff_headers("support"), rental_id, action="extend", minutes=30).status_code == 200
    assert sita.rental(rental_id)["overdue_amount"] == "0.00"
    cabinets.take_back("A-1")
    balance, _held, _points, dues = sita.wallet()
    found = sita.rental(rental_id)
    assert (found["status"], balance, dues) == ("completed", "450.00", "0.00")
    assert found["is_returned_on_time"] is False, "what was ever overdue is not on time"


@pytest.mark.parametrize(("body", "status"), [({}, 422), ({"minutes": 0}, 422), ({"minutes": 10081}, 422)])
def test_time_is_between_a_minute_and_a_week(out: Out, staff_headers: Staff, body: dict[str, Any], status: int) -> None:
    sita, rental_id = out()
    assert resolve(sita, staff_headers("support"), rental_id, action="extend", **body).status_code == status


def test_time_worth_much_waits_for_a_second_person(app: Flask, out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out()
    support = staff_headers("support")
    change(
        app,
        "INSERT INTO staff_acts (id, act, staff_id, about_kind, about_id, worth, status)"
        " SELECT gen_random_uuid(), 'refund', id, 'refund', 'r', 499900, 'alone' FROM staff WHERE role = 'support'",
    )
    before = due_at(sita, rental_id)
    asked = resolve(sita, support, rental_id, action="extend", minutes=60)
    assert (asked.status_code, asked.get_json()["details"]["minutes"]) == (202, 60)
    assert due_at(sita, rental_id) == before
    approved = sita.client.post(f"/api/admin/approvals/{asked.get_json()['id']}/approve", headers=staff_headers())
    assert approved.status_code == 200
    assert due_at(sita, rental_id) == before + timedelta(minutes=60)


def test_a_rental_that_is_over_gets_no_time_and_no_swap(out: Out, cabinets: Cabinets, staff_headers: Staff) -> None:
    sita, rental_id = out(ago=20)
    cabinets.take_back("A-1")
    support = staff_headers("support")
    for body, code in (({"action": "extend", "minutes": 5}, "not_extendable"), ({"action": "swap"}, "not_swappable")):
        refused = resolve(sita, support, rental_id, **body)
        assert (refused.status_code, refused.get_json()["code"]) == (409, code)


def test_a_swap_that_staff_allow_brings_another_power_bank(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets, staff_headers: Staff
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter()
    rental_id = sita.initiate(package(minutes=120)).get_json()["rental_id"]
    cabinets.work()
    make_older(app, 41)
    cabinets.ejects(at=utcnow() - timedelta(minutes=40))
    assert resolve(sita, staff_headers("support"), rental_id, action="swap").status_code == 200
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    (other,) = sita.get("/rentals/active")["items"]
    assert (other["powerbank_sn"], other["swap_of"]) == ("A-2", rental_id)
    assert rows(app, "SELECT quarantine_reason FROM power_banks WHERE serial = 'A-1'") == [("swapped: looked into it",)]


def found(person: Renter, headers: dict[str, str], **query: str) -> list[str]:
    answer = person.client.get("/api/admin/rentals", query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.get_json()["items"]]


def test_rentals_are_found_by_their_trouble(app: Flask, out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out(minutes=60, ago=30)
    viewer = staff_headers("viewer")
    in_trouble = ("unclear", "long_overdue", "came_late", "disputed", "unsettled")
    assert [found(sita, viewer, trouble=each) for each in in_trouble] == [[]] * 5
    report(sita, rental_id, "other")
    assert found(sita, viewer, trouble="disputed") == found(sita, viewer, disputed="true") == [rental_id]
    change(app, "UPDATE rentals SET due_at = now() - interval '25 hours', came_late = true")
    assert found(sita, viewer, trouble="long_overdue") == found(sita, viewer, trouble="came_late") == [rental_id]
    assert found(sita, viewer, since="2100-01-01T00:00:00Z") == []
    assert sita.client.get("/api/admin/rentals?trouble=bored", headers=viewer).status_code == 422


def test_open_cases_wait_in_their_order(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out()
    cases = [report(sita, rental_id, issue)["id"] for issue in ("other", "returned")]
    viewer = staff_headers("viewer")

    def listed(**query: str) -> list[dict[str, Any]]:
        return list(sita.client.get("/api/admin/rental-cases", query_string=query, headers=viewer).get_json()["items"])

    assert [each["id"] for each in listed(status="open")] == cases
    first = listed(issue_type="other")[0]
    assert (first["rental_id"], first["user_id"]) == (rental_id, str(sita.id))
    assert first["rental_code"] == sita.rental(rental_id)["rental_code"]
    assert first["evidence"]["status"] == "active"
    resolve(sita, staff_headers("support"), rental_id, action="dismiss", case_id=cases[0])
    assert [each["id"] for each in listed(status="open")] == cases[1:]
    assert sita.client.get("/api/admin/rental-cases", headers=sita.headers).status_code == 401
