"""Accrue what rentals earned before the agreement of their station was entered: once, and oldest first."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.base.db import db, first_id_of, open_session
from powerbank.ledger import services as ledger
from powerbank.partners import queries
from powerbank.partners.accruals import services as accruals
from powerbank.partners.models import Agreement

BATCH = 500

_ENTRIES = text("""
    SELECT id FROM ledger_entries
     WHERE id > CAST(:after AS uuid) AND kind IN ('capture', 'spend', 'due', 'refund', 'due_waived')
     ORDER BY id LIMIT :size
""")
_LEFT = text("SELECT count(*) FROM ledger_entries WHERE id > CAST(:after AS uuid)")
_PEOPLE = text("SELECT DISTINCT user_id FROM revenue_movements WHERE entry_id = ANY(CAST(:entries AS uuid[]))")


def find_begin() -> UUID | None:
    """Return an identifier below all entries that can belong to an agreement; None if there is no agreement."""
    first: date | None = db.session.scalar(select(func.min(Agreement.starts_on)))
    return None if first is None else first_id_of(queries.begin_of_day(first), shift=timedelta(days=-1))


def count_entries(after: UUID) -> int:
    return int(db.session.scalar(_LEFT, {"after": str(after)}) or 0)


def find_entries(after: UUID) -> list[UUID]:
    """Find the next entries that may have moved revenue."""
    return list(db.session.scalars(_ENTRIES, {"after": str(after), "size": BATCH}))


def accrue_history(entry_ids: list[UUID]) -> int:
    """Accrue those of these entries that nobody has accrued yet. Return how many there were."""
    people = open_session().scalars(_PEOPLE, {"entries": [str(each) for each in entry_ids]}).all()
    if not people:
        return 0
    ledger.lock_user_accounts(*people)
    return accruals.accrue_entries(entry_ids)
