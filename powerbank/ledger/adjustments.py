"""Staff give or take money and points. Above the limit of their role a second person decides."""

from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import func, select

from powerbank import money
from powerbank.api.auth import Staff
from powerbank.auth.models import StaffMember
from powerbank.auth.roles import Role
from powerbank.db import new_id, open_session
from powerbank.errors import AppError, ConflictError, NotFoundError
from powerbank.ledger import services, transactions
from powerbank.ledger.accounts import Kind, of_user, shared
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Adjustment, AdjustmentStatus, TransactionType
from powerbank.money import NPR, PTS
from powerbank.queue import Scalar, publish
from powerbank.users.models import User

# What one member of staff may give and take in a day without a second person, in paisa and in points.
LIMITS = MappingProxyType(
    {
        Role.FINANCE: MappingProxyType({NPR: 5_000_00, PTS: 50_000}),
        Role.SUPERADMIN: MappingProxyType({NPR: 20_000_00, PTS: 200_000}),
    }
)
DAY = timedelta(hours=24)

_WHERE = MappingProxyType({NPR: (Kind.USER_WALLET, Kind.ADJUSTMENTS), PTS: (Kind.USER_POINTS, Kind.POINTS_LIABILITY)})


def ask(*, user_id: UUID, currency: str, amount: int, reason: str, staff: Staff, now: datetime) -> Adjustment:
    """Applies an adjustment, or keeps it for a second person to decide."""
    session = open_session()
    left = allowance(staff, currency, now)
    if session.scalar(select(User.id).filter_by(id=user_id)) is None:
        raise NotFoundError("user")
    adjustment = Adjustment(
        id=new_id(), user_id=user_id, currency=currency, amount=amount, reason=reason,
        status=AdjustmentStatus.PENDING, asked_by=staff.id,
    )  # fmt: skip
    if abs(amount) <= left:
        _apply(adjustment, actor=f"staff:{staff.id}")
    else:
        publish("adjustment_waits", **_about(adjustment, amount))
    session.add(adjustment)
    session.flush()
    return adjustment


def approve(adjustment_id: UUID, *, staff: Staff, now: datetime) -> Adjustment:
    adjustment = _pending(adjustment_id, staff)
    _apply(adjustment, actor=f"staff:{staff.id}")
    adjustment.decided_by, adjustment.decided_at = staff.id, now
    open_session().flush()
    return adjustment


def reject(adjustment_id: UUID, *, staff: Staff, now: datetime) -> Adjustment:
    adjustment = _pending(adjustment_id, staff)
    adjustment.status = AdjustmentStatus.REJECTED
    adjustment.decided_by, adjustment.decided_at = staff.id, now
    open_session().flush()
    return adjustment


def allowance(staff: Staff, currency: str, now: datetime) -> int:
    """What is left of the day's limit. Two requests of one person at once must not both find it unused, so the
    second waits here for the first."""
    open_session().get_one(StaffMember, staff.id, with_for_update={"key_share": True})
    return _limit(staff, currency) - _used_today(staff.id, currency, now)


def _limit(staff: Staff, currency: str) -> int:
    limits = LIMITS.get(Role(staff.role))
    return limits[currency] if limits else 0


def _used_today(staff_id: UUID, currency: str, now: datetime) -> int:
    """Small ones add up: a large sum in slices needs its second person too."""
    used = select(func.coalesce(func.sum(func.abs(Adjustment.amount)), 0)).where(
        Adjustment.asked_by == staff_id,
        Adjustment.currency == currency,
        Adjustment.decided_by.is_(None),
        Adjustment.status == AdjustmentStatus.APPLIED,
        Adjustment.created_at > now - DAY,
    )
    return int(open_session().scalar(used) or 0)


def _pending(adjustment_id: UUID, staff: Staff) -> Adjustment:
    session = open_session()
    user_id = session.scalar(select(Adjustment.user_id).filter_by(id=adjustment_id))
    if user_id is None:
        raise NotFoundError("adjustment")
    services.lock_users(user_id)
    adjustment = session.get_one(Adjustment, adjustment_id, with_for_update=True, populate_existing=True)
    if adjustment.status != AdjustmentStatus.PENDING:
        raise ConflictError("already_decided", "This adjustment has been decided.")
    if adjustment.asked_by == staff.id:
        raise AppError("second_person_needed", 403, "Somebody else has to decide this: you asked for it.")
    return adjustment


def _apply(adjustment: Adjustment, *, actor: str) -> None:
    theirs, ours = _WHERE[adjustment.currency]
    reference = Reference("adjustment", str(adjustment.id))
    posted = services.post(
        kind=EntryKind.ADJUSTMENT,
        key=f"adjustment:{adjustment.id}",
        lines=[
            Line(of_user(theirs, adjustment.user_id), adjustment.amount),
            Line(shared(ours), -adjustment.amount),
        ],
        actor=actor,
        reference=reference,
        description=adjustment.reason,
    )
    adjustment.status, adjustment.entry_id = AdjustmentStatus.APPLIED, posted.entry_id
    if adjustment.currency == money.NPR:
        transactions.record(
            user_id=adjustment.user_id,
            type_=TransactionType.ADJUSTMENT,
            sources=Sources(wallet=abs(adjustment.amount)),
            entry_id=posted.entry_id,
            reference=reference,
            incoming=adjustment.amount > 0,
        )
    change = abs(adjustment.amount)
    publish("adjustment_applied", **_about(adjustment, change), added=adjustment.amount > 0)


def _about(adjustment: Adjustment, change: int) -> dict[str, Scalar]:
    """What events say of it. Paisa are an `amount` and points are `points`, as in every event."""
    return {
        "user_id": str(adjustment.user_id),
        "adjustment_id": str(adjustment.id),
        "currency": adjustment.currency,
        "reason": adjustment.reason,
        "amount" if adjustment.currency == NPR else "points": change,
    }
