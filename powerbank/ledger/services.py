"""`post_entry`: the one way into the ledger.

Locks are taken in one sequence everywhere: all floored accounts of all people concerned, by account id; then rows of
holds, dues and transactions; then the entry's key. So nobody waits in a circle.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from powerbank.base.db import new_id, open_session
from powerbank.ledger import revenue_changes, wallet_changes
from powerbank.ledger.accounts import OWN_ACCOUNTS, USER_KINDS, AccountName, Kind, Side, user_account
from powerbank.ledger.errors import (
    FloorError,
    InsufficientFundsError,
    InsufficientPointsError,
    KeyReusedError,
    UnbalancedError,
)
from powerbank.ledger.points import lots


class EntryKind(StrEnum):
    TOPUP = "topup"
    CHARGEBACK = "chargeback"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    SPEND = "spend"
    REFUND = "refund"
    DUE = "due"
    DUE_PAID = "due_paid"
    DUE_WAIVED = "due_waived"
    POINTS_AWARDED = "points_awarded"
    POINTS_REVOKED = "points_revoked"
    POINTS_EXPIRED = "points_expired"
    ADJUSTMENT = "adjustment"
    SHARE = "share"  # a partner's share of revenue
    WAGE = "wage"  # what somebody of the crew earned
    PAYOUT = "payout"
    PAYOUT_RETURNED = "payout_returned"  # it was paid and came back
    TRANSFER = "transfer"


class Line(NamedTuple):
    account: AccountName
    amount: int  # a credit is positive, a debit negative


class Reference(NamedTuple):
    kind: str  # of what the entry is about
    id: str


class FoundAccount(NamedTuple):
    id: UUID
    balance: int | None


Accounts = dict[AccountName, FoundAccount]


class LockedAccounts(NamedTuple):
    """Accounts that a transaction or a savepoint has locked, with their balances as they are now."""

    holder: object
    user_ids: set[UUID]
    accounts: Accounts


_LOCKED = "ledger_locked"


class Posted(NamedTuple):
    entry_id: UUID
    fresh: bool  # False: this key was posted before, and nothing was done now


# Locked in the order of their ids, so that two entries over the same people never hold one and wait for another.
_ACCOUNTS = text("""
    WITH locked AS MATERIALIZED (
        SELECT id, kind, owner, currency, balance FROM ledger_accounts
         WHERE owner = ANY(:people) AND floored ORDER BY id FOR NO KEY UPDATE)
    SELECT id, kind, owner, currency, balance FROM locked
     UNION ALL
    SELECT id, kind, owner, currency, NULL FROM ledger_accounts
      JOIN unnest(CAST(:kinds AS text[]), CAST(:owners AS text[]), CAST(:currencies AS text[]))
           AS wanted (kind, owner, currency) USING (kind, owner, currency)
     WHERE NOT floored
""")
_OPEN = text("""
    INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
    SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:owners AS text[]),
                         CAST(:currencies AS text[]), CAST(:normals AS text[]), CAST(:floored AS boolean[]))
        ON CONFLICT (owner, kind, currency) DO NOTHING
""")
# Entry and postings in one round trip. Whoever posts the same key meanwhile waits here until this commits.
_WRITE = text("""
    WITH entry AS (
        INSERT INTO ledger_entries (id, kind, key, description, reference_kind, reference_id, actor)
        VALUES (:id, :kind, :key, :description, :reference_kind, :reference_id, :actor)
            ON CONFLICT (key) DO NOTHING RETURNING id)
    INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance)
    SELECT entry.id, line.* FROM entry,
           unnest(CAST(:accounts AS uuid[]), CAST(:currencies AS text[]), CAST(:amounts AS bigint[]),
                  CAST(:balances AS bigint[])) AS line
    RETURNING number
""")
_EARLIER = text("""
    SELECT e.id, e.kind, a.kind AS account_kind, a.owner, a.currency, p.amount
      FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id JOIN ledger_accounts a ON a.id = p.account_id
     WHERE e.key = :key
""")


def post_entry(
    *,
    kind: EntryKind,
    key: str,
    lines: Sequence[Line],
    actor: str,
    reference: Reference | None = None,
    description: str = "",
    continues: UUID | None = None,
    first_award: UUID | None = None,
) -> Posted:
    """Book an entry once, whatever happens: the same key and lines again give the first entry.

    `continues` and `first_award` say which lots points come from or go back to, see `lots.move_lots`.
    """
    amounts = _sum_by_account(lines)
    locked = _find_locked_accounts()
    missing = [] if locked is None else [name for name in amounts if name not in locked.accounts]
    if locked is None or any(name.rule.floored for name in missing):
        locked = _lock_accounts(amounts)
    elif missing:  # nobody locks hot accounts
        locked = locked._replace(accounts=locked.accounts | _resolve_accounts(missing))
    accounts = locked.accounts
    if refusal := _find_refusal(amounts, accounts):
        # An entry that was booked before is found even if there would not be enough money for it now.
        if (posted := _find_earlier(key, kind, amounts)) is None:
            raise refusal
        return posted
    balances = [_balance_after(accounts[name].balance, amount) for name, amount in amounts.items()]
    parameters = {
        "id": (entry_id := new_id()),
        "kind": kind,
        "key": key,
        "description": description,
        "reference_kind": reference.kind if reference else None,
        "reference_id": reference.id if reference else None,
        "actor": actor,
        "accounts": [str(accounts[name].id) for name in amounts],
        "currencies": [name.currency for name in amounts],
        "amounts": list(amounts.values()),
        "balances": balances,
    }
    if open_session().execute(_WRITE, parameters).first() is not None:
        left = accounts | {name: accounts[name]._replace(balance=b) for name, b in zip(amounts, balances, strict=True)}
        open_session().info[_LOCKED] = locked._replace(accounts=left)
        lots.move_lots(entry_id, amounts, continues=continues, first_award=first_award)
        revenue_changes.note_entry(entry_id, kind, amounts)
        wallet_changes.react_to_entry(amounts, {name: found.balance for name, found in accounts.items()})
        return Posted(entry_id, fresh=True)
    earlier = _find_earlier(key, kind, amounts)
    assert earlier is not None  # noqa: S101 (for the type checker: the key stood in the way just now)
    return earlier


def lock_user_accounts(*user_ids: UUID) -> Accounts:
    """Lock the accounts of these people, before anything else of theirs is locked.

    A transaction that books several entries over several people begins with this. The balances that come back hold
    until the transaction ends or books something. A second call costs nothing: only entries of this transaction change
    the balances meanwhile, and they keep them up to date.
    """
    locked = _find_locked_accounts()
    if locked is None or not locked.user_ids.issuperset(user_ids):
        # The same query finds the network's own accounts, which an entry needs besides.
        locked = _lock_accounts([*(user_account(Kind.USER_WALLET, user_id) for user_id in user_ids), *OWN_ACCOUNTS])
        open_session().info[_LOCKED] = locked
    return locked.accounts


def prepare_accounts(names: Sequence[AccountName]) -> Accounts:
    """Look accounts without a floor up by one query, for the many entries that this transaction is about to book."""
    accounts = _resolve_accounts(names)  # the first query begins the transaction that is asked for next
    locked = _find_locked_accounts() or LockedAccounts(_innermost(open_session()), set(), {})
    open_session().info[_LOCKED] = locked._replace(accounts=accounts | locked.accounts)
    return accounts


def _lock_accounts(names: Iterable[AccountName]) -> LockedAccounts:
    accounts = _resolve_accounts(names)  # the first query begins the transaction that is asked for next
    user_ids = {UUID(name.owner) for name in names if name.rule.floored}
    return LockedAccounts(_innermost(open_session()), user_ids, accounts)


def _find_locked_accounts() -> LockedAccounts | None:
    session = open_session()
    locked: LockedAccounts | None = session.info.get(_LOCKED)
    return locked if locked is not None and locked.holder is _innermost(session) else None


def _innermost(session: Session) -> object:
    """Give the innermost savepoint, since one that is rolled back gives up its locks."""
    return session.get_nested_transaction() or session.get_transaction()


def find_entry(key: str) -> UUID | None:
    """Find the entry that was booked under a key."""
    return open_session().execute(text("SELECT id FROM ledger_entries WHERE key = :key"), {"key": key}).scalar()


def _sum_by_account(lines: Sequence[Line]) -> dict[AccountName, int]:
    """Add up the lines to one amount for each account, and refuse them unless they balance in each currency."""
    amounts: dict[AccountName, int] = {}
    for line in lines:
        amounts[line.account] = amounts.get(line.account, 0) + line.amount
    amounts = {name: amount for name, amount in amounts.items() if amount}
    sums: dict[str, int] = {}
    for name, amount in amounts.items():
        sums[name.currency] = sums.get(name.currency, 0) + amount
    if not amounts or any(sums.values()):
        raise UnbalancedError(f"an entry that sums to {sums}")
    return amounts


def _resolve_accounts(names: Iterable[AccountName]) -> Accounts:
    """Look accounts up, lock those with a floor and all others of their owners, and open what is missing.

    An account that is just being opened is as good as locked, so the sequence holds for opening too: people come first.
    """
    accounts = _look_up_accounts(names)
    newcomers = {name.owner for name in names if name.rule.floored and name not in accounts}
    if newcomers:
        _open_accounts([user_account(kind, UUID(owner)) for owner in sorted(newcomers) for kind in USER_KINDS])
        accounts = _look_up_accounts(names)
    hot = [name for name in names if name not in accounts]
    if hot:
        _open_accounts([*OWN_ACCOUNTS, *sorted(name for name in hot if name not in OWN_ACCOUNTS)])
        accounts = _look_up_accounts(names)
    return accounts


def _look_up_accounts(names: Iterable[AccountName]) -> Accounts:
    hot = [name for name in names if not name.rule.floored]
    parameters = {
        "people": sorted({name.owner for name in names if name.rule.floored}),
        "kinds": [name.kind for name in hot],
        "owners": [name.owner for name in hot],
        "currencies": [name.currency for name in hot],
    }
    rows: Iterable[Row[Any]] = open_session().execute(_ACCOUNTS, parameters)
    return {AccountName(Kind(row.kind), row.owner, row.currency): FoundAccount(row.id, row.balance) for row in rows}


def _open_accounts(names: Sequence[AccountName]) -> None:
    """Open accounts in this sequence, for the reason at `USER_KINDS` and `OWN_ACCOUNTS`."""
    parameters = {
        "ids": [str(new_id()) for _ in names],
        "kinds": [name.kind for name in names],
        "owners": [name.owner for name in names],
        "currencies": [name.currency for name in names],
        "normals": [name.rule.normal for name in names],
        "floored": [name.rule.floored for name in names],
    }
    open_session().execute(_OPEN, parameters)


def _balance_after(balance: int | None, amount: int) -> int | None:
    return None if balance is None else balance + amount


def _find_refusal(amounts: dict[AccountName, int], accounts: Accounts) -> Exception | None:
    for name, amount in amounts.items():
        after = _balance_after(accounts[name].balance, amount)
        if after is not None and (below := -after if name.rule.normal is Side.CREDIT else after) > 0:
            return _make_refusal(name.kind, below)
    return None


def _make_refusal(kind: Kind, shortfall: int) -> Exception:
    refusals = {Kind.USER_WALLET: InsufficientFundsError, Kind.USER_POINTS: InsufficientPointsError}
    return refusals[kind](shortfall) if kind in refusals else FloorError(kind)


def _find_earlier(key: str, kind: EntryKind, amounts: dict[AccountName, int]) -> Posted | None:
    rows = open_session().execute(_EARLIER, {"key": key}).all()
    if not rows:
        return None
    before = {AccountName(Kind(row.account_kind), row.owner, row.currency): row.amount for row in rows}
    if rows[0].kind != kind or before != amounts:
        raise KeyReusedError
    return Posted(rows[0].id, fresh=False)
