"""The console's page with an overview of the machinery."""

from uuid import UUID

from flask import Blueprint, flash, get_flashed_messages, redirect, render_template, url_for
from werkzeug import Response

from powerbank.admin.console_session import guard, page_staff
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.ops import queries, services
from powerbank.outbox import heartbeats, schedules
from powerbank.outbox.models import State
from powerbank.outbox.policy import Queue, lanes

blueprint = Blueprint("console_ops", __name__, url_prefix="/console")
blueprint.before_request(guard)

DECISIONS = {"requeue": services.requeue_dead_letter, "discard": services.discard_dead_letter}


@blueprint.get("/")
def overview() -> str:
    staff = page_staff("system.read")
    workers = heartbeats.find_living("worker")
    return render_template(
        "console/overview.html",
        staff=staff,
        may_operate=staff.may("system.operate"),
        notice=" ".join(map(str, get_flashed_messages())),
        health=queries.read_queue_health(),
        workers_by_queue={
            queue.value: sum(not of_queue.isdisjoint(worker.queues) for worker in workers)
            for queue in Queue
            if (of_queue := set(lanes([queue])))
        },
        dead=queries.list_jobs(state=State.DEAD, job=None, limit=20, cursor=None)["items"],
        schedules=queries.list_schedules(),
    )


@blueprint.post("/jobs/<uuid:job_id>/<any(requeue, discard):decision>")
def decide(job_id: UUID, decision: str) -> Response:
    page_staff("system.operate")
    try:
        with transaction():
            row = DECISIONS[decision](job_id)
            audit.by_staff(f"job.{decision}", "job", job_id)
        flash(f"{row.job}: {'sent again' if decision == 'requeue' else 'put aside'}.")
    except AppError as refused:
        flash(refused.detail)
    return redirect(url_for("console_ops.overview"))


@blueprint.post("/schedules/<name>/run")
def run(name: str) -> Response:
    page_staff("system.operate")
    with transaction():
        schedules.start_now(name, utcnow())
        audit.by_staff("schedule.run", "schedule", name)
    flash(f"{name}: started.")
    return redirect(url_for("console_ops.overview"))
