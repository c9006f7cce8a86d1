"""Make money move in tests of the console: people with a wallet, and what waits for a decision."""

from uuid import UUID, uuid4

from flask import Flask

from powerbank.base.db import transaction
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.payments.models import GatewayEvent
from powerbank.payments.refunds import services as refunds
from tests.ledger.conftest import key, make_person


def refund_to_decide(app: Flask, paisa: int = 60_00) -> tuple[UUID, UUID]:
    """Have a person pay for a rental and ask for it back. Given are the refund and the person."""
    with app.app_context():
        user_id = make_person(wallet=2 * paisa)
        with transaction():
            paid = holds.spend_without_hold(
                user_id=user_id,
                reference=Reference("rental", str(uuid4())),
                sources=Sources(wallet=paisa),
                key=key(),
                actor="system",
            )
        with transaction():
            refund = refunds.request_refund(
                user_id=user_id, transaction_id=paid.id, reason="The cable was broken.", actor=f"user:{user_id}"
            )
        return refund.id, user_id


def due_to_pay(app: Flask, paisa: int = 30_00) -> UUID:
    with app.app_context():
        user_id = make_person()
        with transaction():
            reference = Reference("rental", str(uuid4()))
            due = dues.create_due(
                user_id=user_id,
                reference=reference,
                amount=paisa,
                revenue=Kind.OVERDUE_REVENUE,
                key=key(),
                actor="system",
            )
        return due.id


def gateway_event(app: Flask, body: bytes, *, state: str = "waiting") -> UUID:
    with app.app_context(), transaction() as session:
        event = GatewayEvent(gateway="khalti", body=body, query="pidx=P1&mobile=9841000000", state=state)
        session.add(event)
        session.flush()
        return event.id
