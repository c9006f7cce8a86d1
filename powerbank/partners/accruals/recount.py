"""The partners' part of the night's recount: what each payable account got equals what the partner accrued."""

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
          JOIN ledger_entries AS entry ON entry.id = posting.entry_id AND entry.kind = 'share'
         WHERE account.kind = 'partner_payable' GROUP BY 1
    ), accrued AS (
        SELECT CAST(partner_id AS text) AS owner, CAST(sum(amount) AS bigint) AS amount
          FROM partner_accruals GROUP BY 1)
    SELECT owner, coalesce(booked.amount, 0) AS kept, coalesce(accrued.amount, 0) AS counted
      FROM booked FULL JOIN accrued USING (owner)
     WHERE coalesce(booked.amount, 0) <> coalesce(accrued.amount, 0)
     ORDER BY owner LIMIT 100
""")


def find_wrong_payables() -> Iterator[Difference]:
    for row in db.session.execute(_PAYABLE).all():
        yield Difference("partner", row.owner, row.kept, row.counted)
    db.session.rollback()  # ends the snapshot
