"""How many top-ups reached their wallet in time, counted from the gateway's word."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from powerbank.base.db import new_id, transaction, utcnow
from powerbank.ops.machinery import service_levels
from tests.payments.conftest import Payer
from tests.payments.steps import topped_up
from tests.people import rows


def test_a_topup_counts_by_how_long_its_webhook_took(app: Flask, payer: Payer) -> None:
    topped_up(payer, "khalti")
    (intent,) = rows(app, "SELECT id FROM payment_intents")[0]
    for took, state, about in (
        (2, "processed", intent),
        (30, "processed", intent),
        (None, "received", intent),
        (30, "processed", None),
        (30, "forged", intent),
    ):
        note_webhook(app, took, state, about)
    with app.app_context():
        soon = utcnow() + timedelta(minutes=2)
        assert service_levels.count_topups(soon) == (1, 2)
        assert service_levels.count_topups(soon + timedelta(minutes=10)) == (0, 0)


def note_webhook(app: Flask, took: int | None, state: str, intent: object) -> None:
    with app.app_context(), transaction() as session:
        session.execute(
            text(
                "INSERT INTO gateway_events (id, gateway, body, state, intent_id, processed_at)"
                " VALUES (:id, 'khalti', '', :state, :intent, now() + make_interval(secs => :took))"
            ),
            {"id": new_id(), "state": state, "intent": intent, "took": took},
        )
