"""Adjustments: staff give or take money and points, and waive dues. Beyond an allowance a second person decides."""

from datetime import datetime
from types import MappingProxyType
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import select

from powerbank.api.auth import Staff
from powerbank.base import audit, money
from powerbank.base.audit import staff_actor
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.base.money import NPR, PTS
from powerbank.ledger import queries, services, transactions
from powerbank.ledger.accounts import Kind, network_account, user_account
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import Act, StaffAct
from powerbank.ledger.events import AdjustmentApplied, AdjustmentWaits, DueWaived
from powerbank.ledger.movements import dues
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Adjustment, AdjustmentStatus, Due, TransactionType
from powerbank.outbox.enqueue import publish
from powerbank.users.models import User

_WAITED = {"status": AdjustmentStatus.PENDING.value}  # only such a one is decided
_WHERE = MappingProxyType({NPR: (Kind.USER_WALLET, Kind.ADJUSTMENTS), PTS: (Kind.USER_POINTS, Kind.POINTS_LIABILITY)})


def ask_for_adjustment(
    *, user_id: UUID, currency: str, amount: int, reason: str, staff: Staff, now: datetime
) -> Adjustment:
    """Apply an adjustment, or keep it until a second person decides."""
    session = open_session()
    allowances.lock_allowance(staff.id)
    if session.scalar(select(User.id).filter_by(id=user_id)) is None:
        raise NotFoundError("user")
    before = queries.wallet_of_user(user_id)
    adjustment = Adjustment(
        id=new_id(),
        user_id=user_id,
        currency=currency,
        amount=amount,
        reason=reason,
        status=AdjustmentStatus.PENDING,
        asked_by=staff.id,
    )
    worth = abs(amount) if currency == NPR else allowances.worth_of_points(abs(amount))
    if allowances.use_allowance(Act.ADJUSTMENT, staff.id, worth=worth, about=_reference(adjustment), now=now):
        _apply_adjustment(adjustment, actor=staff_actor(staff.id))
    else:
        publish(AdjustmentWaits(**_event_fields(adjustment, amount)))
    session.add(adjustment)
    session.flush()
    had = {"balance": money.format_amount(before.balance), "points": before.points}
    _record_adjustment("adjustment.ask", adjustment, by=staff, old=had)
    return adjustment


def approve_adjustment(adjustment_id: UUID, *, staff: Staff, now: datetime) -> Adjustment:
    adjustment = _lock_pending_adjustment(adjustment_id, staff)
    _apply_adjustment(adjustment, actor=staff_actor(staff.id))
    adjustment.decided_by, adjustment.decided_at = staff.id, now
    open_session().flush()
    _record_adjustment("adjustment.approve", adjustment, by=staff, old=_WAITED)
    return adjustment


def reject_adjustment(adjustment_id: UUID, *, staff: Staff, now: datetime) -> Adjustment:
    adjustment = _lock_pending_adjustment(adjustment_id, staff)
    adjustment.status = AdjustmentStatus.REJECTED
    adjustment.decided_by, adjustment.decided_at = staff.id, now
    open_session().flush()
    _record_adjustment("adjustment.reject", adjustment, by=staff, old=_WAITED)
    return adjustment


def _record_adjustment(action: str, adjustment: Adjustment, *, by: Staff, old: dict[str, Any]) -> None:
    audit.record(
        actor=staff_actor(by.id),
        action=action,
        object_kind="user",
        object_id=adjustment.user_id,
        old=old,
        new={
            "adjustment_id": str(adjustment.id),
            "amount": money.format_amount(adjustment.amount) if adjustment.currency == NPR else adjustment.amount,
            "currency": adjustment.currency,
            "reason": adjustment.reason,
            "status": adjustment.status,
        },
    )


def _lock_pending_adjustment(adjustment_id: UUID, staff: Staff) -> Adjustment:
    session = open_session()
    user_id = session.scalar(select(Adjustment.user_id).filter_by(id=adjustment_id))
    if user_id is None:
        raise NotFoundError("adjustment")
    services.lock_user_accounts(user_id)
    adjustment = session.get_one(Adjustment, adjustment_id, with_for_update=True, populate_existing=True)
    if adjustment.status != AdjustmentStatus.PENDING:
        raise ConflictError("already_decided", "This adjustment has been decided.")
    if adjustment.asked_by == staff.id:
        raise allowances.second_person_error()
    return adjustment


def _reference(adjustment: Adjustment) -> Reference:
    return Reference("adjustment", str(adjustment.id))


def _apply_adjustment(adjustment: Adjustment, *, actor: str) -> None:
    theirs, ours = _WHERE[adjustment.currency]
    reference = _reference(adjustment)
    posted = services.post_entry(
        kind=EntryKind.ADJUSTMENT,
        key=f"adjustment:{adjustment.id}",
        lines=[
            Line(user_account(theirs, adjustment.user_id), adjustment.amount),
            Line(network_account(ours), -adjustment.amount),
        ],
        actor=actor,
        reference=reference,
        description=adjustment.reason,
    )
    adjustment.status, adjustment.entry_id = AdjustmentStatus.APPLIED, posted.entry_id
    if adjustment.currency == money.NPR:
        transactions.record_transaction(
            user_id=adjustment.user_id,
            type_=TransactionType.ADJUSTMENT,
            sources=Sources(wallet=abs(adjustment.amount)),
            entry_id=posted.entry_id,
            reference=reference,
            incoming=adjustment.amount > 0,
        )
    change = abs(adjustment.amount)
    publish(AdjustmentApplied(**_event_fields(adjustment, change), added=adjustment.amount > 0))


class _AdjustmentFields(TypedDict):
    user_id: UUID
    adjustment_id: UUID
    currency: str
    reason: str
    amount: int | None
    points: int | None


def _event_fields(adjustment: Adjustment, change: int) -> _AdjustmentFields:
    """Give the fields that all events of an adjustment have."""
    in_money = adjustment.currency == NPR
    return {
        "user_id": adjustment.user_id,
        "adjustment_id": adjustment.id,
        "currency": adjustment.currency,
        "reason": adjustment.reason,
        "amount": change if in_money else None,
        "points": None if in_money else change,
    }


def ask_to_waive_due(due_id: UUID, *, amount: int, reason: str, staff: Staff, now: datetime) -> Due | StaffAct:
    """Waive a due or a part of it, or keep the act until a second person decides. Either comes back."""
    allowances.lock_allowance(staff.id)
    due = dues.lock_due(due_id)
    if amount > due.left:
        raise dues.MoreThanDueError
    about = Reference("due", str(due.id))
    audited = {"amount": money.format_amount(amount), "reason": reason}
    if not allowances.use_allowance(Act.DUE_WAIVER, staff.id, worth=amount, about=about, now=now):
        act = allowances.keep_act_waiting(
            Act.DUE_WAIVER, staff.id, worth=amount, about=about, reason=reason, details={}, now=now
        )
        _record_waiver("due.ask_to_waive", due_id, by=staff, new=audited | {"act_id": str(act.id)})
        return act
    due = _waive_due(due_id, amount, key=f"due:{due.id}:waived:{new_id()}", by=staff, now=now)
    _record_waiver("due.waive", due_id, by=staff, new=audited | {"left": money.format_amount(due.left)})
    return due


def _record_waiver(action: str, due_id: UUID, *, by: Staff, new: dict[str, Any]) -> None:
    audit.record(actor=staff_actor(by.id), action=action, object_kind="due", object_id=due_id, new=new)


def waive_approved_due(act: StaffAct, *, staff: Staff, now: datetime) -> None:
    _waive_due(UUID(act.about_id), act.worth, key=f"act:{act.id}", by=staff, now=now)


def _waive_due(due_id: UUID, amount: int, *, key: str, by: Staff, now: datetime) -> Due:
    due = dues.waive_due(due_id=due_id, amount=amount, key=key, actor=staff_actor(by.id), now=now)
    publish(DueWaived(user_id=due.user_id, due_id=due_id, amount=amount))
    return due
