"""The tasks of the crew for staff: the list, one with its history and its proof, and what waits to be verified."""

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.crew import tones
from powerbank.admin.console.sections import CREW
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.crew.members import queries as members
from powerbank.crew.members.schemas import CrewNeededReasonSchema, CrewReasonSchema
from powerbank.crew.tasks import queries, services
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.schemas import AssignmentSchema, TaskArguments, TaskDraftSchema
from powerbank.crew.tasks.states import CLOSED, TaskKind, TaskStatus
from powerbank.pages import lists
from powerbank.pages.forms import idempotent_form, read_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list
from powerbank.stations.issues import photos

blueprint = console_blueprint("console_crew_tasks", __name__, url_prefix="/console/crew")

PAGE = ListPage(
    "Tasks",
    CREW,
    columns=(
        lists.name("What", "kind"),
        lists.badge("State", "status", tones.TASK),
        lists.words("Station", "station_sn"),
        lists.words("Member", lambda task: task["member_name"] or ""),
        lists.number("Lost an hour", "priority"),
        lists.amount("Pay", "pay"),
        lists.moment("Made", "created_at"),
        lists.moment("Over", "closed_at"),
    ),
    filters=(
        lists.choice("State", "status", ["unfinished", *TaskStatus, "all"]),
        lists.choice("What", "kind", [*TaskKind]),
        lists.text_field("Station", "station_sn"),
    ),
    empty=("No tasks.", "A task stands here when a rule finds a station in trouble, or when staff make one."),
    api="/api/admin/tasks",
    opens=lambda task: url_for("console_crew_tasks.one", task_id=task["id"]),
    template="console/crew/tasks.html",
    file="crew_tasks",
)


@blueprint.get("/tasks")
def listing() -> str | Response:
    staff = page_staff("crew.read")
    return show_list(PAGE, lambda **asked: queries.list_tasks(**asked, now=utcnow()), TaskArguments, staff=staff)


@blueprint.get("/tasks/new")
def new() -> str:
    staff = page_staff("crew.operate")
    return render_template(
        "console/crew/new_task.html",
        staff=staff,
        section=CREW,
        kinds=[(kind.value, kind.value.replace("_", " ")) for kind in TaskKind],
        station_sn=request.args.get("station_sn", ""),
    )


@blueprint.post("/tasks/new")
@refusals_lead_to("console_crew_tasks.new")
@idempotent_form
def make() -> AnyResponse:
    staff = page_staff("crew.operate")
    wants = {name: int(value) for name in ("bring", "take") if (value := request.form.get(name, "")).isdecimal()}
    body = read_form(TaskDraftSchema) | {"wants": wants}
    task = services.make_task(**body, by=staff_actor(staff.id), now=utcnow())
    audit.record_by_staff("tasks.make", "crew_task", task.id, new=body)
    flash(translate("The task is made."))
    return redirect(url_for("console_crew_tasks.one", task_id=task.id))


@blueprint.get("/tasks/<uuid:task_id>")
def one(task_id: UUID) -> str:
    staff, now = page_staff("crew.read"), utcnow()
    return render_template("console/crew/task.html", staff=staff, section=CREW, now=now, **_describe(task_id))


@blueprint.get("/verify")
def verify_next() -> str:
    """Show the work that waits to be verified, that of the oldest task first with all that proves it."""
    staff, now = page_staff("crew.read"), utcnow()
    waiting = queries.list_urgent(statuses=[TaskStatus.TO_VERIFY], now=now)
    passed = {each for each in request.args.get("after", "").split(",") if each}
    left = [task for task in waiting if str(task["id"]) not in passed]
    shown = _describe(left[0]["id"]) if left else {}
    return render_template(
        "console/crew/verify.html",
        staff=staff,
        section=CREW,
        now=now,
        waiting=waiting,
        left=left,
        passed=passed,
        **shown,
    )


@blueprint.post("/tasks/<uuid:task_id>/assign")
@refusals_lead_to("console_crew_tasks.one")
@idempotent_form
def assign(task_id: UUID) -> AnyResponse:
    staff = page_staff("crew.operate")
    body = read_form(AssignmentSchema)
    task = services.assign(task_id, **body, by=staff_actor(staff.id), now=utcnow())
    return _done("assign", task, body | {"member_id": str(body["member_id"])}, translate("The task is given."))


@blueprint.post("/tasks/<uuid:task_id>/cancel")
@refusals_lead_to("console_crew_tasks.one")
@idempotent_form
def cancel(task_id: UUID) -> AnyResponse:
    staff, body = page_staff("crew.operate"), read_form(CrewNeededReasonSchema)
    task = services.cancel_task(task_id, **body, by=staff_actor(staff.id), now=utcnow())
    return _done("cancel", task, body, translate("The task is cancelled."))


@blueprint.post("/tasks/<uuid:task_id>/verify")
@refusals_lead_to("console_crew_tasks.one")
@idempotent_form
def verify(task_id: UUID) -> AnyResponse:
    staff, body = page_staff("crew.operate"), read_form(CrewReasonSchema)
    task = services.verify_task(task_id, **body, by=staff_actor(staff.id), now=utcnow())
    return _done("verify", task, body, translate("Accepted, and paid."))


@blueprint.post("/tasks/<uuid:task_id>/reject")
@refusals_lead_to("console_crew_tasks.one")
@idempotent_form
def reject(task_id: UUID) -> AnyResponse:
    staff, body = page_staff("crew.operate"), read_form(CrewNeededReasonSchema)
    task = services.reject_task(task_id, **body, by=staff_actor(staff.id), now=utcnow())
    return _done("reject", task, body, translate("Rejected. What it earned is taken back."))


def _describe(task_id: UUID) -> dict[str, Any]:
    task = queries.describe_task(queries.find_task(task_id), now=utcnow())
    everybody = members.list_members(active=True, limit=200, cursor=None)["items"]
    shown = photos.list_photo_addresses([task_id]).get(task_id, [])
    return {
        "task": task,
        "tones": tones.TASK,
        "members": everybody,
        "is_over": task["status"] in CLOSED,
        "photos": [f"/console/report-photos/{address.rsplit('/', 1)[1]}" for address in shown],
    }


def _done(act: str, task: Task, new: dict[str, Any], message: str) -> AnyResponse:
    audit.record_by_staff(f"tasks.{act}", "crew_task", task.id, new={"status": task.status, **new})
    flash(message)
    places = {"board": "console_crew.board", "verify": "console_crew_tasks.verify_next"}
    back = places.get(request.form.get("back", ""))
    return redirect(url_for(back) if back else url_for("console_crew_tasks.one", task_id=task.id))
