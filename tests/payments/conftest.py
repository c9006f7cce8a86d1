"""Payers, and gateways that do what a test tells them."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.base.db import transaction, utcnow
from powerbank.outbox import relay
from powerbank.payments.topups import settlement
from scripts.sandbox import Sandbox
from tests.ledger.conftest import Person, make_person
from tests.people import joined

Work = Callable[..., None]


@dataclass
class Payer:
    client: FlaskClient
    headers: dict[str, str]
    work: Work
    sandbox: Sandbox

    def begin(self, gateway: str = "khalti", amount: str = "150.00", **more: Any) -> dict[str, Any]:
        """Begin a top-up and open it at the gateway."""
        made = self.post("/api/wallet/topup-intent", {"gateway": gateway, "amount": amount, **more})
        assert made.status_code == 202, made.get_json()
        self.work("payments")
        found = self.intent(made.get_json()["intent_id"])
        assert found["status"] == "ready", found
        return found

    def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> TestResponse:
        return self.client.post(path, json=body, headers={**self.headers, "Idempotency-Key": key or str(uuid.uuid4())})

    def intent(self, intent_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/payment/intents/{intent_id}", headers=self.headers)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.get_json()
        return found

    def verify(self, intent: dict[str, Any]) -> str:
        answer = self.post(f"/api/payment/intents/{intent['intent_id']}/verify")
        assert answer.status_code == 200, answer.get_json()
        return str(answer.get_json()["status"])

    def balance(self) -> str:
        return str(self.client.get("/api/wallet", headers=self.headers).get_json()["balance"])

    def pays(self, intent: dict[str, Any], outcome: str = "completed", **more: Any) -> None:
        """Let the payer act at the gateway."""
        if intent["form"] is not None:  # the browser posts it to eSewa
            requests.post(intent["form"]["action"], data=intent["form"]["fields"], timeout=10, allow_redirects=False)
        url = f"{self.sandbox.url}/api/gateways/{intent['gateway']}/payments/{intent['gateway_reference']}/outcome"
        answer = requests.post(url, json={"outcome": outcome, **more}, timeout=20)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def vendors(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sandbox.reset()  # somebody who asked for no vendors may have used them
    yield sandbox
    sandbox.reset()


@pytest.fixture
def payer(app: Flask, client: FlaskClient, work: Work, vendors: Sandbox) -> Payer:
    return Payer(client, joined(app), work, vendors)


@pytest.fixture
def rates(app: Flask, client: FlaskClient) -> None:
    """Set today's rates at the central bank."""
    with app.app_context(), transaction() as session:
        session.execute(
            text(
                "INSERT INTO exchange_rates (currency, day, buy, sell)"
                " VALUES ('USD', current_date, 133.335, 134), ('JPY', current_date, 0.9, 0.91)"
            )
        )


def settle(intent_id: UUID, *, actor: str) -> None:
    """Look up and settle a payment, as every edge does."""
    payment = settlement.look_up_payment(intent_id)
    with transaction():
        settlement.apply_payment(intent_id, payment, actor=actor, now=utcnow())


def due_now(app: Flask, job: str) -> None:
    """Make a planned job due now."""
    with app.app_context(), transaction() as session:
        session.execute(
            text(
                "UPDATE outbox_jobs SET run_after = now() - interval '1 s', lease_until = now() - interval '1 s'"
                " WHERE job = :job AND state = 'open'"
            ),
            {"job": job},
        )
        session.execute(text("UPDATE payment_intents SET poll_at = now() - interval '1 s' WHERE poll_at IS NOT NULL"))
    with app.app_context():
        relay.redeliver_stranded()


@pytest.fixture
def person(context: Flask) -> Person:
    """Make a person: `person(wallet=500_00, points=100)`."""

    def make(*, wallet: int = 0, points: int = 0) -> UUID:
        return make_person(wallet=wallet, points=points)

    return make
