"""Many power banks taken into the stock: a long list is an operation of some batches, and tells how far it is."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from powerbank.outbox import operations
from powerbank.outbox.catalogue import station_jobs
from powerbank.outbox.operations import Operation
from powerbank.stations.custody import services as banks

AT_ONCE = 1000  # serials that a request takes in by itself
BATCH = 500


def ask(serials: Sequence[str], *, model: str | None, staff_id: UUID, now: datetime) -> Operation:
    wanted = list(dict.fromkeys(serials))
    request = {"serials": wanted, "model": model}
    return operations.accept(
        station_jobs.REGISTER_POWERBANKS, staff_id=staff_id, request=request, total=len(wanted), now=now
    )


def next_batch(operation_id: UUID, *, now: datetime) -> bool:
    """Takes the next ones in; False when none are left. A run that broke off goes on where it was."""
    operation = operations.pending(operation_id)
    if operation is None:
        return False
    progress = operation.progress or {}
    done: int = progress["done"]
    serials: list[str] = operation.request["serials"][done : done + BATCH]
    if not serials:
        return False
    created, existing = banks.register(serials=serials, model=operation.request["model"], now=now)
    operation.progress = progress | {
        "done": done + len(serials),
        "created": progress.get("created", []) + created,
        "existing": progress.get("existing", []) + existing,
    }
    return True


def close(operation_id: UUID, *, now: datetime) -> None:
    operation = operations.pending(operation_id)
    if operation is not None:
        progress = operation.progress or {}
        result = {"created": progress.get("created", []), "existing": progress.get("existing", [])}
        operations.succeed(operation, result, now=now)
