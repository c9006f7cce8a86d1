"""What one member of staff may decide of a rental alone, and what needs a second person."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.people import change, rows
from tests.rentals.conftest import Out, Renter
from tests.rentals.test_coincidences import report, resolve

Staff = Callable[..., dict[str, str]]
APPROVALS = "/api/admin/approvals"


def adjust(person: Renter, headers: dict[str, str], amount: str) -> int:
    body = {"amount": amount, "reason": "a mistake of ours"}
    answer = person.client.post(f"/api/admin/users/{person.id}/adjust-balance", json=body, headers=headers)
    return int(answer.status_code)


def decide(person: Renter, headers: dict[str, str], act_id: str, verb: str = "approve") -> Any:
    return person.client.post(f"{APPROVALS}/{act_id}/{verb}", headers=headers)


@pytest.mark.parametrize("role", ["support", "operations"])
def test_permission_to_resolve_does_not_allow_charges(out: Out, staff_headers: Staff, role: str) -> None:
    sita, rental_id = out()
    refused = resolve(sita, staff_headers(role), rental_id, action="charge", amount="1.00")
    assert (refused.status_code, refused.get_json()["code"]) in [(403, "forbidden")]
    assert sita.wallet()[0] == "450.00"


def test_sum_of_charges_is_limited_by_the_price_of_the_power_bank(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out(wallet="9000.00")
    finance = staff_headers("finance")
    much = resolve(sita, finance, rental_id, action="charge", amount="3000.01")
    assert (much.status_code, much.get_json()["code"]) == (409, "charge_too_high")
    assert resolve(sita, finance, rental_id, action="charge", amount="2000.00").status_code == 200
    again = resolve(sita, finance, rental_id, action="charge", amount="1000.01")
    assert (again.status_code, again.get_json()["chargeable"]) == (409, "1000.00")
    assert resolve(sita, finance, rental_id, action="charge", amount="1000.00").status_code == 200
    assert sita.wallet()[0] == "5950.00"


def test_adjustments_and_charges_share_one_allowance(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out(wallet="9000.00")
    finance, boss = staff_headers("finance"), staff_headers("superadmin")
    assert adjust(sita, finance, "3000.00") == 200
    asked = resolve(sita, finance, rental_id, action="charge", amount="2000.01")
    assert (asked.status_code, asked.get_json()["status"], asked.get_json()["worth"]) == (202, "waiting", "2000.01")
    assert sita.wallet()[0] == "11950.00"
    assert adjust(sita, finance, "2000.00") == 200  # what waits uses nothing up
    assert adjust(sita, finance, "0.01") == 202
    [waiting] = sita.client.get(f"{APPROVALS}?status=waiting", headers=finance).get_json()["items"]
    own = decide(sita, finance, waiting["id"])
    assert (own.status_code, own.get_json()["code"]) == (403, "second_person_needed")
    assert decide(sita, boss, waiting["id"]).get_json()["status"] == "approved"
    assert decide(sita, boss, waiting["id"], "reject").get_json()["code"] == "already_decided"
    assert sita.wallet()[0] == "11949.99"
    assert resolve(sita, boss, rental_id, action="charge", amount="1000.00").get_json()["chargeable"] == "999.99"


def test_rejected_charge_is_not_made_and_may_be_asked_for_again(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out(wallet="9000.00")
    finance, boss = staff_headers("finance"), staff_headers("superadmin")
    adjust(sita, finance, "3000.00")
    asked = resolve(sita, finance, rental_id, action="charge", amount="3000.00").get_json()
    assert resolve(sita, boss, rental_id, action="charge", amount="1.00").status_code == 409
    assert decide(sita, boss, asked["id"], "reject").get_json()["status"] == "rejected"
    assert resolve(sita, boss, rental_id, action="charge", amount="1.00").status_code == 200
    assert sita.wallet()[0] == "11949.00"


@pytest.mark.parametrize("action", ["refund", "cancel", "uphold", "lost"])
def test_refunds_and_losses_count_against_the_allowance(
    app: Flask, out: Out, staff_headers: Staff, action: str
) -> None:
    sita, rental_id = out(price="1500.00", wallet="9000.00")
    support, finance = staff_headers("support"), staff_headers("finance")
    more = {"case_id": report(sita, rental_id, "not_ejected")["id"]} if action == "uphold" else {}
    change(
        app,
        "INSERT INTO staff_acts (id, act, staff_id, about_kind, about_id, worth, status)"
        " SELECT gen_random_uuid(), 'refund', id, 'refund', 'r', 400000, 'alone' FROM staff"
        " WHERE role = 'support'",
    )
    before = sita.rental(rental_id)["status"]
    asked = resolve(sita, support, rental_id, action=action, **more)
    assert asked.status_code == 202, asked.text
    assert (sita.rental(rental_id)["status"], sita.wallet()[0]) == (before, "7500.00")
    assert decide(sita, finance, asked.get_json()["id"]).status_code == 200
    assert sita.wallet()[0] == ("4500.00" if action == "lost" else "9000.00")
    told = rows(app, "SELECT action FROM audit_log WHERE object_id = :id ORDER BY id", id=rental_id)
    act = "rental_loss" if action == "lost" else "rental_refund"
    assert [row.action for row in told] == ["rental.ask_to_resolve", f"{act}.approve"]


def test_allowance_is_full_again_a_day_later(app: Flask, out: Out, staff_headers: Staff) -> None:
    sita, _ = out()
    finance = staff_headers("finance")
    assert [adjust(sita, finance, amount) for amount in ("5000.00", "0.01")] == [200, 202]
    change(app, "UPDATE staff_acts SET created_at = created_at - interval '24 hours 1 second'")
    assert adjust(sita, finance, "5000.00") == 200
