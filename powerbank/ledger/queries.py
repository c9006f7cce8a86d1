"""Read the ledger, for people and staff."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import joinedload, selectinload

from powerbank.api.paging import page
from powerbank.base import money
from powerbank.base.db import db, first_id_of
from powerbank.base.errors import NotFoundError
from powerbank.ledger import sums
from powerbank.ledger.accounts import REVENUES, Kind
from powerbank.ledger.models import Account, Entry, Posting, Reconciliation
from powerbank.ledger.movements.dues import grace_period
from powerbank.ledger.wallet_models import (
    ABOUT,
    Adjustment,
    AdjustmentStatus,
    Due,
    DueCause,
    Progress,
    TransactionType,
    WalletTransaction,
)

DAY = timedelta(days=1)
_REVENUE = text("""
    SELECT coalesce(sum(posting.amount), 0)
      FROM ledger_postings AS posting
     WHERE posting.account_id = ANY (ARRAY(SELECT id FROM ledger_accounts WHERE owner = '' AND kind = ANY (:kinds)))
       AND posting.number > coalesce((SELECT number FROM ledger_postings
                                       WHERE entry_id < :since ORDER BY entry_id DESC, account_id DESC LIMIT 1), 0)
       AND posting.number <= coalesce((SELECT number FROM ledger_postings
                                        WHERE entry_id < :until ORDER BY entry_id DESC, account_id DESC LIMIT 1), 0)
""")


@dataclass(frozen=True)
class Wallet:
    balance: int
    held: int
    points: int
    dues: int
    currency: str = money.NPR


def wallet_of_user(user_id: UUID) -> Wallet:
    """Read the balances of a person. Somebody without accounts has nothing and owes nothing."""
    rows = db.session.execute(select(Account.kind, Account.balance).where(Account.owner == str(user_id)))
    found: dict[str, int] = {row.kind: row.balance or 0 for row in rows}
    return Wallet(
        balance=found.get(Kind.USER_WALLET, 0),
        held=found.get(Kind.USER_HOLD, 0),
        points=found.get(Kind.USER_POINTS, 0),
        dues=-found.get(Kind.DUES_RECEIVABLE, 0),
    )


def amount_spent_by_user(user_id: UUID) -> int:
    """Add up what a person has paid, less what came back."""
    amount = WalletTransaction.wallet + WalletTransaction.points_value
    refunded = WalletTransaction.refunded_wallet + WalletTransaction.refunded_value
    paid = select(func.coalesce(func.sum(amount - refunded), 0)).where(
        WalletTransaction.user_id == user_id,
        WalletTransaction.direction == "out",
        WalletTransaction.type.not_in((TransactionType.ADJUSTMENT, TransactionType.REFUND)),
        WalletTransaction.entry_id.is_not(None),
    )
    return int(db.session.scalar(paid) or 0)


def points_of_user(user_id: UUID) -> int:
    return wallet_of_user(user_id).points


def transaction_page(
    user_id: UUID,
    *,
    limit: int,
    cursor: str | None,
    type: str | None = None,
    status: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    query = select(WalletTransaction).where(WalletTransaction.user_id == user_id)
    for column, value in ((WalletTransaction.type, type), (WalletTransaction.status, status)):
        if value is not None:
            query = query.where(column == value)
    query = bound_by_time(query, WalletTransaction, since, until)
    return page(query, WalletTransaction.id, limit=limit, cursor=cursor, descending=True)


def entry_page(
    *,
    limit: int,
    cursor: str | None,
    kind: str | None = None,
    reference_kind: str | None = None,
    reference_id: str | None = None,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    query = select_entries(
        kind=kind, reference_kind=reference_kind, reference_id=reference_id, key=key, since=since, until=until
    )
    return page(query, Entry.id, limit=limit, cursor=cursor, descending=True)


def select_entries(
    *,
    kind: str | None = None,
    reference_kind: str | None = None,
    reference_id: str | None = None,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    query = select(Entry).options(selectinload(Entry.postings).joinedload(Posting.account))
    equal = (
        (Entry.kind, kind),
        (Entry.reference_kind, reference_kind),
        (Entry.reference_id, reference_id),
        (Entry.key, key),
    )
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    return bound_by_time(query, Entry, since, until)


def account_page(
    *, limit: int, cursor: str | None, kind: str | None = None, owner: str | None = None, currency: str | None = None
) -> dict[str, Any]:
    query = select(Account)
    for column, value in ((Account.kind, kind), (Account.owner, owner), (Account.currency, currency)):
        if value is not None:
            query = query.where(column == value)
    found = page(query, Account.id, limit=limit, cursor=cursor)
    shown = add_balances(found["items"])
    return found | {"items": [{"account": account, "balance": balance} for account, balance in shown]}


def add_balances(accounts: Sequence[Account]) -> list[tuple[Account, int]]:
    """Pair each account with its balance, positive on the account's own side."""
    hot = sums.sum_balances([account.id for account in accounts if not account.floored])
    return [
        (account, account.sign * (hot[account.id] if account.balance is None else account.balance))
        for account in accounts
    ]


def find_entry(entry_id: UUID) -> Entry:
    found: Entry | None = db.session.scalar(select_entries().where(Entry.id == entry_id))
    if found is None:
        raise NotFoundError("entry")
    return found


@dataclass(frozen=True)
class StatementLine:
    posting: Posting
    balance: int
    currency: str

    @property
    def entry(self) -> Entry:
        return self.posting.entry


def find_account(account_id: UUID) -> Account:
    found: Account | None = db.session.get(Account, account_id)
    if found is None:
        raise NotFoundError("account")
    return found


def statement_page(account_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List the postings of an account, newest first, with the balance after each. A credit is positive."""
    of = find_account(account_id)
    query = select(Posting).where(Posting.account_id == of.id).options(joinedload(Posting.entry))
    found = page(query, Posting.number, limit=limit, cursor=cursor, descending=True)
    return found | {"items": list(_statement_lines(of, found["items"]))}


def _statement_lines(account: Account, postings: Sequence[Posting]) -> Iterator[StatementLine]:
    if not postings:
        return
    running = 0 if account.floored else sums.sum_balances([account.id], before=postings[0].number + 1)[account.id]
    for posting in postings:
        balance = running if posting.balance is None else posting.balance
        yield StatementLine(posting, balance, account.currency)
        running -= posting.amount


def reconciliation_page(*, limit: int, cursor: str | None) -> dict[str, Any]:
    return page(
        select(Reconciliation),
        Reconciliation.started_at,
        Reconciliation.id,
        limit=limit,
        cursor=cursor,
        descending=True,
    )


def adjustment_page(*, limit: int, cursor: str | None, status: str | None = None) -> dict[str, Any]:
    query = select(Adjustment)
    if status is not None:
        query = query.where(Adjustment.status == status)
    return page(query, Adjustment.id, limit=limit, cursor=cursor, descending=True)


def list_waiting_adjustments(user_id: UUID) -> Sequence[Adjustment]:
    """List the adjustments of a person that wait for a second member of staff. Few wait at all."""
    query = select(Adjustment).where(Adjustment.status == AdjustmentStatus.PENDING, Adjustment.user_id == user_id)
    return db.session.scalars(query.order_by(Adjustment.id)).all()


@dataclass(frozen=True)
class DueWithGrace:
    due: Due
    grace_period: timedelta

    @property
    def collected_from(self) -> datetime | None:
        """Return the time from which the due is taken from whatever comes into the wallet."""
        return self.due.created_at + self.grace_period if self.due.status == Progress.OPEN else None


def add_grace_period(due: Due) -> DueWithGrace:
    return DueWithGrace(due, grace_period())


def find_due(due_id: UUID) -> DueWithGrace:
    found: Due | None = db.session.get(Due, due_id)
    if found is None:
        raise NotFoundError("due")
    return add_grace_period(found)


def due_page(
    *, limit: int, cursor: str | None, user_id: UUID | None = None, status: str | None = None, cause: str | None = None
) -> dict[str, Any]:
    query = select(Due)
    kind = ABOUT[DueCause(cause)] if cause is not None else None
    for column, value in ((Due.user_id, user_id), (Due.status, status), (Due.reference_kind, kind)):
        if value is not None:
            query = query.where(column == value)
    found = page(query, Due.id, limit=limit, cursor=cursor, descending=True)
    return found | {"items": [add_grace_period(due) for due in found["items"]]}


def bound_by_time(query: Any, model: Any, since: datetime | None, until: datetime | None, *, at: Any = None) -> Any:
    """Bound a query by time: by `created_at`, or by the column that tells it in this table.

    Identifiers are times too, by the clock of whoever made them. Bounding both lets the index of the identifiers find
    the place, and a day of difference forgives any clock.
    """
    at = model.created_at if at is None else at
    if since is not None:
        query = query.where(at >= since, model.id >= first_id_of(since, -DAY))
    if until is not None:
        query = query.where(at < until, model.id < first_id_of(until, DAY))
    return query


def sum_revenue(*, since: datetime, until: datetime) -> int:
    """Sum up what was earned in a part of time, less what was given back, in paisa.

    Postings are numbered as they are made, so the part of time is a range of numbers, which the index of each account
    has in order. At its ends it is right to some milliseconds.
    """
    values = {"since": first_id_of(since), "until": first_id_of(until), "kinds": sorted(REVENUES)}
    return int(db.session.execute(_REVENUE, values).scalar_one())
