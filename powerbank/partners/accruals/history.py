"""Accrue what rentals earned before the agreement of their station was entered: once, and oldest first."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text

from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import db, first_id_of, open_session
from powerbank.ledger import services as ledger
from powerbank.outbox import operations
from powerbank.outbox.catalogue import partner_jobs
from powerbank.outbox.operations import Operation, Status
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


def ask_for_history(*, staff_id: UUID, now: datetime) -> Operation:
    """Accept that staff want all of history accrued. It is done in batches, and twice changes nothing."""
    after = find_begin()
    total = 0 if after is None else count_entries(after)
    return operations.accept(partner_jobs.ACCRUE_HISTORY, request={}, now=now, staff_id=staff_id, total=total)


def find_place(operation_id: UUID) -> UUID | None:
    """Find the entry after which an operation goes on, which may have been killed before; None if nothing is left."""
    operation = db.session.get_one(Operation, operation_id)
    if operation.status != Status.PENDING:
        return None
    reached = (operation.progress or {}).get("after")
    return find_begin() if reached is None else UUID(reached)


def accrue_batch(operation_id: UUID, entry_ids: list[UUID]) -> None:
    """Accrue a batch and note how far the operation is, in one transaction."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is not None:
        before = operation.progress or {}
        done = before.get("done", 0) + len(entry_ids)
        operation.progress = {
            "done": done,
            "total": max(before.get("total", 0), done),
            "changed": before.get("changed", 0) + accrue_history(entry_ids),
            "after": str(entry_ids[-1]),
        }


def finish_history(operation_id: UUID, *, now: datetime) -> None:
    operation = operations.lock_pending_operation(operation_id)
    if operation is not None:
        progress = operation.progress or {}
        found = {"entries": progress.get("done", 0), "accrued": progress.get("changed", 0)}
        actor = staff_actor(operation.staff_id)
        audit.record(actor=actor, action="partners.accrue_history", object_kind="partners", object_id="all", new=found)
        operations.succeed(operation, found, now=now)


def fail_history(operation_id: UUID, *, now: datetime) -> None:
    operation = operations.lock_pending_operation(operation_id)
    if operation is not None:
        operations.fail(operation, "not_done", "This could not be done in time; ask again.", now=now)
