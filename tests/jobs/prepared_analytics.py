"""Prepare the figures that the jobs of analytics need to have something to do."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from powerbank.analytics.buckets import folding
from powerbank.analytics.reports import partner_reports
from powerbank.analytics.reports import services as reports
from powerbank.analytics.reports.models import Format, Length, ReportKind, ReportSubscription
from powerbank.analytics.reports.periods import last_period
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.outbox import operations
from powerbank.outbox.catalogue import analytics_jobs
from powerbank.outbox.policy import JobSpec
from powerbank.partners.models import Agreement, Partner
from tests.jobs.prepared_people import Arguments
from tests.ledger.conftest import make_person


def something_to_fold() -> Arguments:
    make_person(wallet=500_00)
    return {}


def _member(session: Session) -> UUID:
    member = StaffMember(email="f@example.com", password_hash="unused", role=Role.FINANCE)
    session.add(member)
    session.flush()
    return member.id


def _asked(spec: JobSpec, request: dict[str, Any]) -> Arguments:
    make_person(wallet=500_00)
    with transaction() as session:
        operation = operations.accept(spec, staff_id=_member(session), request=request, now=utcnow(), total=2)
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"operation_id": str(operation.id)}


def figures_wanted() -> Arguments:
    return _asked(analytics_jobs.GENERATE_DASHBOARD_ANALYTICS, {"view": "dashboard", "range_": "7d"})


def days_to_fill_in() -> Arguments:
    with transaction():
        folding.note_new_hours(utcnow())
    today = local_day(utcnow())
    asked = {"from": str(today - timedelta(days=1)), "to": str(today)}
    return _asked(analytics_jobs.FILL_IN_ANALYTICS, asked)


def report_wanted() -> Arguments:
    month = last_period(Length.MONTH, today=local_day(utcnow())).name
    return _asked(analytics_jobs.MAKE_REPORT, {"kind": "finance", "period": month, "format": "pdf"})


def day_to_report() -> Arguments:
    return {"kind": "operations", "length": "day"}


def _partner() -> UUID:
    """Make a partner with an address that has had an agreement for long."""
    with transaction() as session:
        partner = Partner(name="Cafe", kind="venue", contact={"email": "cafe@example.com"})
        session.add(partner)
        session.flush()
        agreement = {"partner_id": partner.id, "starts_on": date(2026, 1, 1), "terms": {}, "made_by": "test"}
        session.add(Agreement(**agreement, vat_percent=0, withheld_percent=0))
    return partner.id


def partner_of_last_month() -> Arguments:
    _partner()
    return {}


def partner_report_to_mail() -> Arguments:
    partner_id = _partner()
    with transaction() as session:
        month = last_period(Length.MONTH, today=local_day(utcnow()))
        partner_reports.make_partner_report(partner_id, month, now=utcnow())
        report_id = session.execute(text("SELECT id FROM partner_reports")).scalar_one()
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"report_id": str(report_id)}


def report_to_mail() -> Arguments:
    today = local_day(utcnow())
    with transaction() as session:
        staff_id = _member(session)
        report = reports.make_report(ReportKind.FINANCE, last_period(Length.DAY, today=today), now=utcnow())
        wanted = {"kind": ReportKind.FINANCE, "length": Length.DAY, "format": Format.CSV}
        session.add(ReportSubscription(staff_id=staff_id, **wanted))
    return {"report_id": str(report.id), "staff_id": str(staff_id)}
