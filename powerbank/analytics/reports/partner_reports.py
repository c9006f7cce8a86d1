"""Make a report of each month for each partner: the figures of its stations on the days of its agreements.

What a partner is paid stands in its statements. A report says how its stations did, and nothing of who rented there.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.analytics.reports import files
from powerbank.analytics.reports.models import Format, PartnerReport
from powerbank.analytics.reports.periods import Period
from powerbank.analytics.screens import answers
from powerbank.api.paging import page
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.notifications.delivery.channels import Attachment, Message
from powerbank.notifications.models import Channel
from powerbank.outbox.catalogue import analytics_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.partners.models import Agreement, Partner

PARTS = ("rentals", "stations", "losses")
AT_ONCE = 100


def find_partners(period: Period, *, after: UUID) -> list[UUID]:
    """Find the next partners that had an agreement in a month."""
    query = (
        select(Partner.id)
        .where(Partner.id > after)
        .where(
            select(Agreement.id)
            .where(or_(Agreement.partner_id == Partner.id, Agreement.franchise_id == Partner.id))
            .where(Agreement.starts_on <= period.last, Agreement.last_day >= period.first)
            .exists()
        )
        .order_by(Partner.id)
        .limit(AT_ONCE)
    )
    return list(db.session.scalars(query))


def make_partner_report(partner_id: UUID, period: Period, *, now: datetime) -> None:
    """Make the report of a month, once, and have it mailed if the partner has an address."""
    session = open_session()
    partner = session.get_one(Partner, partner_id)
    same = select(PartnerReport.id).where(PartnerReport.partner_id == partner_id, PartnerReport.month == period.first)
    if session.scalar(same) is not None:
        return
    row = {
        "id": new_id(),
        "partner_id": partner_id,
        "month": period.first,
        "content": {"name": partner.name, "parts": {view: _make_part(view, partner_id, period, now) for view in PARTS}},
        "made_at": now,
    }
    made = insert(PartnerReport).values(row).on_conflict_do_nothing().returning(PartnerReport.id)
    if (report_id := session.scalar(made)) is not None and partner.contact.get("email"):
        enqueue(analytics_jobs.MAIL_PARTNER_REPORT, report_id=str(report_id))


def partner_report_page(partner_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of a partner's reports, the newest month first."""
    query = select(PartnerReport).where(PartnerReport.partner_id == partner_id)
    return page(query, PartnerReport.month, PartnerReport.id, limit=limit, cursor=cursor, descending=True)


def find_report_of(report_id: UUID, *, partner_id: UUID) -> PartnerReport:
    """Find a report of this partner. One of another is not there."""
    query = select(PartnerReport).where(PartnerReport.id == report_id, PartnerReport.partner_id == partner_id)
    found: PartnerReport | None = db.session.scalar(query)
    if found is None:
        raise NotFoundError("report")
    return found


def compose_mail(report_id: UUID) -> Message | None:
    """Compose the mail with a report. None: it was sent, or the partner has no address any more."""
    report = db.session.get(PartnerReport, report_id)
    if report is None or report.mailed_at is not None:
        return None
    to = db.session.get_one(Partner, report.partner_id).contact.get("email")
    if not to:
        return None
    month = f"{report.month:%Y-%m}"
    return Message(
        Channel.EMAIL,
        to,
        f"Your stations in {month}",
        f"The report of your stations in {month} is attached.\n\n{month} मा तपाईंका स्टेशनको प्रतिवेदन साथमा छ।",
        reference=str(report.id),
        link="/partner/reports",
        attachment=Attachment(
            files.name_file(report, Format.PDF), files.TYPES[Format.PDF], files.write_report(report, Format.PDF)
        ),
    )


def note_mailed(report_id: UUID, *, now: datetime) -> None:
    mailed = update(PartnerReport).where(PartnerReport.id == report_id, PartnerReport.mailed_at.is_(None))
    open_session().execute(mailed.values(mailed_at=now))


def _make_part(view: str, partner_id: UUID, period: Period, now: datetime) -> dict[str, Any]:
    asked: dict[str, date | UUID] = {"from_": period.first, "to": period.last, "partner_id": partner_id}
    return answers.make_answer(answers.read_question(view, asked, now=now))
