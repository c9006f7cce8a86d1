"""Refunds of top-ups at their gateways: sent, followed until the gateway's last word, or paid by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from powerbank.base.db import db, open_session
from powerbank.base.errors import ConflictError
from powerbank.integrations.gateway import GatewayRefund, PaidPayment
from powerbank.ledger.movements import topups
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import WalletTransaction
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments import gateways
from powerbank.payments.events import RefundNeedsAttention
from powerbank.payments.models import PaymentIntent
from powerbank.payments.refunds.models import Refund, RefundStatus

FIRST_LOOK, RAREST_LOOK = timedelta(minutes=1), timedelta(hours=6)
FOLLOWED_FOR = timedelta(days=14)


@dataclass(frozen=True)
class RefundPlan:
    """What the gateway is asked for, the same at each repeat."""

    gateway: str
    paid: PaidPayment
    amount: int
    refunded_before: int
    key: str
    reference: str | None  # the gateway's name for the refund, once it has one


def begin_gateway_refund(refund: Refund) -> None:
    """Begin an approved refund. From here on it counts as gone back, so that nothing goes back twice."""
    intent = _intent(refund)
    sent = topups.begin_topup_refund(
        transaction_id=refund.transaction_id,
        reference=Reference("refund", str(refund.id)),
        amount=refund.amount,
        description=refund.reason,
    )
    refund.refund_transaction_id = sent.id
    refund.gateway_amount = share_of_charge(
        intent, before=_refunded_so_far(refund) - refund.amount, amount=refund.amount
    )
    if gateways.get_gateway(intent.gateway).can_refund:
        refund.status = RefundStatus.PROCESSING
        enqueue(payment_jobs.REFUND_TOPUP, refund_id=str(refund.id))
    else:
        hand_to_staff(refund, "This gateway takes refunds in its portal only.")
    open_session().flush()


def plan_refund(refund_id: UUID) -> RefundPlan | None:
    """Plan what the gateway is asked for. None: there is nothing to ask for."""
    refund = db.session.get(Refund, refund_id)
    if refund is None or refund.status != RefundStatus.PROCESSING or refund.gateway_amount is None:
        return None
    intent = _intent(refund)
    assert intent.reference is not None and intent.payment_id is not None  # noqa: S101, PT018 (it was paid)
    return RefundPlan(
        gateway=intent.gateway,
        paid=PaidPayment(intent.reference, intent.payment_id, intent.charged, intent.currency),
        amount=refund.gateway_amount,
        refunded_before=_in_currency(intent, _refunded_so_far(refund)) - refund.gateway_amount,
        key=refund_key(refund_id),
        reference=refund.gateway_reference,
    )


def refund_key(refund_id: UUID) -> str:
    """Give the idempotency key of a refund.

    It belongs to the refund and not to the job, so that a job that is requeued repeats nothing.
    """
    return f"refund-{refund_id}"


def refund_id_in_key(key: str) -> UUID | None:
    """Read the refund's id from a key of ours."""
    try:
        return UUID(key.removeprefix("refund-")) if key.startswith("refund-") else None
    except ValueError:
        return None


def abandon_gateway_refund(refund: Refund) -> None:
    assert refund.refund_transaction_id is not None  # noqa: S101 (it was begun)
    topups.abandon_topup_refund(refund.refund_transaction_id)


def book_gateway_refund(refund: Refund, *, actor: str) -> WalletTransaction:
    """Book a refund that has arrived. The caller changes its row."""
    intent = _intent(refund)
    assert refund.refund_transaction_id is not None  # noqa: S101 (it was begun)
    return topups.complete_topup_refund(
        refund_transaction_id=refund.refund_transaction_id,
        gateway=intent.gateway,
        key=f"refund:{refund.id}:captured",
        actor=actor,
        currency=intent.currency,
        gateway_amount=refund.gateway_amount,
    )


def hand_to_staff(refund: Refund, why: str) -> None:
    """Hand a refund to staff, who pay it in the gateway's portal or reject it. The money stays held."""
    refund.status, refund.note = RefundStatus.MANUAL, why
    open_session().flush()
    publish(RefundNeedsAttention(refund_id=refund.id, reason=why))


def schedule_follow_up(refund: Refund, answer: GatewayRefund, *, now: datetime) -> None:
    """Ask the gateway again, more and more rarely, since it has not said its last word."""
    refund.gateway_reference = answer.reference or refund.gateway_reference
    since = now - (refund.decided_at or now)
    if refund.gateway_reference is None or since > FOLLOWED_FOR:
        hand_to_staff(refund, "The gateway has not said what became of it.")
        return
    open_session().flush()
    at = now + min(max(since, FIRST_LOOK), RAREST_LOOK)
    enqueue(payment_jobs.FOLLOW_REFUND, at=at, refund_id=str(refund.id))


def share_of_charge(intent: PaymentIntent, *, before: int, amount: int) -> int:
    """Give an amount's share of the charge, in its currency, after so much that went back before.

    The shares of all parts add up exactly.
    """
    found = _in_currency(intent, before + amount) - _in_currency(intent, before)
    if found == 0:
        raise ConflictError("refund_too_small", f"This is less than the smallest amount in {intent.currency}.")
    return found


def _intent(refund: Refund) -> PaymentIntent:
    return db.session.get_one(PaymentIntent, refund.intent_id)


def _refunded_so_far(refund: Refund) -> int:
    """Give what went back of the top-up, this refund included."""
    return db.session.get_one(WalletTransaction, refund.transaction_id).refunded_wallet


def _in_currency(intent: PaymentIntent, paisa: int) -> int:
    return intent.charged * paisa // intent.amount
