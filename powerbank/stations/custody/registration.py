"""Register power banks. A long list of serials is an operation of several batches, which shows its progress."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import new_id, open_session
from powerbank.outbox import operations
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.operations import Operation

MOST_PER_REQUEST = 1000  # serials; a longer list is an operation
BATCH_SIZE = 500


def request_registration(serials: Sequence[str], *, model: str | None, staff_id: UUID, now: datetime) -> Operation:
    """Accept a long list of serials as an operation that a job carries out."""
    wanted = list(dict.fromkeys(serials))
    request = {"serials": wanted, "model": model}
    return operations.accept(
        station_jobs.REGISTER_POWERBANKS, staff_id=staff_id, request=request, total=len(wanted), now=now
    )


def register_next_batch(operation_id: UUID, *, now: datetime) -> bool:
    """Register the next batch of an operation. False: no batch is left. A run that broke off goes on where it was."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return False
    progress = operation.progress or {}
    done: int = progress["done"]
    serials: list[str] = operation.request["serials"][done : done + BATCH_SIZE]
    if not serials:
        return False
    created, existing = register_banks(serials=serials, model=operation.request["model"], now=now)
    operation.progress = progress | {
        "done": done + len(serials),
        "created": progress.get("created", []) + created,
        "existing": progress.get("existing", []) + existing,
    }
    return True


def finish_registration(operation_id: UUID, *, now: datetime) -> None:
    """Finish an operation whose batches are all registered."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is not None:
        progress = operation.progress or {}
        result = {"created": progress.get("created", []), "existing": progress.get("existing", [])}
        operations.succeed(operation, result, now=now)


# One statement registers all of them, however many they are.
_REGISTER = text("""
    WITH given AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:stays AS uuid[]), CAST(:serials AS text[]))
                 AS given (id, stay, serial)),
    made AS (
        INSERT INTO power_banks (id, serial, model) SELECT id, serial, :model FROM given
            ON CONFLICT DO NOTHING RETURNING id, serial),
    placed AS (
        INSERT INTO custody (id, bank_id, place, cause, period)
        SELECT given.stay, made.id, 'warehouse', 'registered', tstzrange(:now, NULL) FROM made JOIN given USING (id))
    SELECT serial FROM made
""")


def register_banks(*, serials: Iterable[str], model: str | None, now: datetime) -> tuple[list[str], list[str]]:
    """Register banks in the warehouse, and tell the serials that were new from those that were known."""
    wanted = list(dict.fromkeys(serials))
    session = open_session()
    session.flush()
    values = {
        "ids": [str(new_id()) for _ in wanted],
        "stays": [str(new_id()) for _ in wanted],
        "serials": sorted(wanted),
        "model": model,
        "now": now,
    }
    made = set(session.scalars(_REGISTER, values))
    return [serial for serial in wanted if serial in made], [serial for serial in wanted if serial not in made]
