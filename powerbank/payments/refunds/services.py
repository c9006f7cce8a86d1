"""Refunds: people ask for them, and staff decide.

A payment goes back to the sources that it came from. Of a top-up, what is not spent yet goes back to its gateway; it
is held from the request on. What happens at the gateway is in `powerbank.payments.refunds.gateway_refunds`.
"""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy import select

from powerbank.api.auth import Staff
from powerbank.base import audit, money
from powerbank.base.audit import staff_actor
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import AppError, ConflictError, NotFoundError
from powerbank.content import app_config
from powerbank.ledger import services, transactions
from powerbank.ledger.accounts import Kind, user_account
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import Act
from powerbank.ledger.movements import holds
from powerbank.ledger.movements import refunds as ledger_refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import TransactionType, WalletTransaction
from powerbank.outbox.enqueue import publish
from powerbank.payments.events import (
    RefundApproved,
    RefundCompleted,
    RefundRejected,
    RefundRequested,
    RefundWaits,
)
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.refunds import gateway_refunds
from powerbank.payments.refunds.models import OPEN, Refund, RefundStatus


def request_refund(
    *, user_id: UUID, transaction_id: UUID, reason: str, actor: str, amount: int | None = None
) -> Refund:
    """Request all that can go back of a transaction, or a part of it."""
    paid = _lock_transaction_of_user(transaction_id, user_id)
    if lock_open_refund(paid.id) is not None:
        raise ConflictError("refund_pending", "A refund of this is under way already.")
    intent = _find_intent(paid)
    possible = _refundable_amount(paid, intent)
    wanted = possible if amount is None else amount
    if possible == 0:
        raise ConflictError("nothing_to_refund", "Nothing of this can be refunded any more.")
    if wanted > possible:
        raise ConflictError(
            "refund_exceeds_payment", "This is more than can be refunded.", refundable=money.format_amount(possible)
        )
    if intent is not None:
        gateway_refunds.share_of_charge(intent, before=paid.refunded_wallet, amount=wanted)
    refund = Refund(
        id=new_id(),
        user_id=user_id,
        transaction_id=paid.id,
        intent_id=intent.id if intent else None,
        amount=wanted,
        reason=reason,
        status=RefundStatus.REQUESTED,
        asked_by=actor,
    )
    if intent is not None:
        holds.place_hold(
            user_id=user_id, reference=hold_reference(refund), amount=wanted, key=f"refund:{refund.id}", actor=actor
        )
    open_session().add(refund)
    open_session().flush()
    publish(RefundRequested(**event_fields(refund)))
    _publish_waiting(refund, "first")
    return refund


def approve_refund(refund_id: UUID, *, staff: Staff, now: datetime) -> Refund:
    """Approve a refund.

    Above the limit, or beyond the allowance of one person, the first approval is only noted: somebody else has to
    approve as well.
    """
    allowances.lock_allowance(staff.id)
    refund = lock_refund(refund_id)
    require_status(refund, RefundStatus.REQUESTED)
    _approve(refund, staff, now)
    record_decision("refund.approve", refund, before=RefundStatus.REQUESTED, actor=staff_actor(staff.id))
    return refund


def _approve(refund: Refund, staff: Staff, now: datetime) -> None:
    if staff.id == refund.first_approved_by:
        raise AppError("second_person_needed", 403, "Somebody else has to approve this too.")
    if refund.first_approved_by is None and not _may_approve_alone(refund, staff, now):
        refund.first_approved_by = staff.id
        open_session().flush()
        _publish_waiting(refund, "second")
        return
    refund.decided_by, refund.decided_at = staff.id, now
    publish(RefundApproved(**event_fields(refund)))
    if refund.intent_id is not None:
        gateway_refunds.begin_gateway_refund(refund)
        return
    done = ledger_refunds.refund_payment(
        transaction_id=refund.transaction_id,
        amount=refund.amount,
        key=f"refund:{refund.id}",
        actor=staff_actor(staff.id),
        description=refund.reason,
    )
    complete_refund(refund, done, now=now)


def record_decision(action: str, refund: Refund, *, before: str, actor: str) -> None:
    new = {"status": refund.status, "amount": refund.amount, "user_id": str(refund.user_id), "note": refund.note}
    audit.record(actor=actor, action=action, object_kind="refund", object_id=refund.id, old={"status": before}, new=new)


def _may_approve_alone(refund: Refund, staff: Staff, now: datetime) -> bool:
    """Tell whether one person is enough. Parts of one payment add up, so a large sum in slices needs two people."""
    before = transactions.lock_transaction(refund.transaction_id).refunded
    if before + refund.amount > app_config.current().refund_second_approval_above:
        return False
    return allowances.use_allowance(Act.REFUND, staff.id, worth=refund.amount, about=hold_reference(refund), now=now)


def reject_refund(refund_id: UUID, *, staff: Staff, reason: str, now: datetime) -> Refund:
    """Reject a refund, also one that nobody managed to pay at the gateway. Its person may spend the money again."""
    refund = lock_refund(refund_id)
    require_status(refund, RefundStatus.REQUESTED, RefundStatus.MANUAL)
    before = refund.status
    refund.decided_by = staff.id if staff.id != refund.first_approved_by else refund.decided_by
    refund.decided_at = now
    drop_refund(refund, reason, actor=staff_actor(staff.id), now=now)
    record_decision("refund.reject", refund, before=before, actor=staff_actor(staff.id))
    return refund


def drop_refund(refund: Refund, reason: str, *, actor: str, now: datetime) -> None:
    """End an open refund without paying it. What was held for it is free again."""
    if refund.refund_transaction_id is not None:
        gateway_refunds.abandon_gateway_refund(refund)
    if refund.intent_id is not None:
        holds.release_hold(reference=hold_reference(refund), key=f"refund:{refund.id}:released", actor=actor)
    refund.status, refund.note, refund.finished_at = RefundStatus.REJECTED, reason, now
    open_session().flush()
    publish(RefundRejected(**event_fields(refund), reason=reason))


def complete_refund(refund: Refund, done: WalletTransaction, *, now: datetime) -> None:
    """Complete a refund. `done` is the refund as its person sees it among the transactions."""
    refund.amount, refund.refund_transaction_id = done.amount, done.id
    refund.status, refund.finished_at, refund.note = RefundStatus.COMPLETED, now, None
    open_session().flush()
    publish(RefundCompleted(**event_fields(refund)))


def lock_refund(refund_id: UUID) -> Refund:
    """Lock a refund. The accounts of its person are locked before it, as everywhere."""
    session = open_session()
    user_id = session.scalar(select(Refund.user_id).where(Refund.id == refund_id))
    if user_id is None:
        raise NotFoundError("refund")
    services.lock_user_accounts(user_id)
    return session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)


def hold_reference(refund: Refund) -> Reference:
    return Reference("refund", str(refund.id))


class RefundFields(TypedDict):
    user_id: UUID
    refund_id: UUID
    amount: int


def event_fields(refund: Refund) -> RefundFields:
    """Give the fields that all events of a refund have."""
    return {"user_id": refund.user_id, "refund_id": refund.id, "amount": refund.amount}


def _publish_waiting(refund: Refund, which: str) -> None:
    publish(
        RefundWaits(refund_id=refund.id, approval=f"{refund.id}:{which}", amount=refund.amount, reason=refund.reason)
    )


def _lock_transaction_of_user(transaction_id: UUID, user_id: UUID) -> WalletTransaction:
    session = open_session()
    owner = session.scalar(select(WalletTransaction.user_id).where(WalletTransaction.id == transaction_id))
    if owner != user_id:
        raise NotFoundError("transaction")
    return transactions.lock_transaction(transaction_id)


def lock_open_refund(transaction_id: UUID) -> Refund | None:
    return open_session().scalar(
        select(Refund).where(Refund.transaction_id == transaction_id, Refund.status.in_(OPEN)).with_for_update()
    )


def _find_intent(paid: WalletTransaction) -> PaymentIntent | None:
    """Find the intent of a top-up; a payment has none.

    Nothing but payments, and top-ups that came through a gateway, can be asked back.
    """
    if paid.direction == "out" and paid.revenue is not None:
        return None
    intent: PaymentIntent | None = None
    if paid.type == TransactionType.TOPUP:
        intent = open_session().scalar(
            select(PaymentIntent).where(
                PaymentIntent.transaction_id == paid.id, PaymentIntent.status == IntentStatus.SUCCESS
            )
        )
    if intent is None:
        raise ConflictError("not_refundable", "This cannot be refunded.")
    return intent


def _refundable_amount(paid: WalletTransaction, intent: PaymentIntent | None) -> int:
    left = ledger_refunds.refundable_part(paid)
    if left is None:
        return 0
    if intent is None:
        return left.total
    balance = services.lock_user_accounts(paid.user_id)[user_account(Kind.USER_WALLET, paid.user_id)].balance or 0
    return min(left.wallet, balance)


def require_status(refund: Refund, *statuses: RefundStatus) -> None:
    if refund.status not in statuses:
        raise ConflictError("already_decided", f"This refund is {refund.status}.")
