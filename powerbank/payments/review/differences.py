"""The differences between a payment at its gateway and what we booked."""

from dataclasses import dataclass

from sqlalchemy import func, select

from powerbank.base.db import db
from powerbank.integrations.gateway import GONE_BACK, Payment, PaymentState
from powerbank.ledger.wallet_models import TransactionStatus, WalletTransaction
from powerbank.payments.chargebacks.models import Chargeback, ChargebackState
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.refunds.models import Refund, RefundStatus

NO_PAYMENT = frozenset({IntentStatus.PENDING, IntentStatus.REVIEW})  # nothing to compare, or with staff already
BOOKED = (TransactionStatus.SUCCESS, TransactionStatus.REFUNDED)
# The gateway was paid and we never heard of it. The payment is settled by the way, and staff hear of it all the same:
# somebody should know why.
PAID_NOT_CREDITED = "paid_not_credited"


@dataclass(frozen=True)
class Difference:
    what: str
    ours: str
    theirs: str


def find_difference(intent: PaymentIntent, payment: Payment | None) -> Difference | None:
    if payment is None or intent.status in NO_PAYMENT or intent.resolved_at is not None:
        return None
    what = None
    if intent.status == IntentStatus.SUCCESS:
        what = _differs_from_credit(intent, payment)
    elif payment.state in (PaymentState.PAID, PaymentState.PARTLY_REFUNDED):
        what = PAID_NOT_CREDITED
    return Difference(what, *_describe(intent, payment)) if what else None


def _differs_from_credit(intent: PaymentIntent, payment: Payment) -> str | None:
    booked = db.session.get_one(WalletTransaction, intent.transaction_id)
    if booked.status not in BOOKED or booked.wallet != intent.amount:
        return "not_booked"
    if payment.state not in (PaymentState.PAID, *GONE_BACK):
        return "not_paid_there"
    if payment.payment_id != intent.payment_id:
        return "another_payment"
    if (payment.amount, payment.currency) != (intent.charged, intent.currency):
        return "amount_differs"
    return None if _refunds_agree(intent, payment) else "refunds_differ"


def _refunds_agree(intent: PaymentIntent, payment: Payment) -> bool:
    """Tell whether the refunds that a gateway has can be those that we know.

    A refund of ours that the gateway has not answered yet may be there or not. Some gateways say only that something
    went back, and not how much. A dispute is no refund.
    """
    taken = select(func.coalesce(func.sum(Chargeback.claimed), 0)).where(
        Chargeback.intent_id == intent.id, Chargeback.kind == "refund", Chargeback.state != ChargebackState.GIVEN_BACK
    )
    least = _refunded(intent, RefundStatus.COMPLETED) + int(db.session.scalar(taken) or 0)
    most = least + _refunded(intent, RefundStatus.PROCESSING)
    if payment.refunded is not None:
        return least <= payment.refunded <= most
    if payment.state is PaymentState.REFUNDED:
        return most >= intent.charged
    if payment.state is PaymentState.PARTLY_REFUNDED:
        return most > 0 and least < intent.charged
    return least == 0


def _refunded(intent: PaymentIntent, status: RefundStatus) -> int:
    query = select(func.coalesce(func.sum(Refund.gateway_amount), 0))
    return int(db.session.scalar(query.where(Refund.intent_id == intent.id, Refund.status == status)) or 0)


def _describe(intent: PaymentIntent, payment: Payment) -> tuple[str, str]:
    back = f", {payment.refunded} back" if payment.refunded else ""
    return (
        f"{intent.status}: {intent.charged} {intent.currency}",
        f"{payment.state.value}: {payment.amount} {payment.currency}{back}",
    )
