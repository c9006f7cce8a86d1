"""The crew's part of the night's recount: what each payable account got equals what the member earned."""

from collections.abc import Iterator

from sqlalchemy import text

from powerbank.base.db import db
from powerbank.ledger.books.reconciliation import Difference

# In one statement, and so of one moment.
_PAYABLE = text("""
    WITH booked AS (
        SELECT account.owner, CAST(sum(posting.amount) AS bigint) AS amount
          FROM ledger_accounts AS account
          JOIN ledger_postings AS posting ON posting.account_id = account.id
          JOIN ledger_entries AS entry ON entry.id = posting.entry_id AND entry.kind = 'wage'
         WHERE account.kind = 'crew_payable' GROUP BY 1
    ), earned AS (
        SELECT CAST(member_id AS text) AS owner, CAST(sum(amount) AS bigint) AS amount
          FROM crew_earnings GROUP BY 1)
    SELECT owner, coalesce(booked.amount, 0) AS kept, coalesce(earned.amount, 0) AS counted
      FROM booked FULL JOIN earned USING (owner)
     WHERE coalesce(booked.amount, 0) <> coalesce(earned.amount, 0)
     ORDER BY owner LIMIT 100
""")


def find_wrong_payables() -> Iterator[Difference]:
    for row in db.session.execute(_PAYABLE).all():
        yield Difference("crew", row.owner, row.kept, row.counted)
    db.session.rollback()  # ends the snapshot
