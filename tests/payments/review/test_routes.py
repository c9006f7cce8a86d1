"""Staff: intents, what gateways sent, and payments that came otherwise than they were asked for."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.outbox.enqueue import publish
from powerbank.payments.events import PaymentNeedsReview
from tests.ledger.conftest import Person, shared_balance
from tests.payments.conftest import Payer, Work
from tests.payments.steps import asks, books_are_right, event, happens, items, resolve, signed, tells, topped_up
from tests.people import Inbox, rows

StaffHeaders = Callable[..., dict[str, str]]


@pytest.fixture
def finance(staff_headers: StaffHeaders) -> dict[str, str]:
    return staff_headers("finance")


def in_review(payer: Payer, paid: int = 120_00) -> dict[str, Any]:
    intent = payer.begin("khalti", "150.00")
    payer.pays(intent, amount=paid)
    assert payer.verify(intent) == "review"
    return intent


def test_the_amount_that_really_came_is_credited_once(payer: Payer, app: Flask, finance: dict[str, str]) -> None:
    intent = in_review(payer)
    [waiting] = items(payer.client, finance, "review")
    assert (waiting["intent_id"], waiting["review_reason"]) == (intent["intent_id"], "amount_differs")
    assert resolve(payer, finance, intent, "credit").status_code == 200
    again = resolve(payer, finance, intent, "credit")
    assert (again.status_code, again.get_json()["code"]) == (409, "not_in_review")
    assert payer.balance() == "120.00"
    assert payer.verify(intent) == "success"
    assert payer.balance() == "120.00"
    assert items(payer.client, finance, "review") == []
    [note] = rows(app, "SELECT old, new FROM audit_log WHERE action = 'payment.resolve'")
    assert (note.old["amount"], note.new["amount"], note.new["reason"]) == (150_00, 120_00, "looked at it")
    assert asks(payer, intent["transaction_id"]).get_json()["amount"] == "120.00"
    books_are_right(app)


def test_staff_are_told_once_of_a_payment_to_review(
    payer: Payer, app: Flask, finance: dict[str, str], work: Work, inbox: Inbox
) -> None:
    intent = in_review(payer)
    other = in_review(payer, paid=130_00)
    for _ in range(2):
        assert payer.verify(intent) == "review"
        with (
            app.app_context(),
            transaction(),
        ):  # the gateway took back what was never credited: news of the same payment
            publish(PaymentNeedsReview(intent_id=intent["intent_id"], reason="taken_back_beyond"))
        work()
    told = payer.client.get("/api/admin/notices", headers=finance).get_json()["items"]
    assert [each["type"] for each in told] == ["payment_needs_review"] * 2
    for each, notice in zip((other, intent), told, strict=True):
        assert each["intent_id"] in notice["body"]
    assert len(inbox.of("email", "finance@example.com")) == 2, "and by mail, for money waits"


def test_a_dismissed_payment_stays_dismissed(payer: Payer, app: Flask, finance: dict[str, str]) -> None:
    intent = in_review(payer)
    assert resolve(payer, finance, intent, "dismiss").get_json()["status"] == "failed"
    assert payer.verify(intent) == "failed"
    assert payer.balance() == "0.00"
    assert rows(app, "SELECT status FROM wallet_transactions")[0].status == "failed"


def test_a_gateway_that_is_away_leaves_it_in_review(payer: Payer, finance: dict[str, str]) -> None:
    intent = in_review(payer)
    payer.sandbox.faults.set("khalti", "error", times=5)
    assert resolve(payer, finance, intent, "credit").status_code == 503
    payer.sandbox.faults.clear()
    assert payer.verify(intent) == "review"


def test_a_partly_refunded_payment_is_credited_with_its_refund(
    payer: Payer, app: Flask, finance: dict[str, str], work: Work
) -> None:
    intent = payer.begin("stripe")
    payer.pays(intent)
    happens(payer, intent, "refunded", amount=30_00)
    assert payer.verify(intent) == "review"
    assert resolve(payer, finance, intent, "credit").status_code == 200
    assert payer.balance() == "120.00"
    tells(payer, work)
    assert payer.balance() == "120.00"
    with app.app_context():
        assert shared_balance("gateway_clearing") == -120_00
    books_are_right(app)


def test_intents_are_found_by_what_staff_know_of_them(payer: Payer, finance: dict[str, str]) -> None:
    paid, other = topped_up(payer, "khalti"), payer.begin("esewa")
    for query, expected in (
        ("status=success", [paid]),
        ("gateway=esewa", [other]),
        ("gateway=stripe", []),
        (f"reference={paid['gateway_reference']}", [paid]),
        ("limit=100", [other, paid]),
    ):
        found = [item["intent_id"] for item in items(payer.client, finance, f"intents?{query}")]
        assert found == [each["intent_id"] for each in expected], query
    one = payer.client.get(f"/api/admin/payments/intents/{paid['intent_id']}", headers=finance).get_json()
    assert one["said"]["state"] == "paid"


def test_staff_settle_a_payment_without_a_webhook(payer: Payer, finance: dict[str, str]) -> None:
    intent = payer.begin("khalti")
    payer.pays(intent)
    answer = payer.client.post(f"/api/admin/payments/intents/{intent['intent_id']}/verify", headers=finance)
    assert answer.get_json()["status"] == "success"
    assert payer.balance() == "150.00"


def test_an_event_is_shown_as_it_came_and_looked_into_again(
    payer: Payer, app: Flask, finance: dict[str, str], work: Work
) -> None:
    intent = payer.begin("stripe")
    body = event(intent)
    payer.client.post("/api/payment/webhook/stripe", data=body, headers=signed(body))
    work("payments")
    [found] = items(payer.client, finance, "webhooks?state=processed")
    raw = payer.client.get(f"/api/admin/payments/webhooks/{found['id']}", headers=finance).get_json()
    assert raw["text"] == body.decode()
    payer.pays(intent)  # after that event was looked into
    replayed = payer.client.post(f"/api/admin/payments/webhooks/{found['id']}/replay", headers=finance)
    assert replayed.status_code == 202
    work("payments")
    assert payer.balance() == "150.00"
    assert len(rows(app, "SELECT id FROM audit_log WHERE action = 'webhook.replay'")) == 1


def test_a_forged_event_is_never_replayed(payer: Payer, finance: dict[str, str]) -> None:
    intent = payer.begin("stripe")
    assert payer.client.post("/api/payment/webhook/stripe", data=event(intent)).status_code == 400
    [found] = items(payer.client, finance, "webhooks?state=forged")
    answer = payer.client.post(f"/api/admin/payments/webhooks/{found['id']}/replay", headers=finance)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "forged")


def test_disputes_are_listed(payer: Payer, finance: dict[str, str], work: Work) -> None:
    intent = topped_up(payer, "stripe")
    happens(payer, intent, "disputed")
    tells(payer, work)
    [found] = items(payer.client, finance, "takebacks")
    assert (found["kind"], found["state"], found["amount"]) == ("dispute", "taken", "150.00")


def test_support_reads_and_does_not_resolve(payer: Payer, staff_headers: StaffHeaders) -> None:
    intent, support = in_review(payer), staff_headers("support")
    assert len(items(payer.client, support, "review")) == 1
    assert resolve(payer, support, intent, "credit").status_code == 403


def test_entries_are_exported_as_csv(
    client: FlaskClient, person: Person, finance: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerbank.api.exports.BATCH", 2)
    for _ in range(3):
        person(wallet=100_00, points=5)
    answer = client.get("/api/admin/ledger/entries.csv?kind=topup", headers=finance)
    assert (answer.status_code, answer.content_type) == (200, "text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line["amount"] for line in lines if line["account"] == "user_wallet"] == ["100.00"] * 3
    assert [line["amount"] for line in lines if line["account"] == "gateway_clearing"] == ["-100.00"] * 3
    assert {line["kind"] for line in lines} == {"topup"}
