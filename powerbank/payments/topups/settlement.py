"""Settlement: the one place that turns what a gateway says into money, whoever asked it.

Webhooks, browsers, the poller and staff all end here, at once, twice and in any sequence. What they say is a hint. The
gateway itself is asked, outside any transaction, and its answer is applied under the lock of the intent's row.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select

from powerbank.base.db import db, open_session
from powerbank.integrations.errors import VendorRefusedError
from powerbank.integrations.gateway import HALTED, Payment, PaymentState
from powerbank.ledger.movements import topups
from powerbank.ledger.services import Reference
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, enqueue_again, publish
from powerbank.payments import gateways
from powerbank.payments.dues import services as dues_collection
from powerbank.payments.events import PaymentNeedsReview, TopupSucceeded
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.topups import services as intents
from powerbank.payments.webhooks import matching

log = structlog.get_logger(__name__)

ENDS = {
    PaymentState.FAILED: IntentStatus.FAILED,
    PaymentState.CANCELLED: IntentStatus.CANCELLED,
    PaymentState.EXPIRED: IntentStatus.EXPIRED,
    PaymentState.REFUNDED: IntentStatus.FAILED,  # paid and given back before we came to credit it
}
DELAYS = (30, 60, 120, 240, 480, 900)  # seconds between polls; the last one is repeated
POLLED_FOR = timedelta(hours=24)  # after the payer's time is over
HALTED_FOR, RARELY = timedelta(days=14), timedelta(hours=6)  # as slow as a bank may be


def look_up_payment(intent_id: UUID) -> Payment | None:
    """Ask the gateway how a payment stands. None: it has not heard of the payment."""
    intent = db.session.get_one(PaymentIntent, intent_id)
    gateway, reference, charged, currency = intent.gateway, intent.reference, intent.charged, intent.currency
    db.session.rollback()  # no transaction stays open while the gateway takes its time
    if reference is None:
        return None
    return gateways.get_gateway(gateway).look_up_payment(reference, amount=charged, currency=currency)


def look_up_payment_if_known(intent_id: UUID) -> Payment | None:
    """Ask the gateway how a payment stands, for a caller that goes on without an answer.

    A gateway that will not say (it knows no such payment, or not us, or is no longer set up) counts as one that has not
    heard of the payment. A failure that may pass is still raised.
    """
    try:
        return look_up_payment(intent_id)
    except (VendorRefusedError, gateways.UnknownGatewayError) as refused:
        db.session.rollback()
        log.error("a gateway does not say how a payment stands", intent_id=str(intent_id), error=str(refused))
        return None


def apply_payment(intent_id: UUID, payment: Payment | None, *, actor: str, now: datetime) -> IntentStatus:
    intent = intents.lock_intent(intent_id)
    assert intent is not None  # noqa: S101 (intents are never deleted)
    if payment is None or intent.resolved_at or intent.status in (IntentStatus.SUCCESS, IntentStatus.REVIEW):
        return IntentStatus(intent.status)
    intent.gateway_answer = {"state": payment.state.value, "at": now.isoformat(), **payment.raw}
    if payment.state is PaymentState.PAID:
        _apply_paid(intent, payment, actor=actor, now=now)
    elif payment.state is PaymentState.PARTLY_REFUNDED:
        send_to_review(intent, "partly_refunded")
    elif payment.final or (payment.state is PaymentState.EXPIRED and intent.expires_at <= now):
        intent.poll_at = None if payment.final else intent.poll_at
        if intent.status in intents.UNFINISHED:
            intents.end_topup(intent, ENDS[payment.state])
    elif intent.status == IntentStatus.READY and payment.state in HALTED:
        intent.status = IntentStatus.PROCESSING
    open_session().flush()
    return IntentStatus(intent.status)


def schedule_next_poll(intent: PaymentIntent, *, now: datetime, answered: bool = True) -> None:
    """Schedule the next poll: more and more rarely, until the gateway's last word or a day after the payer's time.

    A payment that is halted there, or could not be asked for, is never taken for failed: it is polled for longer, and
    then it is for staff.
    """
    if intent.poll_at is None or intent.status in (IntentStatus.SUCCESS, IntentStatus.REVIEW):
        intent.poll_at = None
        return
    intent.polls += 1
    halted = not answered or (intent.gateway_answer or {}).get("state") in HALTED
    since = now - intent.expires_at
    if since > (HALTED_FOR if halted else POLLED_FOR):
        intent.poll_at = None
        if halted:
            send_to_review(intent, "never_final")
        elif intent.status in intents.UNFINISHED:
            intents.end_topup(intent, IntentStatus.EXPIRED)
        return
    delay = timedelta(seconds=DELAYS[min(intent.polls, len(DELAYS) - 1)])
    intent.poll_at = now + (RARELY if since > POLLED_FOR else delay)
    enqueue(payment_jobs.POLL_PENDING_PAYMENT, at=intent.poll_at, intent_id=str(intent.id))


def wake_overdue_polls(*, now: datetime) -> None:
    """Enqueue polls whose job was lost with its last try, and the expiry of intents that did not end in time."""
    late = now - timedelta(minutes=2)
    for intent_id in open_session().scalars(select(PaymentIntent.id).where(PaymentIntent.poll_at < late).limit(1000)):
        enqueue_again(payment_jobs.POLL_PENDING_PAYMENT, intent_id=str(intent_id))
    unfinished = select(PaymentIntent.id).where(
        PaymentIntent.status.in_((IntentStatus.PENDING, IntentStatus.READY)), PaymentIntent.expires_at < late
    )
    for intent_id in open_session().scalars(unfinished.limit(1000)):
        enqueue_again(payment_jobs.EXPIRE_PAYMENT_INTENT, intent_id=str(intent_id))


def send_to_review(intent: PaymentIntent, reason: str) -> None:
    """Send a payment to review, since it must not be credited as it is. Nothing is credited until staff decide."""
    intent.status, intent.review_reason, intent.poll_at = IntentStatus.REVIEW, reason, None
    open_session().flush()
    log.error("payment needs review", intent_id=str(intent.id), reason=reason)
    publish(PaymentNeedsReview(intent_id=intent.id, reason=reason))


def _apply_paid(intent: PaymentIntent, payment: Payment, *, actor: str, now: datetime) -> None:
    if payment.amount != intent.charged or payment.currency != intent.currency:
        return send_to_review(intent, "amount_differs")
    if payment.payment_id is None:
        return send_to_review(intent, "payment_without_number")
    if is_credited_elsewhere(intent, payment.payment_id):
        return send_to_review(intent, "payment_credited_already")
    credit_intent(intent, payment.payment_id, actor=actor, now=now)
    return None


def credit_intent(intent: PaymentIntent, payment_id: str, *, actor: str, now: datetime) -> None:
    """Credit what the intent says, once for each payment at the gateway."""
    topups.credit_topup(
        user_id=intent.user_id,
        gateway=intent.gateway,
        amount=intent.amount,
        currency=intent.currency,
        received=intent.charged,
        key=f"topup:{intent.gateway}:{payment_id}",
        actor=actor,
        reference=Reference("intent", str(intent.id)),
        transaction_id=intent.transaction_id,
    )
    intent.status, intent.payment_id = IntentStatus.SUCCESS, payment_id
    intent.settled_at, intent.poll_at = now, None
    open_session().flush()
    matching.wake_events_of_intent(intent)
    dues_collection.collect_dues_after_topup(intent.user_id, actor=actor, now=now)
    publish(
        TopupSucceeded(
            user_id=intent.user_id, intent_id=intent.id, transaction_id=intent.transaction_id, amount=intent.amount
        )
    )


def is_credited_elsewhere(intent: PaymentIntent, payment_id: str) -> bool:
    """Tell whether the same money is credited for another intent.

    Of two that come at the same moment the unique key lets one through.
    """
    return (
        open_session().scalar(
            select(PaymentIntent.id).where(
                PaymentIntent.gateway == intent.gateway,
                PaymentIntent.payment_id == payment_id,
                PaymentIntent.id != intent.id,
            )
        )
        is not None
    )
