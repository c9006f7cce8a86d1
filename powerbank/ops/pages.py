"""The console's page with an overview of the machinery."""

from uuid import UUID

from flask import flash, get_flashed_messages, redirect, render_template, url_for
from werkzeug import Response

from powerbank.admin.console.sections import MACHINERY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.db import transaction
from powerbank.base.errors import AppError
from powerbank.ops import job_queries, queries, services
from powerbank.ops.job_queries import JobFilter
from powerbank.outbox import heartbeats
from powerbank.outbox.models import State
from powerbank.outbox.policy import Queue, lanes
from powerbank.pages.language import translate, translate_refusal

blueprint = console_blueprint("console_ops", __name__, url_prefix="/console")

DECISIONS = {"requeue": services.requeue_dead_letter, "discard": services.discard_dead_letter}
DONE = {"requeue": "{job}: sent again.", "discard": "{job}: put aside."}


@blueprint.get("/machinery")
def overview() -> str:
    staff = page_staff("system.read")
    workers = heartbeats.find_living("worker")
    return render_template(
        "console/overview.html",
        staff=staff,
        section=MACHINERY,
        may_operate=staff.may("system.operate"),
        notice=" ".join(map(str, get_flashed_messages())),
        health=queries.read_queue_health(),
        workers_by_queue={
            queue.value: sum(not of_queue.isdisjoint(worker.queues) for worker in workers)
            for queue in Queue
            if (of_queue := set(lanes([queue])))
        },
        dead=job_queries.list_jobs(JobFilter(State.DEAD), limit=20, cursor=None)["items"],
    )


@blueprint.post("/jobs/<uuid:job_id>/<any(requeue, discard):decision>")
def decide(job_id: UUID, decision: str) -> Response:
    page_staff("system.operate")
    try:
        with transaction():
            row = DECISIONS[decision](job_id)
            audit.record_by_staff(f"job.{decision}", "job", job_id)
        flash(translate(DONE[decision], job=row.job))
    except AppError as refused:
        flash(translate_refusal(refused.detail))
    return redirect(url_for("console_ops.overview"))
