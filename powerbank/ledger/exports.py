"""The books as CSV: a batch in memory at a time, and no snapshot of the database held for as long as it takes."""

import csv
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from powerbank import money
from powerbank.api.fields import show_time
from powerbank.db import db
from powerbank.ledger import queries
from powerbank.ledger.models import Entry, Posting

EXPORT_BATCH = 1000


def statement_csv(account_id: UUID) -> Iterator[str]:
    """Oldest first, a batch in memory at a time. Balances run on by addition."""
    of, after, balance = queries.account(account_id), 0, 0
    yield _csv_row(["at", "entry", "kind", "description", "reference", "amount", "balance", "currency"])
    while True:
        query = (
            select(Posting)
            .where(Posting.account_id == of.id, Posting.number > after)
            .options(joinedload(Posting.entry))
            .order_by(Posting.number)
            .limit(EXPORT_BATCH)
        )
        postings = db.session.scalars(query).all()
        for posting in postings:
            balance += posting.amount
            yield _csv_row(_export(posting, balance, of.currency))
        if len(postings) < EXPORT_BATCH:
            return
        after = postings[-1].number
        db.session.expunge_all()
        db.session.rollback()  # an export of an hour must not hold a snapshot of an hour


def _export(posting: Posting, balance: int, currency: str) -> list[str]:
    entry = posting.entry
    reference = f"{entry.reference_kind}:{entry.reference_id}" if entry.reference_kind else ""
    texts = [entry.kind, _harmless(entry.description), _harmless(reference)]
    amounts = [money.show_in(amount, currency) for amount in (posting.amount, balance)]
    return [show_time(posting.created_at), str(entry.id), *texts, *amounts, currency]


def _harmless(cell: str) -> str:
    """Spreadsheets run what begins like a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _csv_row(cells: list[str]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="\r\n").writerow(cells)
    return row.getvalue()


def entries_csv(**filters: Any) -> Iterator[str]:
    """A row for each posting of the entries found, oldest first. Amounts as in the ledger: a credit is positive."""
    yield _csv_row(
        ["at", "entry", "kind", "key", "description", "reference", "actor", "account", "owner", "amount", "currency"]
    )
    after: UUID | None = None
    while True:
        query = queries.entries(**filters).order_by(Entry.id).limit(EXPORT_BATCH)
        found = db.session.scalars(query if after is None else query.where(Entry.id > after)).all()
        for entry in found:
            for posting in entry.postings:
                yield _csv_row(_line(entry, posting))
        if len(found) < EXPORT_BATCH:
            return
        after = found[-1].id
        db.session.expunge_all()
        db.session.rollback()


def _line(entry: Entry, posting: Posting) -> list[str]:
    reference = f"{entry.reference_kind}:{entry.reference_id}" if entry.reference_kind else ""
    texts = [entry.kind, *map(_harmless, (entry.key, entry.description, reference, entry.actor))]
    amount = money.show_in(posting.amount, posting.currency)
    of = [posting.account.kind, _harmless(posting.account.owner)]
    return [show_time(entry.created_at), str(entry.id), *texts, *of, amount, posting.currency]
