"""The console's pages of jobs: lists by filter, one job, and decisions about one, some, or all that match."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, flash, get_flashed_messages, redirect, render_template, request, url_for
from marshmallow import EXCLUDE, ValidationError
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import MACHINERY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.ops import job_decisions, job_queries
from powerbank.ops.job_decisions import DECIDE, Decision
from powerbank.ops.schemas import JobDecisionSchema, JobFilterArguments
from powerbank.outbox import catalogue
from powerbank.outbox.models import State
from powerbank.outbox.policy import Queue
from powerbank.pages.language import translate, translate_refusal

blueprint = console_blueprint("console_jobs", __name__, url_prefix="/console/machinery/jobs")

SHOWN = 50
DONE = {"requeue": "{job}: sent again.", "discard": "{job}: put aside."}
HOURS = {1: "in the last hour", 24: "in the last day", 168: "in the last week"}


@blueprint.get("")
def listing() -> str:
    staff = page_staff("system.read")
    asked, errors = _read_filter()
    now = utcnow()
    jobs = job_queries.make_filter(**asked, now=now)
    try:
        found = job_queries.list_jobs(jobs, limit=SHOWN, cursor=request.args.get("cursor"))
    except AppError:  # The cursor was typed by hand, so the list begins at the newest job.
        found = job_queries.list_jobs(jobs, limit=SHOWN, cursor=None)
    return render_template(
        "console/jobs.html",
        staff=staff,
        section=MACHINERY,
        may_operate=staff.may("system.operate") and jobs.state is State.DEAD,
        notice=" ".join(map(str, get_flashed_messages())),
        jobs=found["items"],
        next_cursor=found["next_cursor"],
        count=job_queries.count_jobs(jobs) if jobs.state is State.DEAD else None,
        most=job_queries.MOST_COUNTED,
        asked=asked,
        errors=errors,
        query=_query(asked),
        names=sorted(spec.name for spec in catalogue.all_jobs()),
        queues=[*Queue],
        hours=HOURS,
    )


@blueprint.get("/export.csv")
def export() -> Response:
    page_staff("system.read")
    asked, _ = _read_filter()
    return job_queries.export_jobs(job_queries.make_filter(**asked, now=utcnow()), filters=asked)


@blueprint.get("/<uuid:job_id>")
def one(job_id: UUID) -> str:
    staff = page_staff("system.read")
    row = job_queries.get_job(job_id)
    return render_template(
        "console/job.html",
        staff=staff,
        section=MACHINERY,
        may_decide=staff.may("system.operate") and job_queries.waits_for_decision(row),
        notice=" ".join(map(str, get_flashed_messages())),
        row=row,
    )


@blueprint.post("/<uuid:job_id>/<any(requeue, discard):decision>")
def decide_one(job_id: UUID, decision: str) -> AnyResponse:
    page_staff("system.operate")
    try:
        with transaction():
            row = DECIDE[Decision(decision)](job_id)
            audit.record_by_staff(f"job.{decision}", "job", job_id, new={"job": row.job})
        flash(translate(DONE[decision], job=row.job))
    except AppError as refused:
        flash(translate_refusal(refused.detail))
    return redirect(url_for("console_jobs.one", job_id=job_id))


@blueprint.get("/decide")
def preview() -> str:
    """Show what a decision would be about, and how many jobs that are, before it is made."""
    staff = page_staff("system.operate")
    return _show_preview(staff, request.args, errors={})


@blueprint.post("/decide")
def decide() -> AnyResponse | str:
    staff = page_staff("system.operate")
    try:
        body = JobDecisionSchema().load(_without_blanks(request.form), unknown=EXCLUDE)
    except ValidationError as wrong:
        return _show_preview(staff, request.form, errors=dict(wrong.messages_dict))
    now = utcnow()
    filters = {name: body[name] for name in ("job", "queue", "error", "hours")}
    jobs = job_queries.make_filter(state=State.DEAD, **filters, now=body["until"] or now)
    with transaction():
        operation = job_decisions.request_decision(
            decision=body["decision"],
            reason=body["reason"],
            ids=body["ids"],
            jobs=replace(jobs, until=body["until"]),
            staff_id=staff.id,
            now=now,
        )
    return redirect(url_for("console_operations.show", operation_id=operation.id))


def _show_preview(staff: Any, given: Any, *, errors: dict[str, Any]) -> str:
    now = utcnow()
    asked, _ = _read_filter()
    asked["state"] = State.DEAD.value
    ids = given.getlist("id")
    decision = given.get("decision") if given.get("decision") in [*Decision] else Decision.REQUEUE.value
    jobs = replace(job_queries.make_filter(**asked, now=now), until=now)
    return render_template(
        "console/decide_jobs.html",
        staff=staff,
        section=MACHINERY,
        decision=decision,
        ids=ids,
        count=len(ids) or job_queries.count_jobs(jobs),
        most=job_queries.MOST_COUNTED,
        sample=[] if ids else job_queries.list_jobs(jobs, limit=5, cursor=None)["items"],
        asked=asked,
        until=now,
        errors=errors,
        back=f"{url_for('console_jobs.listing')}?{_query(asked)}",
    )


def _read_filter() -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Read the filter of the address. What is wrong in it is told beside its field, and filters nothing."""
    given, schema = _without_blanks(request.values), JobFilterArguments(unknown=EXCLUDE)
    try:
        return schema.load(given), {}
    except ValidationError as wrong:
        errors = {str(name): list(messages) for name, messages in wrong.messages_dict.items()}
        return schema.load({name: value for name, value in given.items() if name not in errors}), errors


def _without_blanks(given: Any) -> dict[str, Any]:
    """Give the fields that were filled in, and the chosen rows as a list."""
    ids = given.getlist("id")
    return {name: value for name, value in given.items() if value.strip()} | ({"ids": ids} if ids else {})


def _query(asked: dict[str, Any]) -> str:
    return urlencode({name: value for name, value in asked.items() if value is not None})
