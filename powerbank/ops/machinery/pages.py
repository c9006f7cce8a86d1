"""The console's pages of the machinery: queues over time, the schedule, programs that are alive, and alerts."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import MACHINERY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.ops import queries
from powerbank.ops.machinery import history
from powerbank.ops.machinery.history import Period
from powerbank.ops.schemas import AlertArguments
from powerbank.outbox import heartbeats, schedules
from powerbank.outbox.policy import Queue, lanes
from powerbank.pages import lists
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list

blueprint = console_blueprint("console_machinery", __name__, url_prefix="/console/machinery")

PERIODS = {Period.HOURS: "6 hours", Period.DAY: "a day", Period.WEEK: "a week"}

PROGRAMS = ListPage(
    "Programs",
    MACHINERY,
    columns=(
        lists.name("Program", "kind"),
        lists.badge(
            "State", lambda row: "alive" if heartbeats.is_alive(row) else "silent", {"alive": "good", "silent": "bad"}
        ),
        lists.words("Serves", lambda row: ", ".join(row.queues) or None, "long"),
        lists.words("Host", lambda row: f"{row.host} ({row.pid})"),
        lists.moment("Begun", "started_at"),
        lists.age("Last heard", "seen_at"),
        lists.words("Clock ahead", lambda row: None if row.clock_ahead is None else f"{row.clock_ahead:+.1f} s", "n"),
    ),
    empty=(
        "No program is alive.",
        "Workers, the scheduler, daemons and web processes say every five seconds that they live.",
    ),
    api="/api/admin/system/programs",
    file="programs",
)
ALERTS = ListPage(
    "Alerts",
    MACHINERY,
    columns=(
        lists.moment("Raised", "raised_at"),
        lists.badge("State", lambda row: "over" if row.cleared_at else "open", {"open": "warn", "over": "good"}),
        lists.name("Kind", "kind"),
        lists.words("What", "detail", "long"),
        lists.moment("Over since", "cleared_at"),
    ),
    filters=(lists.choice("State", "state", ["open", "over"]), lists.choice("Kind", "kind", queries.KINDS)),
    empty=("No alerts.", "What is wrong with the machinery stands here: a queue that grows, a program that is away."),
    api="/api/admin/system/alerts",
    file="alerts",
)


@blueprint.get("/queues")
def queues() -> str:
    staff = page_staff("system.read")
    period = Period(request.args["period"]) if request.args.get("period") in {*Period} else Period.DAY
    workers = heartbeats.find_living("worker")
    return render_template(
        "console/machinery/queues.html",
        staff=staff,
        section=MACHINERY,
        health=queries.read_queue_health(),
        queues=history.read_queues(period, now=utcnow()),
        workers={queue.value: _count_workers(queue, workers) for queue in Queue},
        periods=PERIODS,
        period=period,
    )


@blueprint.get("/schedule")
def schedule() -> str:
    staff = page_staff("system.read")
    return render_template(
        "console/machinery/schedule.html",
        staff=staff,
        section=MACHINERY,
        schedules=queries.list_schedules(),
        may_operate=staff.may("system.operate"),
    )


@blueprint.post("/schedule/<name>/run")
def run(name: str) -> AnyResponse:
    staff = page_staff("system.operate")
    with transaction():
        schedules.start_now(name, utcnow(), actor=staff_actor(staff.id))
    flash(translate("{task}: started.", task=name))
    return redirect(url_for("console_machinery.schedule"))


@blueprint.get("/programs")
def programs() -> str | Response:
    return show_list(PROGRAMS, heartbeats.program_page, Schema, staff=page_staff("system.read"))


@blueprint.get("/alerts")
def alerts() -> str | Response:
    return show_list(ALERTS, queries.alert_page, AlertArguments, staff=page_staff("system.read"))


def _count_workers(queue: Queue, workers: list[Any]) -> int:
    of_queue = set(lanes([queue]))
    return sum(not of_queue.isdisjoint(worker.queues) for worker in workers)
