"""The review of payments that came otherwise than they were asked for: staff credit what came, or dismiss it.

The gateway is asked once more before a credit, and what it says then is what is credited.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base.audit import staff_actor
from powerbank.base.db import db, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.integrations.gateway import GONE_BACK, Payment, PaymentState, Reversal
from powerbank.ledger import transactions
from powerbank.payments import gateways
from powerbank.payments.chargebacks import services as chargebacks
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.topups import exchange_rates, settlement
from powerbank.payments.topups import services as intents


class Decision(StrEnum):
    CREDIT = "credit"
    DISMISS = "dismiss"


def look_up_payment(intent_id: UUID) -> tuple[Payment | None, list[Reversal]]:
    """Ask the gateway how a payment stands, and what went back of it. This must not run inside a transaction."""
    intent = db.session.get(PaymentIntent, intent_id)
    if intent is None:
        raise NotFoundError("payment")
    gateway = gateways.get_gateway(intent.gateway)
    payment = settlement.look_up_payment(intent_id)
    if payment is None or payment.state not in GONE_BACK or payment.payment_id is None:
        return payment, []
    return payment, gateway.list_refunds(payment.payment_id)


def credit_payment(
    intent_id: UUID, payment: Payment | None, reversals: list[Reversal], *, staff: Staff, reason: str, now: datetime
) -> PaymentIntent:
    intent = _lock_intent_in_review(intent_id)
    if payment is None or payment.payment_id is None or payment.amount is None:
        raise ConflictError("nothing_paid", "The gateway knows of no payment.")
    if payment.state is not PaymentState.PAID and not reversals:
        raise ConflictError("nothing_paid", f"The gateway says that this payment is {payment.state}.")
    if payment.currency != intent.currency:
        raise ConflictError("currency_differs", "It was paid in another currency: dismiss it, and adjust by hand.")
    if settlement.is_credited_elsewhere(intent, payment.payment_id):
        raise ConflictError("payment_credited_already", "This money was credited for another top-up.")
    intent.charged = payment.amount
    intent.amount = (
        payment.amount if intent.rate is None else exchange_rates.convert_to_paisa(payment.amount, intent.rate)
    )
    transactions.change_topup_amount(intent.transaction_id, intent.amount)
    settlement.credit_intent(intent, payment.payment_id, actor=staff_actor(staff.id), now=now)
    _resolve(intent, staff, reason, now)
    for reversal in reversals:
        chargebacks.apply_reversal(intent.id, reversal, now=now)
    return intent


def dismiss_payment(intent_id: UUID, *, staff: Staff, reason: str, now: datetime) -> PaymentIntent:
    """Dismiss a payment: it is not credited, whatever the gateway says of it from now on."""
    intent = _lock_intent_in_review(intent_id)
    intents.end_topup(intent, IntentStatus.FAILED)
    _resolve(intent, staff, reason, now)
    return intent


def _lock_intent_in_review(intent_id: UUID) -> PaymentIntent:
    intent = intents.lock_intent(intent_id)
    if intent is None:
        raise NotFoundError("payment")
    if intent.status != IntentStatus.REVIEW:
        raise ConflictError("not_in_review", f"This payment is {intent.status}.")
    return intent


def _resolve(intent: PaymentIntent, staff: Staff, reason: str, now: datetime) -> None:
    intent.resolved_by, intent.resolved_at, intent.resolution = staff.id, now, reason
    open_session().flush()
