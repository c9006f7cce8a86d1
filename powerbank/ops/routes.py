"""Schedules and jobs, for staff."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.ops import queries, services
from powerbank.ops.schemas import (
    JobArguments,
    JobDetailSchema,
    JobSchema,
    QueueHealthSchema,
    ScheduleListSchema,
    StartedSchema,
)
from powerbank.outbox import schedules
from powerbank.outbox.models import OutboxJob

blueprint = Blueprint("System", __name__, url_prefix="/api/admin/system", description="The machinery.")


@blueprint.get("/health")
@staff_only("system.read")
@blueprint.response(200, QueueHealthSchema)
def health() -> queries.QueueHealth:
    """Workers, waiting jobs and alerts"""
    return queries.read_queue_health()


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
        job_id = schedules.start_now(name, utcnow())
        audit.by_staff("schedule.run", "schedule", name, new={"job_id": str(job_id)})
    return {"job_id": job_id}


@blueprint.route("/jobs")
class Jobs(MethodView):
    @staff_only("system.read")
    @blueprint.arguments(JobArguments, location="query")
    @blueprint.response(200, page_of(JobSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Dead letters, newest first; `state=open|done` shows the others"""
        return queries.list_jobs(**arguments)


@blueprint.get("/jobs/<uuid:job_id>")
@staff_only("system.read")
@blueprint.response(200, JobDetailSchema)
def one_job(job_id: UUID) -> OutboxJob:
    """A job with its outcome, its tries that failed and its calls of vendors"""
    return queries.get_job(job_id)


@blueprint.post("/jobs/<uuid:job_id>/requeue")
@staff_only("system.operate")
@blueprint.response(200, JobSchema)
def requeue(job_id: UUID) -> OutboxJob:
    """Give a dead letter a fresh start"""
    with transaction():
        row = services.requeue_dead_letter(job_id)
        audit.by_staff("job.requeue", "job", job_id, new={"job": row.job})
    return row


@blueprint.post("/jobs/<uuid:job_id>/discard")
@staff_only("system.operate")
@blueprint.response(200, JobSchema)
def discard(job_id: UUID) -> OutboxJob:
    """Put a dead letter aside"""
    with transaction():
        row = services.discard_dead_letter(job_id)
        audit.by_staff("job.discard", "job", job_id, new={"job": row.job})
    return row
