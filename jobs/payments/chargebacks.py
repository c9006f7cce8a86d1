"""The jobs that book what a gateway takes back by itself: refunds made in its portal, and disputes."""

from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.gateway import Reversal
from powerbank.integrations.stripe.client import Stripe
from powerbank.payments import gateways
from powerbank.payments.chargebacks import services as chargebacks
from powerbank.payments.models import PaymentIntent
from powerbank.payments.topups import settlement
from powerbank.payments.webhooks import services as webhooks


def process_gateway_refund(run: StepwiseRun, *, event_id: str) -> None:
    """Whichever refund of the payment it speaks of, all of them are looked at."""
    found = _matched(event_id)
    if found is None:
        return
    payment_id, gateway = found.payment_id, gateways.get_gateway(found.gateway)
    db.session.rollback()
    made = gateway.refunds_of(payment_id) if payment_id and isinstance(gateway, Stripe) else []
    _take_back(run, event_id, found.id, made)


def process_gateway_dispute(run: StepwiseRun, *, event_id: str) -> None:
    found = _matched(event_id)
    if found is None:
        return
    gateway, dispute_id = gateways.get_gateway(found.gateway), webhooks.find_dispute_id(UUID(event_id))
    db.session.rollback()
    told = [gateway.dispute(dispute_id)] if dispute_id and isinstance(gateway, Stripe) else []
    _take_back(run, event_id, found.id, told)


def _matched(event_id: str) -> PaymentIntent | None:
    """The payment that an event is about, settled first if it is not yet."""
    with transaction():
        intent_id = webhooks.match_event(UUID(event_id))
    if intent_id is None:
        return None
    settlement.settle(intent_id, actor="webhook")
    return db.session.get_one(PaymentIntent, intent_id, populate_existing=True)


def _take_back(run: StepwiseRun, event_id: str, intent_id: UUID, told: list[Reversal]) -> None:
    with run.finish():
        done = [chargebacks.apply_reversal(intent_id, reversal, now=utcnow()) for reversal in told]
        webhooks.mark_event_processed(UUID(event_id), ", ".join(done) or "nothing to take back")
