"""The night's recount: it compares everything that is kept beside the postings with the postings."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, open_session
from powerbank.ledger.events import LedgerMismatch
from powerbank.ledger.models import Reconciliation
from powerbank.outbox.enqueue import publish

ENTRIES = 20_000  # in one statement
ACCOUNTS = 5_000
SEALS = 200
KEEP = 20  # differences that are kept in full
FIRST = UUID(int=0)

# The postings of a batch lie together. Without the bounds PostgreSQL may read all postings for each batch.
_ENTRIES = text("""
    WITH batch AS (SELECT id FROM ledger_entries WHERE id > :after ORDER BY id LIMIT :size),
         sums AS (SELECT batch.id, p.currency, coalesce(sum(p.amount), 0) AS off,
                         sum(p.amount) FILTER (WHERE p.amount > 0) AS turnover
                    FROM batch LEFT JOIN ledger_postings p ON p.entry_id = batch.id AND p.entry_id > :after
                          AND p.entry_id <= (SELECT id FROM batch ORDER BY id DESC LIMIT 1)
                   GROUP BY 1, 2)
    SELECT 'total' AS what, (SELECT id FROM batch ORDER BY id DESC LIMIT 1) AS id, currency, sum(turnover) AS figure,
           (SELECT count(*) FROM batch) AS entries
      FROM sums GROUP BY currency
     UNION ALL
    SELECT 'off', id, currency, off, 0 FROM sums WHERE off <> 0 OR currency IS NULL
""")
_FLOORED = text("""
    WITH batch AS (SELECT id, balance FROM ledger_accounts WHERE floored AND id > :after ORDER BY id LIMIT :size)
    SELECT batch.id, batch.balance AS kept, coalesce(counted.total, 0) AS counted, coalesce(newest.balance, 0) AS posted
      FROM batch
     CROSS JOIN LATERAL (SELECT sum(amount) AS total FROM ledger_postings WHERE account_id = batch.id) counted
      LEFT JOIN LATERAL (SELECT balance FROM ledger_postings WHERE account_id = batch.id
                          ORDER BY number DESC LIMIT 1) newest ON true
     ORDER BY batch.id
""")
_HOT = text("SELECT id FROM ledger_accounts WHERE NOT floored ORDER BY id")
# A run of kept sums of one account, and what its postings in the same range come to.
_SEALED = text("""
    WITH batch AS (SELECT up_to, change, balance FROM ledger_sums WHERE account_id = :id AND up_to > :after
                    ORDER BY up_to LIMIT :size)
    SELECT last.up_to, last.balance, (SELECT sum(change) FROM batch) AS kept,
           (SELECT coalesce(sum(amount), 0) FROM ledger_postings
             WHERE account_id = :id AND number > :after AND number <= last.up_to) AS counted
      FROM (SELECT up_to, balance FROM batch ORDER BY up_to DESC LIMIT 1) last
""")
# In one statement, and so of one moment: what all accounts of a currency have together is nothing.
_CURRENCIES = text("""
    SELECT a.currency, sum(coalesce(a.balance, 0)) + sum(coalesce(hot.total, 0)) AS off
      FROM ledger_accounts a
      LEFT JOIN LATERAL (
           SELECT coalesce(sealed.balance, 0) + coalesce(
                  (SELECT sum(amount) FROM ledger_postings
                    WHERE account_id = a.id AND number > coalesce(sealed.up_to, 0)), 0) AS total
             FROM (SELECT 1) one
             LEFT JOIN LATERAL (SELECT up_to, balance FROM ledger_sums WHERE account_id = a.id
                                 ORDER BY up_to DESC LIMIT 1) sealed ON true) hot ON NOT a.floored
     GROUP BY a.currency
""")
_ASIDE = text("""
    WITH aside AS (
        SELECT user_id, CASE currency WHEN 'NPR' THEN 'user_hold' ELSE 'user_points_hold' END AS kind,
               sum(amount - captured - released) AS total
          FROM ledger_holds WHERE status = 'open' GROUP BY 1, 2
         UNION ALL
        SELECT user_id, 'dues_receivable', -sum(amount - paid - waived)
          FROM ledger_dues WHERE status = 'open' GROUP BY 1
    ), kept AS (
        SELECT owner, kind, balance FROM ledger_accounts
         WHERE kind IN ('user_hold', 'user_points_hold', 'dues_receivable') AND balance <> 0)
    SELECT coalesce(kept.owner, CAST(user_id AS text)) AS owner, coalesce(kept.kind, aside.kind) AS kind,
           coalesce(balance, 0) AS kept, coalesce(total, 0) AS counted
      FROM kept FULL JOIN aside ON aside.kind = kept.kind AND CAST(user_id AS text) = owner
     WHERE coalesce(balance, 0) <> coalesce(total, 0)
     LIMIT 100
""")


@dataclass(frozen=True)
class Difference:
    check: str  # entry, account, sums, currency, aside (holds and dues), and those of later domains
    subject: str
    kept: int
    counted: int


@dataclass
class Recount:
    id: UUID
    entries: int = 0
    accounts: int = 0
    turnover: dict[str, int] = field(default_factory=dict)
    differences: int = 0
    found: list[dict[str, Any]] = field(default_factory=list)


# What later domains keep beside the postings. Each check ends its snapshots itself.
Check = Callable[[], Iterator[Difference]]

_more_checks: list[Check] = []


def register_checks(*checks: Check) -> None:
    _more_checks[:] = checks


def begin_recount(recount_id: UUID, *, now: datetime) -> None:
    row = {"id": recount_id, "started_at": now}
    open_session().execute(insert(Reconciliation).values(row).on_conflict_do_nothing())


def find_differences(recount: Recount) -> Iterator[Difference]:
    """Read all of the ledger in batches, each of them a snapshot of its own, and count it up in the recount."""
    for check in (
        _check_entries,
        _check_floored_accounts,
        _check_sealed_sums,
        _check_currencies,
        _check_holds_and_dues,
        _check_later_domains,
    ):
        for difference in check(recount):
            recount.differences += 1
            if len(recount.found) < KEEP:
                recount.found.append(asdict(difference))
            yield difference


def announce_difference(recount_id: UUID, difference: Difference) -> None:
    """Tell staff of a difference at once, unless this recount has found one before."""
    first = open_session().execute(
        update(Reconciliation)
        .where(Reconciliation.id == recount_id, Reconciliation.differences == 0)
        .values(differences=1, found=[asdict(difference)])
        .returning(Reconciliation.id)
    )
    if first.one_or_none() is not None:  # a recount that broke off and is repeated has told it before
        publish(LedgerMismatch(reconciliation_id=recount_id, check=difference.check, subject=difference.subject))


def store_recount(recount: Recount, *, now: datetime) -> None:
    turnover = {currency: str(amount) for currency, amount in sorted(recount.turnover.items())}
    values = asdict(recount) | {"turnover": turnover, "finished_at": now}
    open_session().execute(update(Reconciliation).where(Reconciliation.id == recount.id).values(values))


def describe_last_difference() -> str | None:
    """Describe in a sentence what the newest finished recount found wrong."""
    query = (
        select(Reconciliation)
        .where(Reconciliation.finished_at.is_not(None) | (Reconciliation.differences > 0))
        .order_by(Reconciliation.started_at.desc())
        .limit(1)
    )
    newest = db.session.scalar(query)
    if newest is None or newest.differences == 0:
        return None
    first = newest.found[0]
    return f"{newest.differences} differences, the first in {first['check']} {first['subject']}"


def _read(query: Any, **parameters: Any) -> list[Any]:
    rows = list(db.session.execute(query, parameters))
    db.session.rollback()  # ends the snapshot
    return rows


def _check_entries(recount: Recount) -> Iterator[Difference]:
    after = FIRST
    while rows := _read(_ENTRIES, after=after, size=ENTRIES):
        for row in rows:
            if row.what == "off":
                yield Difference("entry", str(row.id), 0, int(row.figure))
                continue
            after = row.id
            if row.currency is not None:
                recount.turnover[row.currency] = recount.turnover.get(row.currency, 0) + int(row.figure or 0)
        recount.entries += max(row.entries for row in rows)


def _check_floored_accounts(recount: Recount) -> Iterator[Difference]:
    after = FIRST
    while rows := _read(_FLOORED, after=after, size=ACCOUNTS):
        for row in rows:
            if not row.kept == row.counted == row.posted:
                yield Difference("account", str(row.id), row.kept, int(row.counted))
        after = rows[-1].id
        recount.accounts += len(rows)


def _check_sealed_sums(recount: Recount) -> Iterator[Difference]:
    for account in _read(_HOT):
        after, running = 0, 0
        while rows := _read(_SEALED, id=account.id, after=after, size=SEALS):
            [row] = rows
            running += int(row.counted)
            if row.kept != row.counted or row.balance != running:
                yield Difference("sums", str(account.id), row.balance, running)
                running = row.balance
            after = row.up_to
        recount.accounts += 1


def _check_currencies(recount: Recount) -> Iterator[Difference]:
    for row in _read(_CURRENCIES):
        if row.off != 0:
            yield Difference("currency", row.currency, 0, int(row.off))


def _check_later_domains(_recount: Recount) -> Iterator[Difference]:
    for check in _more_checks:
        yield from check()


def _check_holds_and_dues(recount: Recount) -> Iterator[Difference]:
    for row in _read(_ASIDE):
        yield Difference("aside", f"{row.kind} {row.owner}", int(row.kept), int(row.counted))
