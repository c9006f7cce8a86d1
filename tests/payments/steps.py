"""Do what payers, gateways and staff do in the tests of payments."""

import json
import random
import time
import uuid
from typing import Any
from uuid import UUID

import requests
import stripe
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from jobs.worker import runtime
from powerbank.base.db import db, transaction
from powerbank.ledger.movements import holds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.texts import built_in
from tests.ledger.conftest import assert_books_are_right, key
from tests.payments.conftest import Payer, Work
from tests.people import rows

SECRET = "whsec_sandbox"


def event(intent: dict[str, Any], id_: str = "evt_1", type_: str = "checkout.session.completed") -> bytes:
    about = {"object": "checkout.session", "id": intent["gateway_reference"]}
    return json.dumps({"object": "event", "id": id_, "type": type_, "created": 1, "data": {"object": about}}).encode()


def signed(body: bytes, *, at: int | None = None, secret: str = SECRET) -> dict[str, str]:
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at or int(time.time()))
    return {"Stripe-Signature": header}


def topped_up(payer: Payer, gateway: str, amount: str = "150.00", **more: Any) -> dict[str, Any]:
    intent = payer.begin(gateway, amount, **more)
    payer.pays(intent)
    assert payer.verify(intent) == "success"
    return intent


def spends(app: Flask, paisa: int) -> UUID:
    with app.app_context(), transaction() as session:
        user_id = session.scalar(text("SELECT id FROM users"))
        paid = holds.spend_without_hold(
            user_id=user_id,
            reference=Reference("rental", str(uuid.uuid4())),
            sources=Sources(wallet=paisa),
            key=key(),
            actor="system",
        )
    return paid.id


def asks(payer: Payer, transaction_id: Any, **more: Any) -> Any:
    return payer.post("/api/payment/refunds", {"transaction_id": str(transaction_id), "reason": "a mistake", **more})


def decide(payer: Payer, staff: dict[str, str], refund_id: str, verb: str, **body: Any) -> Any:
    return payer.client.post(f"/api/admin/refunds/{refund_id}/{verb}", json=body, headers=staff)


def seen(payer: Payer, refund_id: str) -> dict[str, Any]:
    found: dict[str, Any] = payer.client.get(f"/api/payment/refunds/{refund_id}", headers=payer.headers).get_json()
    return found


def wallet(payer: Payer) -> tuple[str, str]:
    found = payer.client.get("/api/wallet", headers=payer.headers).get_json()
    return found["balance"], found["held"]


def books_are_right(app: Flask) -> None:
    with app.app_context():
        assert_books_are_right()


def happens(payer: Payer, intent: dict[str, Any], outcome: str, **more: Any) -> None:
    """Set an outcome at Stripe, which sends no event of it yet."""
    url = f"{payer.sandbox.url}/api/gateways/stripe/payments/{intent['gateway_reference']}/outcome"
    answer = requests.post(url, json={"outcome": outcome, **more}, timeout=20)
    assert answer.status_code == 200, answer.text


def tells(payer: Payer, work: Work, kinds: str = "", *, times: int = 1, shuffled: bool = False) -> None:
    """Deliver all of Stripe's events of these kinds."""
    headers = {"Authorization": "Bearer sk_test_sandbox"}
    found = requests.get(f"{payer.sandbox.url}/stripe/v1/events", headers=headers, timeout=10)
    assert found.status_code == 200, found.text
    events = [each for each in reversed(found.json()["data"]) if each["type"].startswith(kinds)] * times
    assert events
    if shuffled:
        random.Random(7).shuffle(events)
    for event in events:
        body = json.dumps(event).encode()
        answer = payer.client.post("/api/payment/webhook/stripe", data=body, headers=signed(body))
        assert answer.status_code == 202
    work("payments")


def the_user(app: Flask) -> UUID:
    [row] = rows(app, "SELECT id FROM users")
    return UUID(str(row.id))


def resolve(payer: Payer, staff: dict[str, str], intent: dict[str, Any], decision: str) -> Any:
    return payer.client.post(
        f"/api/admin/payments/review/{intent['intent_id']}/resolve",
        json={"decision": decision, "reason": "looked at it"},
        headers=staff,
    )


def items(client: FlaskClient, staff: dict[str, str], path: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/admin/payments/{path}", headers=staff)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["items"])


def told(user_id: UUID | None = None) -> list[tuple[str, dict[str, Any]]]:
    """List the notices that people get, each with the values that its text names."""
    db.session.rollback()
    due = text("SELECT id, job FROM outbox_jobs WHERE job LIKE 'notify_user%' AND state = 'open' ORDER BY id")
    for row in db.session.execute(due).all():
        db.session.rollback()
        runtime.run(row.job, str(row.id))
    query = text("SELECT type, context FROM notices WHERE CAST(:who AS uuid) IS NULL OR user_id = :who ORDER BY id")
    return [
        (row.type, {name: row.context[name] for name in built_in.needed_values(NoticeType(row.type))})
        for row in db.session.execute(query, {"who": user_id})
    ]
