"""A person reports an issue, and staff decide the case."""

from collections.abc import Callable

import pytest
from flask import Flask

from powerbank.base.db import utcnow
from tests.rentals.cabinets import MINUTE, Cabinets
from tests.rentals.conftest import Out


def test_open_case_stops_the_settlement_until_it_is_decided(
    app: Flask, out: Out, cabinets: Cabinets, staff_headers: Callable[..., dict[str, str]]
) -> None:
    sita, rental_id = out(ago=130, minutes=60)
    reported = sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "returned", "description": "at B"})
    assert (reported.status_code, reported.get_json()["status"]) == (201, "open")
    cabinets.take_back("A-1", at=utcnow() + 120 * MINUTE)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "450.00", "nothing is collected"
    upheld = sita.client.post(
        f"/api/admin/rentals/{rental_id}/resolve",
        headers=staff_headers("support"),
        json={"action": "uphold", "case_id": reported.get_json()["id"], "reason": "the camera shows it"},
    )
    assert upheld.status_code == 200, upheld.text
    cabinets.work()
    assert sita.rental(rental_id)["overdue_amount"] == "10.00", "the meter ended with the report"
    assert sita.wallet()[0] == "440.00"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("uphold", "We have checked what you reported about rental {}, and you were right."),
        ("dismiss", "We have checked what you reported about rental {} and could not confirm it. Reason: the camera."),
    ],
)
def test_person_hears_of_a_decision_even_if_no_money_moves(
    out: Out, cabinets: Cabinets, staff_headers: Callable[..., dict[str, str]], action: str, body: str
) -> None:
    sita, rental_id = out(ago=10, minutes=60)
    case = sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "other", "description": "it hums"})
    decided = sita.client.post(
        f"/api/admin/rentals/{rental_id}/resolve",
        headers=staff_headers("support"),
        json={"action": action, "case_id": case.get_json()["id"], "reason": "the camera"},
    )
    assert decided.status_code == 200
    cabinets.work()
    told = [item for item in sita.get("/notifications")["items"] if item["type"].startswith("case_")]
    assert [item["body"] for item in told] == [body.format(sita.rental(rental_id)["rental_code"])]
    assert told[0]["data"]["case_id"] == case.get_json()["id"]


def test_what_was_paid_for_a_lost_bank_comes_back_if_its_person_had_brought_it(
    out: Out, cabinets: Cabinets, staff_headers: Callable[..., dict[str, str]]
) -> None:
    sita, rental_id = out(ago=30, minutes=60)
    case = sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "returned", "description": "at B"}).get_json()
    headers = staff_headers()
    for step in (
        {"action": "lost", "reason": "not seen"},
        {"action": "uphold", "case_id": case["id"], "reason": "it is"},
    ):
        decided = sita.client.post(f"/api/admin/rentals/{rental_id}/resolve", headers=headers, json=step)
        assert decided.status_code == 200, decided.text
        cabinets.work()
    found = sita.rental(rental_id)
    assert (found["status"], "found" in [each["event"] for each in found["timeline"]]) == ("completed", True)
    assert (sita.wallet()[0], sita.get("/wallet")["dues"]) == ("450.00", "0.00")
