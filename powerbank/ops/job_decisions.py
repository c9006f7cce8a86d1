"""What staff decide about many dead letters at once, as an operation that a job carries out in batches.

The operation means either chosen jobs, or all that match a filter and had died when staff saw their number. What dies
later is not meant. A job about which somebody decided meanwhile is passed over and named in the result.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from powerbank.ops import services
from powerbank.ops.job_queries import JobFilter
from powerbank.outbox import operation_items, operations
from powerbank.outbox.catalogue import system_jobs
from powerbank.outbox.models import OutboxJob, State
from powerbank.outbox.operations import Operation

BATCH_SIZE = 100


class Decision(StrEnum):
    REQUEUE = "requeue"
    DISCARD = "discard"


DECIDE = {Decision.REQUEUE: services.requeue_dead_letter, Decision.DISCARD: services.discard_dead_letter}


def request_decision(
    *,
    decision: str,
    reason: str,
    ids: list[UUID] | None,
    jobs: JobFilter,
    staff_id: UUID,
    now: datetime,
) -> Operation:
    """Accept a decision about the jobs with these ids, or about all that match the filter if none are given."""
    request = {
        "decision": Decision(decision),
        "reason": reason,
        "ids": None if ids is None else sorted({str(each) for each in ids}),
        "job": jobs.job,
        "queue": jobs.queue,
        "error": jobs.error,
        "since": jobs.since.isoformat() if jobs.since else None,
        "until": min(jobs.until or now, now).isoformat(),
    }
    operation = operations.accept(system_jobs.DECIDE_DEAD_LETTERS, staff_id=staff_id, request=request, now=now)
    total = operation_items.choose_items(operation, _meant_by(request))
    operation_items.record_for_asker(operation, "job.decide_many", "operation", operation.id, total=total)
    return operation


def decide_next_batch(operation_id: UUID) -> bool:
    """Decide about the next batch of an operation. False: nothing is left, or somebody stopped it."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is not None and not operation_items.are_chosen(operation_id):
        # Version 0.9.0 accepted it, which looked for what matches in each batch.
        operation_items.choose_items(operation, _meant_by(operation.request))
    return operation_items.work_on_next_items(operation_id, _decide, most=BATCH_SIZE)


def _decide(operation: Operation, job_id: str) -> None:
    decision = Decision(operation.request["decision"])
    row = DECIDE[decision](UUID(job_id))
    operation_items.record_for_asker(operation, f"job.{decision}", "job", job_id, job=row.job)


def _meant_by(request: dict[str, Any]) -> Select[Any]:
    if request["ids"] is not None:
        return select(func.unnest(cast(request["ids"], ARRAY(Text))))
    jobs = JobFilter(
        State.DEAD,
        job=request["job"],
        queue=request["queue"],
        error=request["error"],
        since=datetime.fromisoformat(request["since"]) if request["since"] else None,
        until=datetime.fromisoformat(request["until"]),
    )
    return jobs.select_jobs().with_only_columns(OutboxJob.id)
