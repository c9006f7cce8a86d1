"""Dues: what people owe. A due is created when a price could not be taken, and paid or waived in whole or in part.

Any open due keeps its person from renting. `powerbank.payments.dues.services` says when a due is taken from the wallet
by itself.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base import money
from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.content import app_config
from powerbank.ledger import services, transactions
from powerbank.ledger.accounts import Kind, network_account, user_account
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources, payment_lines
from powerbank.ledger.wallet_models import Due, Progress, TransactionType, WalletTransaction


class MoreThanDueError(ConflictError):
    def __init__(self) -> None:
        super().__init__("more_than_due", "This is more than is owed.")


def create_due(*, user_id: UUID, reference: Reference, amount: int, revenue: Kind, key: str, actor: str) -> Due:
    """Create a due for a revenue that is earned now, while its money is still to come."""
    posted = services.post_entry(
        kind=EntryKind.DUE,
        key=key,
        lines=[Line(user_account(Kind.DUES_RECEIVABLE, user_id), -amount), Line(network_account(revenue), amount)],
        actor=actor,
        reference=reference,
    )
    if not posted.fresh:
        return open_session().scalars(select(Due).filter_by(entry_id=posted.entry_id)).one()
    return record_due(user_id, posted.entry_id, reference, amount, revenue=revenue)


def record_due(user_id: UUID, entry_id: UUID, reference: Reference, amount: int, *, revenue: Kind | None) -> Due:
    """Record the due that an entry has just booked."""
    session = open_session()
    due = Due(
        user_id=user_id,
        entry_id=entry_id,
        reference_kind=reference.kind,
        reference_id=reference.id,
        revenue=revenue,
        amount=amount,
        paid=0,
        waived=0,
        status=Progress.OPEN,
    )
    session.add(due)
    session.flush()
    return due


def grace_period() -> timedelta:
    """Give the time after which a due is collected by itself."""
    return timedelta(days=app_config.current().dues_grace_days)


def pay_due(*, due_id: UUID, sources: Sources, key: str, actor: str, now: datetime) -> WalletTransaction:
    """Take money and points from a person for a due, or for a part of it."""
    due = lock_due(due_id)
    if sources.total > due.left and services.find_entry(key) is None:
        raise MoreThanDueError
    reference = Reference(due.reference_kind, due.reference_id)
    lines = payment_lines(
        due.user_id,
        sources,
        wallet=Kind.USER_WALLET,
        points=Kind.USER_POINTS,
        to=Line(user_account(Kind.DUES_RECEIVABLE, due.user_id), sources.total),
    )
    posted = services.post_entry(kind=EntryKind.DUE_PAID, key=key, lines=lines, actor=actor, reference=reference)
    if not posted.fresh:
        return transactions.transaction_of_entry(posted.entry_id)
    due.paid += sources.total
    _close_if_settled(due, now)
    return transactions.record_transaction(
        user_id=due.user_id,
        type_=TransactionType.RENTAL_DUE,
        sources=sources,
        entry_id=posted.entry_id,
        reference=reference,
        revenue=due.revenue,
    )


def waive_due(
    *, due_id: UUID, key: str, actor: str, now: datetime, amount: int | None = None, against: Kind = Kind.WRITE_OFFS
) -> Due:
    """Let a person off. `against` says who bears it: a write-off, or the revenue if it was never rightly earned."""
    due = lock_due(due_id)
    if services.find_entry(key) is not None:
        return due
    waived = due.left if amount is None else amount
    if not 0 < waived <= due.left:
        raise MoreThanDueError
    services.post_entry(
        kind=EntryKind.DUE_WAIVED,
        key=key,
        lines=[Line(user_account(Kind.DUES_RECEIVABLE, due.user_id), waived), Line(network_account(against), -waived)],
        actor=actor,
        reference=Reference(due.reference_kind, due.reference_id),
    )
    count_waiver(due, waived, now)
    return due


def count_waiver(due: Due, amount: int, now: datetime) -> None:
    """Count on a locked due what an entry has just let its person off."""
    due.waived += amount
    _close_if_settled(due, now)


def refuse_to_leave_with_dues(user_id: UUID) -> None:
    """Refuse that somebody who owes something leaves."""
    owes = services.lock_user_accounts(user_id)[user_account(Kind.DUES_RECEIVABLE, user_id)].balance
    if owes:
        raise ConflictError("outstanding_due", "Pay what is due first.", due_amount=money.format_amount(-owes))


def lock_due_of_user(due_id: UUID, user_id: UUID) -> Due:
    if open_session().scalar(select(Due.user_id).filter_by(id=due_id)) != user_id:
        raise NotFoundError("due")
    return lock_due(due_id)


def lock_due(due_id: UUID) -> Due:
    """Lock a due. The accounts of its person are locked before it, as everywhere."""
    session = open_session()
    user_id = session.scalar(select(Due.user_id).filter_by(id=due_id))
    if user_id is None:
        raise NotFoundError("due")
    services.lock_user_accounts(user_id)
    return session.get_one(Due, due_id, with_for_update=True, populate_existing=True)


def _close_if_settled(due: Due, now: datetime) -> None:
    if due.left == 0:
        due.status, due.closed_at = Progress.CLOSED, now
    open_session().flush()
