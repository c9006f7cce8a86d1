"""The jobs that book what a gateway takes back by itself: refunds made in its portal, and disputes."""

from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.gateway import Reversal
from powerbank.payments import gateways
from powerbank.payments.chargebacks import services as chargebacks
from powerbank.payments.models import PaymentIntent
from powerbank.payments.topups import settlement
from powerbank.payments.webhooks import services as webhooks


def process_gateway_refund(run: StepwiseRun, *, event_id: str) -> None:
    """Look at all refunds of a payment, whichever of them the event speaks of."""
    intent = _settle_matched_intent(event_id)
    if intent is None:
        return
    intent_id, payment_id, gateway = intent.id, intent.payment_id, gateways.get_gateway(intent.gateway)
    db.session.rollback()
    reversals = gateway.list_refunds(payment_id) if payment_id else []
    _apply_reversals(run, event_id, intent_id, reversals)


def process_gateway_dispute(run: StepwiseRun, *, event_id: str) -> None:
    intent = _settle_matched_intent(event_id)
    if intent is None:
        return
    intent_id, gateway = intent.id, gateways.get_gateway(intent.gateway)
    dispute_id = webhooks.find_dispute_id(UUID(event_id))
    db.session.rollback()
    reversals = [gateway.look_up_dispute(dispute_id)] if dispute_id else []
    _apply_reversals(run, event_id, intent_id, reversals)


def _settle_matched_intent(event_id: str) -> PaymentIntent | None:
    """Find the payment that an event is about, and settle it first, since only a credited one is taken back."""
    with transaction():
        intent_id = webhooks.match_event(UUID(event_id))
    if intent_id is None:
        return None
    payment = settlement.look_up_payment(intent_id)
    with transaction():
        settlement.apply_payment(intent_id, payment, actor="webhook", now=utcnow())
    return db.session.get_one(PaymentIntent, intent_id, populate_existing=True)


def _apply_reversals(run: StepwiseRun, event_id: str, intent_id: UUID, reversals: list[Reversal]) -> None:
    with run.finish():
        done = [chargebacks.apply_reversal(intent_id, reversal, now=utcnow()) for reversal in reversals]
        webhooks.mark_event_processed(UUID(event_id), ", ".join(done) or "nothing to take back")
