"""The jobs of figures: they fold what happened, fill in what happened before, and make what takes long."""

import time
from datetime import date, datetime
from uuid import UUID

from jobs.batches import FIRST, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.analytics.buckets import folding, leaders, selections, upkeep
from powerbank.analytics.buckets.days import DAY, day_begins
from powerbank.analytics.outlook import demand, losses
from powerbank.analytics.reports import mails, partner_reports
from powerbank.analytics.reports import services as reports
from powerbank.analytics.reports.models import Length, ReportKind
from powerbank.analytics.reports.periods import last_period
from powerbank.analytics.screens import answers
from powerbank.base.clock import local_day
from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.notifications.delivery import channels
from powerbank.outbox import operations

FOLDS_FOR = 240.0  # seconds; then the next fold goes on


def fold_analytics(run: StepwiseRun) -> None:
    fold(seconds=FOLDS_FOR)


def fold(*, seconds: float) -> int:
    """Note what is new, and make days again until nothing is noted or the time is over. Count the days."""
    ends, days = time.monotonic() + seconds, 0
    with transaction():
        folding.note_new_hours(utcnow())
    while time.monotonic() < ends - seconds / 2:  # half of the time is left for what happened
        with transaction():
            followed = selections.follow_changes()
        if not followed:
            break
    while time.monotonic() < ends:
        with transaction():
            day = folding.make_newest_stale_day(utcnow())
        if day is None:
            break
        days += 1
    with transaction():
        leaders.make_leaders(utcnow())
    with transaction():
        upkeep.count_hourly(utcnow())
    return days


def roll_up_analytics(run: StepwiseRun) -> None:
    roll_up(now=utcnow())


def roll_up(*, now: datetime) -> None:
    """Make the last two days again from what happened, and what is counted once a day."""
    today = local_day(now)
    with transaction():
        folding.note_days(today - 2 * DAY, today)
    fold(seconds=FOLDS_FOR)
    for step in upkeep.list_nightly_steps(today):
        with transaction():
            step()
    forecast(today)
    with transaction():
        upkeep.forget_what_is_old(now)


def forecast(today: date) -> None:
    """Judge what was expected of yesterday, make what is expected of today, and what was lost by that."""
    with transaction():
        demand.score_day(today - DAY)
    after: UUID | None = FIRST
    while after is not None:
        with transaction():
            after = demand.make_demand(after, until=today)
    for day in (today - DAY, today):
        with transaction():
            losses.make_losses(day_begins(day), day_begins(day + DAY))


def fill_in_analytics(run: StepwiseRun, *, operation_id: str) -> None:
    """Make all days of an operation again, the newest first. A run that broke off goes on where it was."""
    while True:
        with transaction():
            operation = operations.lock_pending_operation(UUID(operation_id))
            if operation is None:
                return
            done = (operation.progress or {})["done"]
            last = date.fromisoformat(operation.request["to"])
            day = last - done * DAY
            if day < date.fromisoformat(operation.request["from"]):
                break
            folding.note_days(day, day)
            folding.make_day(day, now=utcnow())
            operation.progress = (operation.progress or {}) | {"done": done + 1}
    with run.finish():
        operation = operations.lock_pending_operation(UUID(operation_id))
        if operation is not None:
            operations.succeed(operation, {"days": (operation.progress or {})["done"]}, now=utcnow())


def generate_dashboard_analytics(*, operation_id: str) -> None:
    operation = operations.lock_pending_operation(UUID(operation_id))
    if operation is None:
        return
    try:
        answer = answers.make_and_keep(operation.request, now=utcnow())
    except AppError as refused:
        if refused.status >= 500:
            raise
        operations.fail(operation, refused.code, refused.detail, now=utcnow(), **refused.data)
        return
    operations.succeed(operation, answer, now=utcnow())


def make_report(*, operation_id: str) -> None:
    operation = operations.lock_pending_operation(UUID(operation_id))
    if operation is not None:
        operations.succeed(operation, reports.make_asked_report(operation, now=utcnow()), now=utcnow())


def make_regular_report(*, kind: str, length: str) -> None:
    reports.make_regular_report(ReportKind(kind), Length(length), now=utcnow())


def make_partner_reports(run: StepwiseRun) -> None:
    report_to_partners(now=utcnow())


def report_to_partners(*, now: datetime) -> None:
    """Make the report of the month that is over for each partner."""
    period = last_period(Length.MONTH, today=local_day(now))
    work_one_by_one(
        lambda after: partner_reports.find_partners(period, after=after),
        lambda partner_id: partner_reports.make_partner_report(partner_id, period, now=now),
    )


def mail_partner_report(run: StepwiseRun, *, report_id: str) -> None:
    message = partner_reports.compose_mail(UUID(report_id))
    db.session.rollback()
    if message is not None:
        run.call("send", lambda _key: channels.send_message(message))
    with run.finish():
        partner_reports.note_mailed(UUID(report_id), now=utcnow())


def mail_report(run: StepwiseRun, *, report_id: str, staff_id: str) -> None:
    message = mails.compose_mail(UUID(report_id), UUID(staff_id))
    db.session.rollback()
    if message is not None:
        run.call("send", lambda _key: channels.send_message(message))
