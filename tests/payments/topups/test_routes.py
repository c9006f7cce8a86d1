"""A person puts money into the wallet."""

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.integrations.khalti.client import Khalti
from scripts.sandbox import Sandbox
from tests.payments.conftest import Payer, Work, due_now
from tests.people import joined

GATEWAYS = ["khalti", "esewa", "stripe"]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_paid_top_up_is_credited_once_however_often_it_is_reported(payer: Payer, gateway: str) -> None:
    intent = payer.begin(gateway, "150.00")
    assert (intent["amount"], intent["credit"], intent["currency"]) == ("150.00", "150.00", "NPR")
    assert intent["payment_url"] or intent["form"]["fields"]["total_amount"] == "150"
    assert payer.balance() == "0.00"
    payer.pays(intent)
    for _ in range(3):
        assert payer.verify(intent) == "success"
    assert payer.balance() == "150.00"
    listed = payer.client.get("/api/wallet/transactions", headers=payer.headers).get_json()["items"]
    assert [(item["type"], item["status"], item["amount"]) for item in listed] == [("topup", "success", "150.00")]
    assert listed[0]["id"] == intent["transaction_id"]


@pytest.mark.parametrize(
    ("gateway", "outcome", "status"),
    [
        # Not every gateway tells a failure from a payer who left, and at Stripe a payer who left may come back.
        ("khalti", "cancelled", "cancelled"),
        ("esewa", "cancelled", "cancelled"),
        ("stripe", "cancelled", "ready"),
        ("khalti", "failed", "expired"),
        ("esewa", "failed", "cancelled"),
        ("stripe", "failed", "failed"),
        ("khalti", "expired", "expired"),
        ("esewa", "expired", "ready"),
        ("stripe", "expired", "expired"),
        *((gateway, "pending", "processing") for gateway in GATEWAYS),
    ],
)
def test_an_unpaid_top_up_is_not_credited(payer: Payer, gateway: str, outcome: str, status: str) -> None:
    intent = payer.begin(gateway)
    payer.pays(intent, outcome)
    assert payer.verify(intent) == status
    assert payer.balance() == "0.00"


def test_a_top_up_paid_after_it_was_cancelled_or_expired_is_credited(payer: Payer, app: Flask) -> None:
    cancelled, expired = payer.begin(), payer.begin()
    answer = payer.post(f"/api/payment/intents/{cancelled['intent_id']}/cancel")
    assert answer.get_json()["status"] == "cancelled"
    with app.app_context(), transaction() as session:
        session.execute(
            text("UPDATE payment_intents SET status = 'expired' WHERE id = :id"), {"id": expired["intent_id"]}
        )
    for intent in (cancelled, expired):
        payer.pays(intent)
        assert payer.verify(intent) == "success"
    assert payer.balance() == "300.00"


@pytest.mark.parametrize("gateway", ["khalti", "stripe"])
def test_asked_for_before_it_is_paid_it_can_still_be_paid_or_cancelled(
    payer: Payer, vendors: Sandbox, gateway: str
) -> None:
    """Also by the browser of a payer who turned round at Stripe's page: that leaves the session open."""
    intent = payer.begin(gateway)
    if gateway == "stripe":
        payer.pays(intent, "cancelled")
    assert payer.verify(intent) == "ready"
    name = {"khalti": "purchase_order_id", "stripe": "intent_id"}[gateway]
    back = payer.client.get(f"/api/payment/return/{gateway}?{name}={intent['intent_id']}")
    assert back.headers["Location"].endswith("status=ready")
    answer = payer.post(f"/api/payment/intents/{intent['intent_id']}/cancel")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "cancelled")


def test_a_paid_top_up_cannot_be_cancelled(payer: Payer) -> None:
    intent = payer.begin()
    payer.pays(intent)
    payer.verify(intent)
    answer = payer.post(f"/api/payment/intents/{intent['intent_id']}/cancel")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not_cancellable")


@pytest.mark.parametrize("paid", [100, 14_999, 15_001, 1_500_000])
def test_another_amount_than_asked_goes_to_review_and_credits_nothing(payer: Payer, paid: int) -> None:
    intent = payer.begin("khalti", "150.00")
    payer.pays(intent, amount=paid)
    assert payer.verify(intent) == "review"
    assert payer.verify(intent) == "review"
    assert payer.balance() == "0.00"


def test_a_foreign_currency_is_credited_at_the_stored_buying_rate(payer: Payer, rates: None) -> None:
    intent = payer.begin("stripe", "10.00", currency="USD")
    assert (intent["amount"], intent["currency"]) == ("10.00", "USD")
    assert (intent["credit"], intent["exchange_rate"]) == ("1333.35", "133.335")
    payer.pays(intent)
    assert payer.verify(intent) == "success"
    assert payer.balance() == "1333.35"


def test_without_a_rate_there_is_no_top_up_in_that_currency(payer: Payer) -> None:
    answer = payer.post("/api/wallet/topup-intent", {"gateway": "stripe", "amount": "10.00", "currency": "USD"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "rate_unavailable")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"gateway": "khalti", "amount": "9.99"}, "amount_out_of_range"),
        ({"gateway": "khalti", "amount": "100000.01"}, "amount_out_of_range"),
        ({"gateway": "khalti", "amount": "-5.00"}, "validation_failed"),
        ({"gateway": "khalti", "amount": "0"}, "validation_failed"),
        ({"gateway": "khalti", "amount": "10.001"}, "validation_failed"),
        ({"gateway": "khalti", "amount": 100}, "validation_failed"),
        ({"gateway": "khalti", "amount": "1e3"}, "validation_failed"),
        ({"gateway": "khalti", "amount": "१००"}, "validation_failed"),
        ({"gateway": "khalti", "amount": "100.00", "currency": "USD"}, "currency_not_taken"),
        ({"gateway": "stripe", "amount": "100.00", "currency": "XXX"}, "currency_not_taken"),
        ({"gateway": "paypal", "amount": "100.00"}, "gateway_unavailable"),
    ],
)
def test_a_top_up_that_cannot_be_paid_is_refused(payer: Payer, body: dict[str, object], code: str) -> None:
    answer = payer.post("/api/wallet/topup-intent", body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_the_same_key_makes_one_intent_and_no_key_none(payer: Payer) -> None:
    body = {"gateway": "khalti", "amount": "100.00"}
    first, second = (payer.post("/api/wallet/topup-intent", body, key="once") for _ in range(2))
    assert first.get_json() == second.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    without = payer.headers | {"Idempotency-Key": ""}
    assert payer.client.post("/api/wallet/topup-intent", json=body, headers=without).status_code == 400


def test_another_persons_intent_is_not_there(payer: Payer, app: Flask, client: FlaskClient) -> None:
    intent = payer.begin()
    stranger = joined(app, "ram")
    path = f"/api/payment/intents/{intent['intent_id']}"
    assert client.get(path, headers=stranger).status_code == 404
    assert client.post(f"{path}/cancel", headers=stranger).status_code == 404
    assert client.post(f"{path}/verify", headers=stranger).status_code == 404


@pytest.mark.parametrize(("gateway", "sessions"), [("khalti", 2), ("stripe", 1)])
def test_an_opening_whose_answer_was_lost_is_one_top_up(
    payer: Payer, app: Flask, work: Work, monkeypatch: pytest.MonkeyPatch, gateway: str, sessions: int
) -> None:
    """Stripe knows the repeat by its key; at Khalti a second link is made, and nobody ever sees the first."""
    monkeypatch.setattr("powerbank.integrations.http.TIMEOUT", (1.0, 0.5))
    monkeypatch.setattr("powerbank.integrations.stripe.client.TIMEOUT", (1.0, 0.5))
    payer.sandbox.faults.set(gateway, "hang_after_success", times=2 if gateway == "stripe" else 1, seconds=1.5)
    made = payer.post("/api/wallet/topup-intent", {"gateway": gateway, "amount": "150.00"}).get_json()
    work("payments")
    assert payer.intent(made["intent_id"])["status"] == "pending"
    payer.sandbox.faults.clear()
    due_now(app, "create_payment_url")
    work("payments")
    intent = payer.intent(made["intent_id"])
    assert intent["status"] == "ready"
    there = requests.get(f"{payer.sandbox.url}/api/payments", timeout=10).json()["items"]
    assert [each["gateway"] for each in there] == [gateway] * sessions
    payer.pays(intent)
    assert payer.verify(intent) == "success"
    assert payer.balance() == "150.00"


def test_ways_to_pay_have_limits_and_currencies(client: FlaskClient, vendors: Sandbox) -> None:
    found = {each["gateway"]: each for each in client.get("/api/payment/methods").get_json()["items"]}
    assert {name: each["currencies"] for name, each in found.items()} == {
        "khalti": ["NPR"],
        "esewa": ["NPR"],
        "stripe": ["NPR", "USD", "EUR", "INR"],
    }
    assert found["khalti"]["limits"] == [{"currency": "NPR", "least": "10.00", "most": "100000.00"}]


def test_a_gateway_that_refuses_ends_the_top_up(
    payer: Payer, app: Flask, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.config["SETTINGS"]
    refused = Khalti(url=settings.khalti_url, secret="wrong", website_url=settings.public_url)
    made = payer.post("/api/wallet/topup-intent", {"gateway": "khalti", "amount": "100.00"}).get_json()
    monkeypatch.setitem(app.extensions["gateways"], "khalti", refused)
    work("payments")
    assert payer.intent(made["intent_id"])["status"] == "failed"
    with app.app_context():
        assert db.session.scalar(text("SELECT status FROM wallet_transactions")) == "failed"


def test_who_waits_for_the_payment_page_is_told_that_it_is_ready(payer: Payer, app: Flask, work: Work) -> None:
    waited, paid, cancelled = payer.begin(amount="150.00"), payer.begin(amount="200.00"), payer.begin(amount="300.00")
    payer.pays(paid)
    assert payer.verify(paid) == "success"
    assert payer.post(f"/api/payment/intents/{cancelled['intent_id']}/cancel").status_code == 200
    work()
    items = payer.client.get("/api/notifications", headers=payer.headers).get_json()["items"]
    ready = [item for item in items if item["type"] == "payment_ready"]
    assert [item["body"] for item in ready] == ["Open it in the app to pay NPR 150.00 into your wallet."]
    assert ready[0]["data"]["intent_id"] == waited["intent_id"]
