"""Schedules and jobs, for staff."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, OperationSchema, StartedSchema, answer_accepted
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.ops import job_decisions, job_queries, queries, services
from powerbank.ops.machinery import history
from powerbank.ops.machinery.history import Period
from powerbank.ops.schemas import (
    AlertArguments,
    JobArguments,
    JobCountSchema,
    JobDecisionSchema,
    JobDetailSchema,
    JobFilterArguments,
    JobSchema,
    ProgramListSchema,
    QueueArguments,
    QueueHealthSchema,
    QueueListSchema,
    RaisedAlertSchema,
    ScheduleListSchema,
)
from powerbank.outbox import heartbeats, operation_items, schedules
from powerbank.outbox.models import OutboxJob, State
from powerbank.outbox.operations import Operation

blueprint = Blueprint("System", __name__, url_prefix="/api/admin/system", description="The machinery.")


@blueprint.get("/health")
@staff_only("system.read")
@blueprint.response(200, QueueHealthSchema)
def health() -> queries.QueueHealth:
    """Workers, waiting jobs and alerts"""
    return queries.read_queue_health()


@blueprint.get("/queues")
@staff_only("system.read")
@blueprint.arguments(QueueArguments, location="query")
@blueprint.response(200, QueueListSchema)
def queues(arguments: dict[str, str]) -> dict[str, Any]:
    """The queues with their length and age over time, in 120 steps"""
    return {"items": history.read_queues(Period(arguments["period"]), now=utcnow()), "next_cursor": None}


@blueprint.get("/programs")
@staff_only("system.read")
@blueprint.response(200, ProgramListSchema)
def programs() -> dict[str, Any]:
    """Programs that said that they live, of the last day"""
    return heartbeats.program_page()


@blueprint.get("/alerts")
@staff_only("system.read")
@blueprint.arguments(AlertArguments, location="query")
@blueprint.response(200, page_of(RaisedAlertSchema))
def alerts(arguments: dict[str, Any]) -> dict[str, Any]:
    """What was wrong with the machinery, newest first"""
    return queries.alert_page(**arguments)


@blueprint.get("/schedules")
@staff_only("system.read")
@blueprint.response(200, ScheduleListSchema)
def list_schedules() -> dict[str, Any]:
    """Every scheduled task with its last and next run"""
    return {"items": queries.list_schedules(), "next_cursor": None}


@blueprint.post("/schedules/<name>/run")
@staff_only("system.operate")
@blueprint.response(202, StartedSchema)
def run_schedule(name: str) -> dict[str, Any]:
    """Start a scheduled task now, beside its schedule"""
    with transaction():
        return {"job_id": schedules.start_now(name, utcnow(), actor=staff_actor(current_staff().id))}


@blueprint.route("/jobs")
class Jobs(MethodView):
    @staff_only("system.read")
    @blueprint.arguments(JobArguments, location="query")
    @blueprint.response(200, page_of(JobSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Dead letters, newest first; `state=open|done` shows the others"""
        limit, cursor = arguments.pop("limit"), arguments.pop("cursor")
        return job_queries.list_jobs(job_queries.make_filter(**arguments, now=utcnow()), limit=limit, cursor=cursor)


@blueprint.get("/jobs/count")
@staff_only("system.read")
@blueprint.arguments(JobFilterArguments, location="query")
@blueprint.response(200, JobCountSchema)
def count_jobs(arguments: dict[str, Any]) -> dict[str, Any]:
    """How many jobs there are, before one decides about all of them"""
    now = utcnow()
    return {"count": job_queries.count_jobs(job_queries.make_filter(**arguments, now=now)), "until": now}


@blueprint.get("/jobs/<uuid:job_id>")
@staff_only("system.read")
@blueprint.response(200, JobDetailSchema)
def one_job(job_id: UUID) -> OutboxJob:
    """A job with its outcome, its tries that failed and its calls of vendors"""
    return job_queries.get_job(job_id)


@blueprint.post("/jobs/<uuid:job_id>/requeue")
@staff_only("system.operate")
@blueprint.response(200, JobSchema)
def requeue(job_id: UUID) -> OutboxJob:
    """Give a dead letter a fresh start"""
    with transaction():
        row = services.requeue_dead_letter(job_id)
        audit.record_by_staff("job.requeue", "job", job_id, new={"job": row.job})
    return row


@blueprint.post("/jobs/<uuid:job_id>/discard")
@staff_only("system.operate")
@blueprint.response(200, JobSchema)
def discard(job_id: UUID) -> OutboxJob:
    """Put a dead letter aside"""
    with transaction():
        row = services.discard_dead_letter(job_id)
        audit.record_by_staff("job.discard", "job", job_id, new={"job": row.job})
    return row


@blueprint.post("/job-decisions")
@staff_only("system.operate")
@blueprint.arguments(JobDecisionSchema)
@blueprint.response(202, AcceptedSchema)
def decide(body: dict[str, Any]) -> Response:
    """Requeue or discard many dead letters: those with these ids, or all that match and had died by then"""
    now = utcnow()
    names = ("job", "queue", "error", "hours")
    jobs = job_queries.make_filter(state=State.DEAD, **{name: body[name] for name in names}, now=body["until"] or now)
    with transaction():
        operation = job_decisions.request_decision(
            decision=body["decision"],
            reason=body["reason"],
            ids=body["ids"],
            jobs=replace(jobs, until=body["until"]),
            staff_id=current_staff().id,
            now=now,
        )
    return answer_accepted(operation)


@blueprint.post("/job-decisions/<uuid:operation_id>/stop")
@staff_only("system.operate")
@blueprint.response(200, OperationSchema)
def stop_decision(operation_id: UUID) -> Operation:
    """Stop your decision about many dead letters; what it has done stays done"""
    with transaction():
        return operation_items.stop_operation(operation_id, staff_id=current_staff().id, now=utcnow())
