"""What staff decide about many dead letters at once, as an operation that a job carries out in batches.

The operation means either chosen jobs, or all that match a filter and had died when staff saw their number. What dies
later is not meant. A job about which somebody decided meanwhile is passed over and named in the result.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from powerbank.base import audit
from powerbank.base.db import open_session
from powerbank.base.errors import AppError
from powerbank.ops import services
from powerbank.ops.job_queries import JobFilter, count_jobs
from powerbank.outbox import operations
from powerbank.outbox.catalogue import system_jobs
from powerbank.outbox.models import OutboxJob, State
from powerbank.outbox.operations import Operation

BATCH_SIZE = 100
MOST_NAMED = 100  # jobs passed over that the result names


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
    total = len(request["ids"]) if request["ids"] is not None else count_jobs(_meant_by(request))
    operation = operations.accept(
        system_jobs.DECIDE_DEAD_LETTERS, staff_id=staff_id, request=request, total=total, now=now
    )
    _audit(operation, "job.decide_many", "operation", operation.id, total=total)
    return operation


def decide_next_batch(operation_id: UUID) -> bool:
    """Decide about the next batch of an operation. False: nothing is left, or somebody stopped it."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return False
    progress = operation.progress or {}
    batch = _find_batch(operation.request, after=progress.get("after"))
    if not batch:
        return False
    decision, passed = Decision(operation.request["decision"]), []
    for job_id in batch:
        try:
            row = DECIDE[decision](job_id)
        except AppError as refused:  # somebody decided about it meanwhile, or it is forgotten
            passed.append({"id": str(job_id), "code": refused.code})
        else:
            _audit(operation, f"job.{decision}", "job", job_id, job=row.job)
    done = progress["done"] + len(batch)
    operation.progress = {
        "done": done,
        "total": max(progress["total"], done),
        "changed": progress.get("changed", 0) + len(batch) - len(passed),
        "passed_over": (progress.get("passed_over", []) + passed)[:MOST_NAMED],
        "after": str(batch[-1]),
    }
    return True


def finish_decision(operation_id: UUID, *, now: datetime) -> None:
    """Finish an operation of which nothing is left to do."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is not None:
        operations.succeed(operation, _sum_up(operation), now=now)


def stop_decision(operation_id: UUID, *, staff_id: UUID, now: datetime) -> Operation:
    """Stop an operation of this member after the batch that is under way. What it has done stays done."""
    operations.find_operation_of_asker(operation_id, staff_id=staff_id, now=now)
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return operations.find_operation_of_asker(operation_id, staff_id=staff_id, now=now)
    operations.fail(operation, "stopped", "Somebody stopped this.", now=now)
    _audit(operation, "job.stop_decision", "operation", operation.id)
    return operation


def _find_batch(request: dict[str, Any], *, after: str | None) -> list[UUID]:
    if request["ids"] is not None:
        return [UUID(each) for each in request["ids"] if after is None or each > after][:BATCH_SIZE]
    query = _meant_by(request).select_jobs().with_only_columns(OutboxJob.id)
    if after is not None:
        query = query.where(OutboxJob.id > UUID(after))
    return list(open_session().scalars(query.order_by(OutboxJob.id).limit(BATCH_SIZE)))


def _meant_by(request: dict[str, Any]) -> JobFilter:
    return JobFilter(
        State.DEAD,
        job=request["job"],
        queue=request["queue"],
        error=request["error"],
        since=datetime.fromisoformat(request["since"]) if request["since"] else None,
        until=datetime.fromisoformat(request["until"]),
    )


def _sum_up(operation: Operation) -> dict[str, Any]:
    progress = operation.progress or {}
    return {"changed": progress.get("changed", 0), "passed_over": progress.get("passed_over", [])}


def _audit(operation: Operation, action: str, object_kind: str, object_id: UUID, **new: object) -> None:
    """Record it in the name of who asked: the job that carries it out answers nobody's request."""
    audit.record(
        actor=audit.staff_actor(operation.staff_id),
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        new={"operation_id": str(operation.id), "reason": operation.request["reason"], **new},
    )
