"""The books as CSV, with the oldest first."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from powerbank.api.exports import export_csv
from powerbank.base import money
from powerbank.base.clock import format_time
from powerbank.ledger import queries
from powerbank.ledger.models import Entry, Posting

STATEMENT = ("at", "entry", "kind", "description", "reference", "amount", "balance", "currency")
ENTRIES = (
    "at",
    "entry",
    "kind",
    "key",
    "description",
    "reference",
    "actor",
    "account",
    "owner",
    "amount",
    "currency",
)


def export_statement(account_id: UUID) -> Response:
    """Export the postings of an account, with a running balance."""
    currency, balance = queries.find_account(account_id).currency, 0

    def rows(posting: Posting) -> Iterator[tuple[object, ...]]:
        nonlocal balance
        balance += posting.amount
        entry = posting.entry
        amounts = (money.format_in_currency(amount, currency) for amount in (posting.amount, balance))
        at = format_time(posting.created_at)
        yield at, entry.id, entry.kind, entry.description, _reference(entry), *amounts, currency

    query = select(Posting).where(Posting.account_id == account_id).options(joinedload(Posting.entry))
    return export_csv("statement", STATEMENT, query, Posting.number, rows, of=("ledger_accounts", account_id))


def export_entries(**filters: Any) -> Response:
    """Export the entries that the filters select, a row for each posting. A credit is positive."""
    return export_csv(
        "entries",
        ENTRIES,
        queries.select_entries(**filters),
        Entry.id,
        _postings,
        of=("ledger", "all"),
        filters=filters,
    )


def _postings(entry: Entry) -> Iterator[tuple[object, ...]]:
    at = format_time(entry.created_at)
    texts = (entry.kind, entry.key, entry.description, _reference(entry), entry.actor)
    for posting in entry.postings:
        amount = money.format_in_currency(posting.amount, posting.currency)
        yield at, entry.id, *texts, posting.account.kind, posting.account.owner, amount, posting.currency


def _reference(entry: Entry) -> str:
    return f"{entry.reference_kind}:{entry.reference_id}" if entry.reference_kind else ""
