"""Payments that stand still at a gateway, or of which it will not speak: never lost, and never asked for ever."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.integrations.esewa.client import Esewa
from powerbank.integrations.khalti.client import Khalti
from powerbank.integrations.stripe.client import Stripe
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.payments.topups import settlement
from tests.payments.conftest import Payer, Work, due_now
from tests.payments.steps import books_are_right, items, resolve
from tests.people import change, rows

StaffHeaders = Callable[..., dict[str, str]]
HALTS = [("khalti", "pending"), ("esewa", "pending"), ("esewa", "ambiguous"), ("stripe", "pending")]


def polled(app: Flask, work: Work, *, late: str = "0 hours") -> None:
    """Run the poller, so long after the payer's time was over."""
    change(
        app,
        "UPDATE payment_intents SET expires_at = now() - CAST(:late AS interval) WHERE :late <> '0 hours'",
        late=late,
    )
    due_now(app, "poll_pending_payment")
    due_now(app, "expire_payment_intent")
    work("payments")


@pytest.mark.parametrize(("gateway", "outcome"), HALTS)
def test_a_halted_payment_is_kept_open_and_credited_when_it_is_paid(
    payer: Payer, app: Flask, work: Work, gateway: str, outcome: str
) -> None:
    """Nobody but the poller has heard of it: the browser never came back."""
    intent = payer.begin(gateway)
    payer.pays(intent, outcome)
    for late in ("0 hours", "1 minute", "3 days"):
        polled(app, work, late=late)
        assert payer.intent(intent["intent_id"])["status"] == "processing", late
    assert rows(app, "SELECT type FROM notices") == []
    payer.pays(intent)
    polled(app, work, late="3 days")
    assert payer.intent(intent["intent_id"])["status"] == "success"
    assert payer.balance() == "150.00"


@pytest.mark.parametrize("gateway", ["khalti", "stripe"])
def test_a_payment_that_nobody_began_ends_with_its_time(payer: Payer, app: Flask, work: Work, gateway: str) -> None:
    intent = payer.begin(gateway)
    polled(app, work, late="1 minute")
    assert payer.intent(intent["intent_id"])["status"] == "expired"


def test_a_payment_that_never_ends_at_the_gateway_is_for_staff(
    payer: Payer, app: Flask, work: Work, staff_headers: StaffHeaders
) -> None:
    intent, finance = payer.begin("esewa"), staff_headers("finance")
    payer.pays(intent, "ambiguous")
    polled(app, work)
    polled(app, work, late="15 days")
    [waiting] = items(payer.client, finance, "review")
    assert (waiting["review_reason"], waiting["poll_at"]) == ("never_final", None)
    answer = resolve(payer, finance, intent, "credit")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "nothing_paid")
    payer.pays(intent)
    assert resolve(payer, finance, intent, "credit").status_code == 200
    assert payer.balance() == "150.00"
    books_are_right(app)


@pytest.fixture
def stranger(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Change the key at this gateway, which from now on knows neither us nor our payments."""

    def change_key(gateway: str) -> None:
        own = app.config["SETTINGS"]
        clients: dict[str, Any] = {
            "khalti": lambda: Khalti(url=own.khalti_url, secret="wrong", website_url=own.public_url),
            "esewa": lambda: Esewa(
                form_url=own.esewa_form_url, status_url=own.esewa_status_url + "nowhere", product_code="x", secret="x"
            ),
            "stripe": lambda: Stripe(secret="sk_test_wrong", webhook_secret="x", url=own.stripe_url),
        }
        monkeypatch.setitem(app.extensions["gateways"], gateway, clients[gateway]())

    return change_key


@pytest.mark.parametrize("gateway", ["khalti", "stripe"])
def test_a_gateway_that_does_not_want_to_say_breaks_nothing(
    payer: Payer, app: Flask, work: Work, staff_headers: StaffHeaders, stranger: Callable[[str], None], gateway: str
) -> None:
    intent, finance = payer.begin(gateway), staff_headers("finance")
    payer.pays(intent)
    stranger(gateway)
    path = f"payment/intents/{intent['intent_id']}/verify"
    assert payer.post(f"/api/{path}").status_code == 503
    name = {"khalti": "pidx", "stripe": "session_id"}[gateway]
    back = payer.client.get(f"/api/payment/return/{gateway}?{name}={intent['gateway_reference']}")
    assert (back.status_code, back.headers["Location"].partition("status=")[2]) == (303, "processing")
    answer = payer.client.post(f"/api/admin/payments/intents/{intent['intent_id']}/verify", headers=finance)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "gateway_refused")
    polled(app, work, late="1 minute")
    assert payer.intent(intent["intent_id"])["status"] == "expired"
    assert rows(app, "SELECT job FROM outbox_jobs WHERE state = 'dead'") == []
    polled(app, work, late="2 days")
    assert rows(app, "SELECT poll_at FROM payment_intents")[0].poll_at is None


def test_a_gateway_that_is_away_for_long_costs_no_job_and_no_payment(payer: Payer, app: Flask, work: Work) -> None:
    intent = payer.begin("khalti")
    payer.pays(intent, "pending")
    polled(app, work)
    payer.pays(intent)
    payer.sandbox.faults.set("khalti", "error", times=1000)
    for late in ("1 hour", "1 day", "3 days"):
        polled(app, work, late=late)
        with app.app_context(), transaction():
            enqueue(payment_jobs.POLL_PENDING_PAYMENTS)
        work("payments")
        states = rows(app, "SELECT state, count(*) FROM outbox_jobs WHERE job = 'poll_pending_payment' GROUP BY 1")
        assert {row.state: row.count for row in states}.get("open") == 1
        assert "dead" not in {row.state for row in states}
    assert payer.intent(intent["intent_id"])["status"] == "processing"
    payer.sandbox.faults.clear()
    polled(app, work, late="3 days")
    assert payer.balance() == "150.00"


def test_a_gateway_that_was_taken_away_breaks_nothing(
    payer: Payer, app: Flask, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    payer.begin("khalti")
    monkeypatch.delitem(app.extensions["gateways"], "khalti")
    polled(app, work)
    polled(app, work, late="2 days")
    assert rows(app, "SELECT job FROM outbox_jobs WHERE state = 'dead'") == []
    assert [row.status for row in rows(app, "SELECT status FROM payment_intents")] == ["expired"]


@pytest.mark.parametrize("gateway", ["khalti", "esewa", "stripe"])
def test_paid_and_partly_gone_back_before_we_came_is_for_staff(payer: Payer, gateway: str) -> None:
    intent = payer.begin(gateway)
    payer.pays(intent)
    payer.pays(intent | {"form": None}, "refunded", amount=30_00)
    assert payer.verify(intent) == "review"
    assert payer.balance() == "0.00"


@pytest.mark.parametrize("gateway", ["khalti", "esewa", "stripe"])
def test_paid_and_wholly_gone_back_before_we_came_has_failed(payer: Payer, gateway: str) -> None:
    intent = payer.begin(gateway)
    payer.pays(intent)
    payer.pays(intent | {"form": None}, "refunded")
    assert payer.verify(intent) == "failed"
    assert payer.balance() == "0.00"


def test_polls_that_nobody_comes_to_do_not_pile_up(payer: Payer, app: Flask, work: Work) -> None:
    """While payments wait behind others, the poller finds them overdue each five minutes. One poll is enough, and
    after it the next one is planned as ever."""
    intent = payer.begin("khalti")
    payer.pays(intent, "pending")
    change(app, "UPDATE payment_intents SET poll_at = now() - interval '1 hour'")
    polls = "SELECT state, count(*) FROM outbox_jobs WHERE job = 'poll_pending_payment' GROUP BY 1 ORDER BY 1"
    for _ in range(3):
        with app.app_context(), transaction():
            settlement.wake_overdue_polls(now=utcnow())
        assert rows(app, polls) == [("open", 1)]
    due_now(app, "poll_pending_payment")
    work("payments")
    assert rows(app, polls) == [("done", 1), ("open", 1)]
