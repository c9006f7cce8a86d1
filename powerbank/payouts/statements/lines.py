"""The lines of a statement, read from the payee's own account in the ledger in the order of its postings."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.base.db import db
from powerbank.ledger.models import Account
from powerbank.payouts import payees
from powerbank.payouts.models import Payout
from powerbank.payouts.statements.models import Statement, StatementKind

PAGE = 1000

# A share has its accrual beside it; what a rental gave back names the statement that had the rental.
_LINES = text("""
    SELECT posting.number, posting.entry_id, posting.created_at AS at, posting.amount,
           coalesce(accrual.kind, entry.kind) AS kind, rental.code AS rental_code, station.sn AS station_sn,
           coalesce(accrual.gross, 0) AS gross, coalesce(accrual.vat, 0) AS tax,
           coalesce(accrual.share, posting.amount) AS share, coalesce(accrual.withheld, 0) AS withheld,
           earlier.number AS earlier_statement
      FROM ledger_postings AS posting
      JOIN ledger_entries AS entry ON entry.id = posting.entry_id
      LEFT JOIN partner_accruals AS accrual ON accrual.share_entry_id = entry.id AND accrual.partner_id = :payee
      LEFT JOIN rentals AS rental ON rental.id = accrual.rental_id
      LEFT JOIN stations AS station ON station.id = accrual.station_id
      LEFT JOIN LATERAL (
           SELECT statement.number
             FROM partner_accruals AS before
             JOIN ledger_postings AS booked
               ON booked.entry_id = before.share_entry_id AND booked.account_id = posting.account_id
             JOIN payout_statements AS statement
               ON statement.payee_kind = :kind AND statement.payee_id = :payee AND statement.kind = 'payout'
              AND booked.number > statement.from_number AND booked.number <= statement.up_to
            WHERE accrual.kind = 'refund' AND before.rental_id = accrual.rental_id AND before.kind = 'rental'
              AND before.partner_id = :payee
            ORDER BY before.id LIMIT 1) AS earlier ON true
     WHERE posting.account_id = :account AND posting.number > :after AND posting.number <= :up_to
       AND (:payouts OR entry.kind <> 'payout')
     ORDER BY posting.number LIMIT :size
""")
_COUNT = text("""
    SELECT count(*) FROM ledger_postings AS posting
     WHERE posting.account_id = :account AND posting.number > :after AND posting.number <= :up_to
       -- One by one: joined, the entries of the whole network were read for some hundred lines.
       AND (:payouts OR (SELECT kind FROM ledger_entries WHERE id = posting.entry_id) <> 'payout')
""")


def read_pages(
    kind: str, payee_id: UUID, *, after: int, up_to: int, payouts: bool, size: int = PAGE
) -> Iterator[list[dict[str, Any]]]:
    """Read the lines between two postings, a page at a time. `payouts`: what was paid and came back is a line too."""
    account_id = find_account(kind, payee_id)
    while account_id is not None:
        window = {"account": account_id, "after": after, "up_to": up_to, "payouts": payouts, "size": size}
        rows = db.session.execute(_LINES, window | {"kind": kind, "payee": payee_id}).all()
        if not rows:
            return
        about = payees.describe_entries(kind, [row.entry_id for row in rows])
        yield [
            {name: value for name, value in row._mapping.items() if name not in ("number", "entry_id")}
            | about.get(row.entry_id, {})
            for row in rows
        ]
        after = rows[-1].number


def first_lines(payout: Payout, *, most: int) -> list[dict[str, Any]]:
    """Read the first lines that a payout pays."""
    pages = read_pages(
        payout.payee_kind, payout.payee_id, after=find_begin(payout), up_to=payout.up_to, payouts=False, size=most
    )
    return next(pages, [])


def count_lines(payout: Payout) -> int:
    account_id = find_account(payout.payee_kind, payout.payee_id)
    window = {"account": account_id, "after": find_begin(payout), "up_to": payout.up_to, "payouts": False}
    return db.session.scalar(_COUNT, window) or 0


def find_begin(payout: Payout) -> int:
    """Find the posting up to which the statement before this payout went."""
    query = select(func.max(Statement.up_to)).where(
        Statement.payee_kind == payout.payee_kind,
        Statement.payee_id == payout.payee_id,
        Statement.kind == StatementKind.PAYOUT,
        Statement.up_to < payout.up_to,
    )
    return db.session.scalar(query) or 0


def find_account(kind: str, payee_id: UUID) -> UUID | None:
    name = payees.payable_account(kind, payee_id)
    query = select(Account.id).filter_by(kind=name.kind, owner=name.owner, currency=name.currency)
    found: UUID | None = db.session.scalar(query)
    return found
