"""Make reports and keep them, and say who gets which of them by mail."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.analytics.reports.models import Format, Length, PartnerReport, Report, ReportKind, ReportSubscription
from powerbank.analytics.reports.periods import Period, last_period, month_of, read_period
from powerbank.analytics.screens import answers
from powerbank.api.paging import page
from powerbank.base import audit
from powerbank.base.clock import local_day
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.outbox import operations
from powerbank.outbox.catalogue import analytics_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.operations import Operation

# The parts of each kind of report: the figures that a page of that name shows.
PARTS = {
    ReportKind.OPERATIONS: ("rentals", "stations", "losses", "fleet"),
    ReportKind.NETWORK: ("dashboard", "users", "rentals", "losses", "funnel"),
    ReportKind.FINANCE: ("revenue",),
}


def request_report(kind: str, period: str, format_: str, *, staff_id: UUID, now: datetime) -> Operation:
    """Have a report made, or found if it has been made before."""
    read_period(period, today=local_day(now))
    asked = {"kind": kind, "period": period, "format": format_}
    audit.record_by_staff("analytics.report", "report", f"{kind}-{period}", new=asked)
    return operations.accept(analytics_jobs.MAKE_REPORT, staff_id=staff_id, request=asked, now=now, total=1)


def make_asked_report(operation: Operation, *, now: datetime) -> dict[str, Any]:
    """Make the report that an operation asks for. Give where it is."""
    asked = operation.request
    period = read_period(asked["period"], today=local_day(now))
    report = make_report(ReportKind(asked["kind"]), period, now=now)
    address = f"/api/admin/analytics/reports/{report.id}.{asked['format']}"
    return {"report_id": str(report.id), "download": address}


def make_regular_report(kind: ReportKind, length: Length, *, now: datetime) -> Report:
    """Make the report of the newest time that is over, and have it mailed to those who want it."""
    report = make_report(kind, last_period(length, today=local_day(now)), now=now)
    for wanted in _list_subscribers(kind, length):
        enqueue(analytics_jobs.MAIL_REPORT, report_id=str(report.id), staff_id=str(wanted.staff_id))
    return report


def make_report(kind: ReportKind, period: Period, *, now: datetime) -> Report:
    """Make a report, once: who asks again gets the one that is kept."""
    found = _find(kind, period)
    if found is not None:
        return found
    row = {
        "id": new_id(),
        "kind": kind,
        "length": period.length,
        "starts_on": period.first,
        "ends_on": period.last,
        "content": {"parts": {view: _make_part(view, period, now) for view in PARTS[kind]}},
        "made_at": now,
    }
    open_session().execute(insert(Report).values(row).on_conflict_do_nothing())
    made = _find(kind, period)
    assert made is not None  # noqa: S101 (somebody else may have made it at the same time)
    return made


def find_report(report_id: UUID) -> Report:
    found = db.session.get(Report, report_id)
    if found is None:
        raise NotFoundError("report")
    return found


def report_page(*, limit: int, cursor: str | None, kind: str | None = None) -> dict[str, Any]:
    query = select(Report)
    if kind is not None:
        query = query.where(Report.kind == kind)
    return page(query, Report.ends_on, Report.id, limit=limit, cursor=cursor, descending=True)


def list_subscriptions(staff_id: UUID) -> Sequence[ReportSubscription]:
    of_member = select(ReportSubscription).where(ReportSubscription.staff_id == staff_id)
    return db.session.scalars(of_member.order_by(ReportSubscription.kind, ReportSubscription.length)).all()


def set_subscriptions(staff_id: UUID, wanted: Sequence[dict[str, str]]) -> Sequence[ReportSubscription]:
    """Say which reports a member gets by mail: these, and no others."""
    session = open_session()
    session.execute(delete(ReportSubscription).where(ReportSubscription.staff_id == staff_id))
    rows = {(each["kind"], each["length"]): each["format"] for each in wanted}
    for (kind, length), format_ in rows.items():
        session.add(ReportSubscription(staff_id=staff_id, kind=kind, length=length, format=format_))
    session.flush()
    audit.record_by_staff("analytics.subscribe", "staff", staff_id, new={"reports": [list(key) for key in rows]})
    return list_subscriptions(staff_id)


def find_wanted_format(report: Report, staff_id: UUID) -> Format | None:
    """Tell in which format a member wants a report. None: not at all, any more."""
    found = db.session.get(ReportSubscription, (staff_id, report.kind, report.length))
    return Format(found.format) if found is not None else None


def period_of(report: Report | PartnerReport) -> Period:
    if isinstance(report, PartnerReport):
        return month_of(report.month)
    return Period(Length(report.length), report.starts_on, report.ends_on)


def _find(kind: str, period: Period) -> Report | None:
    same = select(Report).where(Report.kind == kind, Report.starts_on == period.first, Report.ends_on == period.last)
    found: Report | None = db.session.scalar(same)
    return found


def _list_subscribers(kind: str, length: str) -> Sequence[ReportSubscription]:
    query = select(ReportSubscription).where(ReportSubscription.kind == kind, ReportSubscription.length == length)
    return db.session.scalars(query.order_by(ReportSubscription.staff_id)).all()


def _make_part(view: str, period: Period, now: datetime) -> dict[str, Any]:
    days: dict[str, date] = {"from_": period.first, "to": period.last}
    return answers.make_answer(answers.read_question(view, days, now=now))
