"""Staff see all tasks, make them, give them to members, and decide about work that no station can prove."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.idempotency import idempotent_if_asked
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.crew.members.schemas import CrewNeededReasonSchema, CrewReasonSchema
from powerbank.crew.tasks import previews, queries, services
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.schemas import (
    AssignmentSchema,
    PlanPreviewSchema,
    StaffTaskSchema,
    TaskArguments,
    TaskDraftSchema,
    TaskWithHistorySchema,
)

blueprint = Blueprint("Tasks (staff)", __name__, url_prefix="/api/admin/tasks", description="What is to be done.")

READ, OPERATE = "crew.read", "crew.operate"


@blueprint.route("")
class Tasks(MethodView):
    @staff_only(READ)
    @blueprint.arguments(TaskArguments, location="query")
    @blueprint.response(200, page_of(StaffTaskSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List, newest first; those that are not over unless `status` says otherwise"""
        return queries.list_tasks(**arguments, now=utcnow())

    @staff_only(OPERATE)
    @blueprint.arguments(TaskDraftSchema)
    @blueprint.response(201, StaffTaskSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a task. A station has at most one of each kind that is not over"""
        with transaction():
            task = services.make_task(**body, by=_me(), now=utcnow())
            audit.record_by_staff("tasks.make", "crew_task", task.id, new=body)
            return queries.show_task(task, now=utcnow())


@blueprint.get("/preview")
@staff_only(READ)
@blueprint.response(200, PlanPreviewSchema)
def preview() -> dict[str, Any]:
    """What the rules would make now. Nothing is changed"""
    return previews.preview_plan(now=utcnow())


@blueprint.get("/<uuid:task_id>")
@staff_only(READ)
@blueprint.response(200, TaskWithHistorySchema)
def detail(task_id: UUID) -> dict[str, Any]:
    """A task with its history, its proof and its photos"""
    return queries.describe_task(queries.find_task(task_id), now=utcnow())


@blueprint.post("/<uuid:task_id>/assign")
@staff_only(OPERATE)
@idempotent_if_asked
@blueprint.arguments(AssignmentSchema)
@blueprint.response(200, StaffTaskSchema)
def assign(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Give a task to a member, also one that another has"""
    task = services.assign(task_id, **body, by=_me(), now=utcnow())
    return _audited("assign", task, {"member_id": str(body["member_id"]), "reason": body["reason"]})


@blueprint.post("/<uuid:task_id>/cancel")
@staff_only(OPERATE)
@idempotent_if_asked
@blueprint.arguments(CrewNeededReasonSchema)
@blueprint.response(200, StaffTaskSchema)
def cancel(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Cancel a task that is not done"""
    return _audited("cancel", services.cancel_task(task_id, **body, by=_me(), now=utcnow()), body)


@blueprint.post("/<uuid:task_id>/verify")
@staff_only(OPERATE)
@idempotent_if_asked
@blueprint.arguments(CrewReasonSchema, required=False)
@blueprint.response(200, StaffTaskSchema)
def verify(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Accept work that no station can prove, and pay it"""
    return _audited("verify", services.verify_task(task_id, **body, by=_me(), now=utcnow()), body)


@blueprint.post("/<uuid:task_id>/reject")
@staff_only(OPERATE)
@idempotent_if_asked
@blueprint.arguments(CrewNeededReasonSchema)
@blueprint.response(200, StaffTaskSchema)
def reject(body: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """Reject work. What it earned is taken back"""
    return _audited("reject", services.reject_task(task_id, **body, by=_me(), now=utcnow()), body)


def _me() -> str:
    return staff_actor(current_staff().id)


def _audited(act: str, task: Task, new: dict[str, Any]) -> dict[str, Any]:
    audit.record_by_staff(f"tasks.{act}", "crew_task", task.id, new={"status": task.status, **new})
    return queries.show_task(task, now=utcnow())
