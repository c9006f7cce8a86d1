"""The review of payments that came otherwise than they were asked for: staff credit what came, or dismiss it.

The gateway is asked once more before a credit, and what it says then is what is credited.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import db, open_session
from powerbank.base.errors import ConflictError, NotFoundError, UnavailableError
from powerbank.integrations.errors import VendorError, VendorRefusedError
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


@contextmanager
def translated_gateway_errors() -> Iterator[None]:
    """Answer staff with an error that they can act on, where a gateway is away or refuses."""
    try:
        yield
    except VendorError:
        raise UnavailableError("gateway_away", "The gateway does not answer; try again shortly.") from None
    except VendorRefusedError as refused:
        raise ConflictError("gateway_refused", f"{refused}.") from None


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
    asked = _asked(intent)
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
    _record(intent, Decision.CREDIT, old=asked)
    return intent


def dismiss_payment(intent_id: UUID, *, staff: Staff, reason: str, now: datetime) -> PaymentIntent:
    """Dismiss a payment: it is not credited, whatever the gateway says of it from now on."""
    intent = _lock_intent_in_review(intent_id)
    asked = _asked(intent)
    intents.end_topup(intent, IntentStatus.FAILED)
    _resolve(intent, staff, reason, now)
    _record(intent, Decision.DISMISS, old=asked)
    return intent


def settle_on_request(intent_id: UUID, payment: Payment | None, *, staff: Staff, now: datetime) -> None:
    """Settle a payment about which staff have asked the gateway."""
    before = db.session.get_one(PaymentIntent, intent_id).status
    status = settlement.apply_payment(intent_id, payment, actor=staff_actor(staff.id), now=now)
    audit.record(
        actor=staff_actor(staff.id),
        action="payment.verify",
        object_kind="payment_intent",
        object_id=intent_id,
        old={"status": before},
        new={"status": status.value},
    )


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


def _asked(intent: PaymentIntent) -> dict[str, Any]:
    return {"amount": intent.amount, "review_reason": intent.review_reason}


def _record(intent: PaymentIntent, decision: Decision, *, old: dict[str, Any]) -> None:
    new = {"amount": intent.amount, "status": intent.status, "payment_id": intent.payment_id}
    audit.record(
        actor=staff_actor(intent.resolved_by),
        action="payment.resolve",
        object_kind="payment_intent",
        object_id=intent.id,
        old=old,
        new={"decision": decision.value, "reason": intent.resolution, **new},
    )
