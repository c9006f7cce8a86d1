"""Webhooks, browsers on their way back, the poller and the clock: hints that end in one settlement."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import RedisError
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.gateway import OpenedPayment
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.payments.topups import routes
from powerbank.payments.topups import services as intents
from scripts.sandbox import Sandbox
from tests.ledger.conftest import assert_books_are_right
from tests.payments.conftest import Payer, Work, due_now, settle
from tests.payments.steps import event, signed
from tests.people import change


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(text("SELECT state FROM gateway_events ORDER BY id")))


def test_a_signed_event_settles_and_its_repeats_change_nothing(payer: Payer, app: Flask, work: Work) -> None:
    intent = payer.begin("stripe")
    payer.pays(intent)
    body = event(intent)
    for _ in range(3):
        assert payer.client.post("/api/payment/webhook/stripe", data=body, headers=signed(body)).status_code == 202
    work("payments")
    assert payer.intent(intent["intent_id"])["status"] == "success"
    assert payer.balance() == "150.00"
    assert states(app) == ["processed"]


@pytest.mark.parametrize("how", ["forged", "old", "future", "none", "another body"])
def test_a_bad_signature_is_kept_marked_and_refused(payer: Payer, app: Flask, work: Work, how: str) -> None:
    intent = payer.begin("stripe")
    payer.pays(intent)
    body = event(intent)
    now = int(time.time())
    headers = {
        "forged": signed(body, secret="whsec_other"),
        "old": signed(body, at=now - 301),
        "future": signed(body, at=now + 400),
        "none": {},
        "another body": signed(body + b" "),
    }[how]
    answer = payer.client.post("/api/payment/webhook/stripe", data=body, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_signature")
    work("payments")
    assert states(app) == ["forged"]
    assert payer.balance() == "0.00"


def test_a_hint_that_lies_credits_nothing(payer: Payer, app: Flask, work: Work) -> None:
    intent = payer.begin("khalti")
    query = f"pidx={intent['gateway_reference']}&status=Completed&amount=15000&transaction_id=x"
    assert payer.client.post(f"/api/payment/webhook/khalti?{query}").status_code == 202
    assert payer.client.get(f"/api/payment/return/khalti?{query}").status_code == 303
    work("payments")
    assert payer.balance() == "0.00"
    assert payer.intent(intent["intent_id"])["status"] == "ready"  # nobody has begun to pay


def test_an_event_that_came_before_its_payment_was_known_waits_for_it(payer: Payer, app: Flask, work: Work) -> None:
    """Khalti's name for the payment is told before our own note of it is committed."""
    intent = payer.begin("khalti")
    pidx = intent["gateway_reference"]
    change(app, "UPDATE payment_intents SET reference = NULL, poll_at = NULL")
    assert payer.client.post(f"/api/payment/webhook/khalti?pidx={pidx}").status_code == 202
    work("payments")
    assert states(app) == ["waiting"]
    payer.pays(intent)
    with app.app_context(), transaction():
        intents.record_session(UUID(intent["intent_id"]), OpenedPayment(pidx), now=utcnow())
    work("payments")
    assert states(app) == ["processed"]
    assert payer.balance() == "150.00"


def test_an_event_of_the_same_moment_is_found_by_the_sweep(payer: Payer, app: Flask, work: Work) -> None:
    """It looked before the note was committed, and the note looked before it waited."""
    intent, foreign = payer.begin("khalti"), "pidx=of-another-shop"
    pidx = intent["gateway_reference"]
    change(app, "UPDATE payment_intents SET reference = NULL, poll_at = NULL")
    for query in (f"pidx={pidx}", foreign):
        payer.client.post(f"/api/payment/webhook/khalti?{query}")
    work("payments")
    change(app, "UPDATE payment_intents SET reference = :pidx", pidx=pidx)
    payer.pays(intent)
    for _ in range(2):
        with app.app_context(), transaction():
            enqueue(payment_jobs.POLL_PENDING_PAYMENTS)
        work("payments")
        assert states(app) == ["processed", "waiting"]
    assert payer.balance() == "150.00"


@pytest.mark.parametrize("gateway", ["khalti", "esewa", "stripe"])
def test_the_browsers_way_back_settles_and_goes_on(payer: Payer, vendors: Sandbox, gateway: str) -> None:
    intent = payer.begin(gateway)
    payer.pays(intent)
    found = requests.get(
        f"{vendors.url}/api/gateways/{gateway}/payments/{intent['gateway_reference']}", timeout=10
    ).json()
    back = found.get("return_url") or found.get("redirect")
    assert back, found
    path = back[back.index("/api/payment/return") :]
    for _ in range(2):
        answer = payer.client.get(path)
        assert answer.status_code == 303
        assert f"intent_id={intent['intent_id']}&status=success" in answer.headers["Location"]
    assert payer.balance() == "150.00"


@pytest.mark.parametrize(
    "query", ["", "pidx=unknown", "data=%00", "data=bm90anNvbg", "session_id=x", "pidx=%00", "intent_id=x&pidx="]
)
@pytest.mark.parametrize("gateway", ["khalti", "esewa", "stripe"])
def test_a_way_back_that_says_nothing_goes_on_too(client: FlaskClient, gateway: str, query: str) -> None:
    answer = client.get(f"/api/payment/return/{gateway}?{query}")
    assert answer.status_code == 303
    assert "status=unknown" in answer.headers["Location"]
    assert client.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\x00\xff", b'{"pidx": 5}', b'{"pidx": "\\u0000"}'])
@pytest.mark.parametrize("gateway", ["khalti", "esewa", "stripe"])
def test_garbage_is_kept_and_harmless(client: FlaskClient, work: Work, gateway: str, body: bytes) -> None:
    answer = client.post(f"/api/payment/webhook/{gateway}", data=body)
    assert answer.status_code == (400 if gateway == "stripe" else 202)
    work("payments")
    assert client.post("/api/payment/webhook/nobody", data=body).status_code == 404


def test_the_poller_finds_a_payment_without_a_webhook(payer: Payer, app: Flask, work: Work) -> None:
    intent = payer.begin()
    payer.pays(intent)
    due_now(app, "poll_pending_payment")
    work("payments")
    assert payer.intent(intent["intent_id"])["status"] == "success"


def test_a_top_up_expires_unless_the_payer_was_in_time(payer: Payer, app: Flask, work: Work) -> None:
    late, in_time = payer.begin(), payer.begin()
    payer.pays(in_time)
    with app.app_context():
        db.session.execute(text("UPDATE payment_intents SET expires_at = now() - interval '1 s'"))
        db.session.commit()
    due_now(app, "expire_payment_intent")
    work("payments")
    assert payer.intent(late["intent_id"])["status"] == "expired"
    assert payer.intent(in_time["intent_id"])["status"] == "success"


@pytest.mark.parametrize("gateway", ["khalti", "esewa", "stripe"])
def test_all_of_them_at_once_ten_times_credit_once(
    payer: Payer, app: Flask, work: Work, staff_headers: Callable[..., dict[str, str]], gateway: str
) -> None:
    """Webhook, browser, payer, staff and poller, each ten times."""
    intent, staff = payer.begin(gateway), staff_headers("finance")
    payer.pays(intent)
    name = {"khalti": "pidx", "esewa": "transaction_uuid", "stripe": "session_id"}[gateway]
    named = f"{gateway}?{name}={intent['gateway_reference']}"
    failures: list[Any] = []

    def come(number: int) -> None:
        body, client = event(intent, id_=f"evt_{number}"), app.test_client()
        about = f"payments/intents/{intent['intent_id']}/verify"
        calls: list[Callable[[], Any]] = [
            lambda: client.post(f"/api/payment/webhook/{named}", data=body, headers=signed(body)),
            lambda: client.get(f"/api/payment/return/{named}"),
            lambda: client.post(f"/api/payment/intents/{intent['intent_id']}/verify", headers=payer.headers),
            lambda: client.post(f"/api/admin/{about}", headers=staff),
            poll,
        ]
        for call in calls[number % 5 :] + calls[: number % 5]:  # in another order each
            answer = call()
            if answer is not None and answer.status_code >= 400:
                failures.append(answer)

    def poll() -> None:
        with app.app_context():
            settle(UUID(intent["intent_id"]), actor="poller")

    threads = [threading.Thread(target=come, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    due_now(app, "poll_pending_payment")
    work("payments")
    assert failures == []
    assert payer.balance() == "150.00"
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM ledger_entries WHERE kind = 'topup'")) == 1
        assert_books_are_right()
    assert states(app) == ["processed"] * 10


def kept_bytes(app: Flask) -> list[int]:
    with app.app_context():
        return list(db.session.scalars(text("SELECT octet_length(body) FROM gateway_events ORDER BY id")))


def test_little_is_stored_of_an_unsigned_webhook(client: FlaskClient, app: Flask) -> None:
    large = b'{"pidx": "' + b"x" * 9000 + b'"}'
    assert client.post("/api/payment/webhook/khalti", data=large).status_code == 413
    assert client.post("/api/payment/webhook/khalti", data=large[:8192]).status_code == 202
    assert client.post("/api/payment/webhook/stripe", data=large).status_code == 400
    assert kept_bytes(app) == [8192, 1024]


def test_a_signed_webhook_may_be_large(client: FlaskClient, app: Flask) -> None:
    body = event({"gateway_reference": "cs_1"})[:-1] + b', "more": "' + b"x" * 100_000 + b'"}'
    assert client.post("/api/payment/webhook/stripe", data=body, headers=signed(body)).status_code == 202
    assert kept_bytes(app) == [len(body)]


@pytest.mark.parametrize("rule", ["UNSIGNED_PER_ADDRESS", "UNSIGNED_IN_ALL"])
def test_unsigned_webhooks_have_a_budget(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    monkeypatch.setattr(routes, rule, "18 per day")
    body = event({"gateway_reference": "cs_1"})
    statuses = [client.post("/api/payment/webhook/khalti", data=b"x" * 5000) for _ in range(4)]
    assert [answer.status_code for answer in statuses] == [202, 202, 202, 429]
    assert int(statuses[-1].headers["Retry-After"]) > 0
    assert client.post("/api/payment/webhook/stripe", data=b"forged").status_code == 400
    assert len(kept_bytes(app)) == 3
    assert client.post("/api/payment/webhook/stripe", data=body, headers=signed(body)).status_code == 202
    assert len(kept_bytes(app)) == 4


def test_an_address_that_spent_its_own_leaves_the_others_theirs(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "UNSIGNED_PER_ADDRESS", "2 per day")
    for address, status in (("192.0.2.1", 202), ("192.0.2.1", 202), ("192.0.2.1", 429), ("192.0.2.2", 202)):
        answer = client.post("/api/payment/webhook/khalti", environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == status


def test_unsigned_webhooks_are_not_stored_without_redis(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise RedisError("away")

    monkeypatch.setattr(app.extensions["limits"].counters, "hit", away)
    body = event({"gateway_reference": "cs_1"})
    assert client.post("/api/payment/webhook/khalti", data=b"hint").status_code == 503
    assert client.post("/api/payment/webhook/stripe", data=b"forged").status_code == 400
    assert kept_bytes(app) == []
    assert client.post("/api/payment/webhook/stripe", data=body, headers=signed(body)).status_code == 202
    assert kept_bytes(app) == [len(body)]
