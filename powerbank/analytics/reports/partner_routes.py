"""A partner's reports of its months, for its own people and for staff."""

from typing import Any
from uuid import UUID

from flask import Response

from powerbank.analytics.reports import files, partner_reports
from powerbank.analytics.reports.models import Format, PartnerReport
from powerbank.analytics.reports.schemas import OwnReportSchema, PartnerReportSchema
from powerbank.api.auth import current_user_id, staff_only, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base import audit
from powerbank.base.db import transaction
from powerbank.partners import queries as partners
from powerbank.partners.memberships import find_own_partner
from powerbank.partners.schemas import OwnPageArguments, PartnerChoiceSchema

blueprint = Blueprint(
    "Partner reports", __name__, url_prefix="/api", description="How a partner's stations did, month by month."
)

READ = "partners.read"
FILE = {"type": "string", "format": "binary"}


@blueprint.get("/partner/reports")
@user_only
@blueprint.arguments(OwnPageArguments, location="query")
@blueprint.response(200, page_of(OwnReportSchema))
def own_reports(arguments: dict[str, Any]) -> dict[str, Any]:
    """Their reports, the newest month first"""
    partner = find_own_partner(current_user_id(), arguments.pop("partner_id"))
    return partner_reports.partner_report_page(partner.id, **arguments)


@blueprint.get("/partner/reports/<uuid:report_id>")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, OwnReportSchema)
def own_report(arguments: dict[str, Any], report_id: UUID) -> PartnerReport:
    """A report of theirs"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="report")
    return partner_reports.find_report_of(report_id, partner_id=partner.id)


@blueprint.get("/partner/reports/<uuid:report_id>.<any(pdf, csv, xlsx):format_>")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, FILE, content_type="application/octet-stream")
def own_report_file(arguments: dict[str, Any], report_id: UUID, format_: str) -> Response:
    """A report of theirs as PDF, CSV or a workbook"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="report")
    return files.answer_file(partner_reports.find_report_of(report_id, partner_id=partner.id), Format(format_))


@blueprint.get("/admin/partners/<uuid:partner_id>/reports")
@staff_only(READ)
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(PartnerReportSchema))
def reports(arguments: dict[str, Any], partner_id: UUID) -> dict[str, Any]:
    """The reports of a partner, the newest month first"""
    return partner_reports.partner_report_page(partners.find_partner(partner_id).id, **arguments)


@blueprint.get("/admin/partners/<uuid:partner_id>/reports/<uuid:report_id>.<any(pdf, csv, xlsx):format_>")
@staff_only(READ)
@blueprint.response(200, FILE, content_type="application/octet-stream")
def report_file(partner_id: UUID, report_id: UUID, format_: str) -> Response:
    """A report of a partner as PDF, CSV or a workbook"""
    report = partner_reports.find_report_of(report_id, partner_id=partner_id)
    with transaction():
        audit.record_by_staff("analytics.download_report", "partner_report", report.id, new={"format": format_})
    return files.answer_file(report, Format(format_))
