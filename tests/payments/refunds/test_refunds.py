"""Money back: of payments to their sources, of top-ups to the gateway they came through."""

import uuid
from collections.abc import Callable

import pytest
import requests
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import transaction
from powerbank.ledger.movements import holds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from tests.ledger.conftest import award, balances, key, make_person, shared_balance
from tests.payments.conftest import Payer, Work, due_now
from tests.payments.steps import asks, books_are_right, decide, seen, spends, topped_up, wallet
from tests.people import rows

StaffHeaders = Callable[..., dict[str, str]]


@pytest.mark.parametrize("gateway", ["khalti", "stripe"])
def test_a_top_up_goes_back_through_its_gateway(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work, gateway: str
) -> None:
    intent = topped_up(payer, gateway)
    asked = asks(payer, intent["transaction_id"])
    assert asked.status_code == 201, asked.get_json()
    assert (asked.get_json()["status"], asked.get_json()["amount"]) == ("requested", "150.00")
    assert wallet(payer) == ("0.00", "150.00")  # nobody spends it meanwhile
    refund_id = asked.get_json()["id"]
    answer = decide(payer, staff_headers("finance"), refund_id, "approve")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "processing")
    work()
    assert seen(payer, refund_id)["status"] == "completed"
    assert wallet(payer) == ("0.00", "0.00")
    at_gateway = requests.get(
        f"{payer.sandbox.url}/api/gateways/{gateway}/payments/{intent['gateway_reference']}", timeout=10
    ).json()
    if gateway == "khalti":
        assert at_gateway["status"] == "Refunded"
    with app.app_context():
        assert shared_balance("gateway_clearing") == 0
        assert shared_balance("refunds_clearing") == 0
    books_are_right(app)
    listed = payer.client.get("/api/wallet/transactions", headers=payer.headers).get_json()["items"]
    assert [(item["type"], item["direction"], item["status"]) for item in listed] == [
        ("refund", "out", "success"),
        ("topup", "in", "refunded"),
    ]
    assert payer.client.get("/api/users/me/usage", headers=payer.headers).get_json()["spend"] in (0, "0.00")


def test_only_unspent_money_of_a_top_up_goes_back(payer: Payer, app: Flask) -> None:
    intent = topped_up(payer, "khalti")
    spends(app, 100_00)
    assert asks(payer, intent["transaction_id"], amount="50.01").status_code == 409
    asked = asks(payer, intent["transaction_id"])
    assert asked.get_json()["amount"] == "50.00"
    again = asks(payer, intent["transaction_id"])
    assert (again.status_code, again.get_json()["code"]) == (409, "refund_pending")


def test_a_spent_top_up_has_nothing_to_go_back(payer: Payer, app: Flask) -> None:
    intent = topped_up(payer, "khalti")
    spends(app, 150_00)
    answer = asks(payer, intent["transaction_id"])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "nothing_to_refund")


def test_partial_refunds_add_up_and_end(payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work) -> None:
    intent, staff = topped_up(payer, "stripe"), staff_headers("finance")
    for part in ("40.00", "60.00", "50.00"):
        asked = asks(payer, intent["transaction_id"], amount=part)
        decide(payer, staff, asked.get_json()["id"], "approve")
        work()
        assert seen(payer, asked.get_json()["id"])["status"] == "completed"
    assert asks(payer, intent["transaction_id"]).get_json()["code"] == "nothing_to_refund"
    books_are_right(app)


def test_parts_in_another_currency_add_up_to_what_was_charged(
    payer: Payer, rates: None, app: Flask, staff_headers: StaffHeaders, work: Work
) -> None:
    intent, staff = topped_up(payer, "stripe", "10.00", currency="USD"), staff_headers("finance")
    for part in ("333.33", "500.01", None):
        more = {"amount": part} if part else {}
        asked = asks(payer, intent["transaction_id"], **more)
        assert decide(payer, staff, asked.get_json()["id"], "approve").status_code == 200
        work()
    assert [row.gateway_amount for row in rows(app, "SELECT gateway_amount FROM refunds ORDER BY id")] == [
        249,
        375,
        376,
    ]
    with app.app_context():
        assert shared_balance("gateway_clearing") == 0
        assert shared_balance("fx") == 0
    books_are_right(app)


def test_less_than_a_cent_cannot_go_back(payer: Payer, rates: None) -> None:
    intent = topped_up(payer, "stripe", "10.00", currency="USD")
    answer = asks(payer, intent["transaction_id"], amount="1.00")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "refund_too_small")


def test_esewa_is_paid_by_hand(payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work) -> None:
    intent, staff = topped_up(payer, "esewa"), staff_headers("finance")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    assert decide(payer, staff, refund_id, "approve").get_json()["status"] == "manual"
    work()
    assert wallet(payer) == ("0.00", "150.00")
    paid = decide(payer, staff, refund_id, "paid", gateway_reference="portal-17")
    assert (paid.status_code, paid.get_json()["status"]) == (200, "completed")
    assert decide(payer, staff, refund_id, "paid", gateway_reference="portal-17").status_code == 409
    assert wallet(payer) == ("0.00", "0.00")
    books_are_right(app)


def test_a_refund_that_the_gateway_refuses_is_for_staff_who_may_give_up(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work
) -> None:
    payer.sandbox.faults.set("khalti", "paid_by_bank", times=1)
    intent, staff = topped_up(payer, "khalti"), staff_headers("finance")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    decide(payer, staff, refund_id, "approve")
    work()
    found = payer.client.get(f"/api/admin/refunds/{refund_id}", headers=staff).get_json()
    assert (found["status"], "mobile" in found["note"]) == ("manual", True)
    rejected = decide(payer, staff, refund_id, "reject", reason="not possible")
    assert rejected.get_json()["status"] == "rejected"
    assert wallet(payer) == ("150.00", "0.00")
    assert asks(payer, intent["transaction_id"]).status_code == 201  # and may be asked for again
    books_are_right(app)


@pytest.mark.parametrize("gateway", ["khalti", "stripe"])
def test_an_answer_that_was_lost_is_asked_for_and_nothing_goes_back_twice(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work, gateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerbank.integrations.http.TIMEOUT", (1.0, 0.5))
    monkeypatch.setattr("powerbank.integrations.stripe.client.TIMEOUT", (1.0, 0.5))
    intent, staff = topped_up(payer, gateway, "150.00"), staff_headers("finance")
    spends(app, 50_00)
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    decide(payer, staff, refund_id, "approve")
    payer.sandbox.faults.set(gateway, "hang_after_success", times=2, seconds=1.5)
    work("payments")
    assert seen(payer, refund_id)["status"] == "processing"
    payer.sandbox.faults.clear()
    due_now(app, "refund_topup")
    work("payments")
    assert seen(payer, refund_id)["status"] == "completed"
    with app.app_context():
        assert shared_balance("gateway_clearing") == -50_00
    books_are_right(app)


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_a_slow_refund_is_followed(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work, outcome: str
) -> None:
    payer.sandbox.faults.set("stripe", "refund_pending", times=1)
    intent, staff = topped_up(payer, "stripe"), staff_headers("finance")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    decide(payer, staff, refund_id, "approve")
    work("payments")
    found = payer.client.get(f"/api/admin/refunds/{refund_id}", headers=staff).get_json()
    assert (found["status"], found["gateway_reference"][:3]) == ("processing", "re_")
    url = f"{payer.sandbox.url}/api/gateways/stripe/refunds/{found['gateway_reference']}/outcome"
    assert requests.post(url, json={"outcome": outcome}, timeout=10).status_code == 200
    due_now(app, "follow_refund")
    work("payments")
    assert seen(payer, refund_id)["status"] == ("completed" if outcome == "completed" else "manual")
    assert wallet(payer) == ("0.00", "0.00" if outcome == "completed" else "150.00")
    books_are_right(app)


def test_a_payment_goes_back_to_its_sources(payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work) -> None:
    topped_up(payer, "khalti")
    with app.app_context(), transaction() as session:
        user_id = session.scalar(text("SELECT id FROM users"))
        award(user_id, 300)
        paid = holds.spend_without_hold(
            user_id=user_id,
            reference=Reference("rental", "1"),
            sources=Sources(wallet=20_00, points=300, points_value=30_00),
            key=key(),
            actor="system",
        )
    asked = asks(payer, paid.id)
    assert (asked.get_json()["amount"], asked.get_json()["goes_to"]) == ("50.00", "sources")
    answer = decide(payer, staff_headers("finance"), asked.get_json()["id"], "approve")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "completed")
    with app.app_context():
        assert balances(user_id) == {"user_wallet": 150_00, "user_points": 300}
    books_are_right(app)


def test_other_peoples_and_unknown_transactions_are_not_there(payer: Payer, context: Flask) -> None:
    other = make_person(wallet=100_00)
    with transaction():
        paid = holds.spend_without_hold(
            user_id=other, reference=Reference("rental", "1"), sources=Sources(wallet=10_00), key=key(), actor="system"
        )
    assert asks(payer, paid.id).status_code == 404
    assert asks(payer, uuid.uuid4()).status_code == 404


def test_a_transaction_that_is_no_payment_cannot_be_refunded(
    payer: Payer, app: Flask, staff_headers: StaffHeaders
) -> None:
    unpaid = payer.begin("khalti")
    assert asks(payer, unpaid["transaction_id"]).get_json()["code"] == "not_refundable"
    topped_up(payer, "khalti")
    paid = spends(app, 10_00)
    asked = asks(payer, paid)
    done = decide(payer, staff_headers("finance"), asked.get_json()["id"], "approve").get_json()
    assert asks(payer, done["refund_transaction_id"]).get_json()["code"] == "not_refundable"
