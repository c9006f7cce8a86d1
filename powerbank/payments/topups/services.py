"""Top-ups: begun, opened at the gateway, cancelled or expired. What becomes of the money is in `settlement`."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import AppError, ConflictError, NotFoundError
from powerbank.base.money import NPR, format_amount
from powerbank.content import app_config
from powerbank.integrations.gateway import OpenedPayment, PaymentRequest
from powerbank.ledger import transactions
from powerbank.ledger.services import Reference
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments import gateways
from powerbank.payments.events import PaymentReady, TopupFailed
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.topups import exchange_rates
from powerbank.payments.webhooks import matching

UNFINISHED = (IntentStatus.PENDING, IntentStatus.READY, IntentStatus.PROCESSING)
FIRST_POLL = timedelta(seconds=30)


def begin_topup(*, user_id: UUID, gateway: str, charged: int, currency: str, now: datetime) -> PaymentIntent:
    """Begin a top-up. `charged` is in the smallest unit of the currency, and is credited at today's buying rate."""
    gateways.get_gateway(gateway)
    bounds = gateways.find_limits(gateway, currency)
    if not bounds.least <= charged <= bounds.most:
        raise AppError(
            "amount_out_of_range",
            422,
            "This amount is too small or too large for this way to pay.",
            least=format_amount(bounds.least),
            most=format_amount(bounds.most),
            currency=currency,
        )
    rate = None if currency == NPR else exchange_rates.newest_rate(currency)
    amount = charged if rate is None else exchange_rates.convert_to_paisa(charged, rate.buy)
    intent = PaymentIntent(
        id=new_id(),
        user_id=user_id,
        gateway=gateway,
        status=IntentStatus.PENDING,
        amount=amount,
        charged=charged,
        currency=currency,
        rate=rate.buy if rate else None,
        rate_day=rate.day if rate else None,
        expires_at=now + timedelta(minutes=app_config.current().intent_ttl_minutes),
    )
    topup = transactions.begin_topup(user_id=user_id, amount=amount, reference=Reference("intent", str(intent.id)))
    intent.transaction_id = topup.id
    open_session().add(intent)
    open_session().flush()
    enqueue(payment_jobs.CREATE_PAYMENT_URL, intent_id=str(intent.id))
    enqueue(payment_jobs.EXPIRE_PAYMENT_INTENT, at=intent.expires_at, intent_id=str(intent.id))
    return intent


def intent_of_user(intent_id: UUID, user_id: UUID) -> PaymentIntent:
    found: PaymentIntent | None = db.session.scalar(
        select(PaymentIntent).where(PaymentIntent.id == intent_id, PaymentIntent.user_id == user_id)
    )
    if found is None:
        raise NotFoundError("payment")
    return found


def lock_intent(intent_id: UUID) -> PaymentIntent | None:
    """Lock an intent, before anything else of its payment: the ledger's accounts come after it."""
    return open_session().get(PaymentIntent, intent_id, with_for_update=True, populate_existing=True)


def make_payment_request(intent: PaymentIntent, public_url: str) -> PaymentRequest:
    back = f"{public_url}/api/payment/return/{intent.gateway}"
    return PaymentRequest(
        intent_id=str(intent.id),
        amount=intent.charged,
        currency=intent.currency,
        title="Powerbank wallet",
        return_url=back,
        cancel_url=back,
        expires_at=intent.expires_at,
    )


def record_session(intent_id: UUID, opened: OpenedPayment, *, now: datetime) -> None:
    """Record that the gateway has a session for an intent. One that has ended meanwhile may be paid all the same."""
    intent = lock_intent(intent_id)
    if intent is None or intent.reference is not None:
        return
    intent.reference, intent.payment_url = opened.reference, opened.payment_url
    if opened.form is not None:
        intent.form = {"action": opened.form.action, "fields": dict(opened.form.fields)}
    if intent.status == IntentStatus.PENDING:
        intent.status = IntentStatus.READY
        publish(PaymentReady(user_id=intent.user_id, intent_id=intent.id))
    intent.poll_at = now + FIRST_POLL
    enqueue(payment_jobs.POLL_PENDING_PAYMENT, at=intent.poll_at, intent_id=str(intent.id))
    matching.wake_events_of_intent(intent)


def fail_unopened_topup(intent_id: UUID) -> None:
    """End a top-up that could not be opened, since its gateway was away or refused."""
    intent = lock_intent(intent_id)
    if intent is not None and intent.reference is None and intent.status in UNFINISHED:
        end_topup(intent, IntentStatus.FAILED)


def cancel_topup(intent_id: UUID, user_id: UUID) -> PaymentIntent:
    intent = intent_of_user(intent_id, user_id)
    intent = lock_intent(intent.id) or intent
    if intent.status == IntentStatus.CANCELLED:
        return intent
    if intent.status not in (IntentStatus.PENDING, IntentStatus.READY):
        raise ConflictError("not_cancellable", f"This payment is {intent.status} and cannot be cancelled.")
    end_topup(intent, IntentStatus.CANCELLED)
    return intent


def expire_topup(intent_id: UUID, *, now: datetime) -> None:
    """Expire a top-up, unless its payer has begun to pay: then the gateway says what became of it."""
    intent = lock_intent(intent_id)
    open_ones = (IntentStatus.PENDING, IntentStatus.READY)
    if intent is not None and intent.status in open_ones and intent.expires_at <= now:
        end_topup(intent, IntentStatus.EXPIRED)


def end_topup(intent: PaymentIntent, status: IntentStatus) -> None:
    """End a top-up that is not paid, as far as is known. Money that comes after all makes it a success."""
    intent.status = status
    transactions.fail_topup(intent.transaction_id)
    open_session().flush()
    publish(TopupFailed(user_id=intent.user_id, intent_id=intent.id, status=status.value, amount=intent.amount))
