"""The partner's page of reports: how its stations did, month by month."""

from uuid import UUID

from flask import Response, request

from powerbank.analytics.reports import files, partner_reports
from powerbank.analytics.reports.models import Format
from powerbank.api.paging import find_page
from powerbank.auth.pages.session import person_blueprint
from powerbank.payouts.pages.session import own_partner, show

blueprint = person_blueprint("partner_reports", __name__, url_prefix="/partner/reports")

SHOWN = 24


@blueprint.get("")
def listing() -> str:
    partner = own_partner()
    found = find_page(
        lambda cursor: partner_reports.partner_report_page(partner.id, limit=SHOWN, cursor=cursor),
        request.args.get("cursor") or None,
    )
    return show("reports.html", reports=found["items"], next_cursor=found["next_cursor"], formats=[*Format])


@blueprint.get("/<uuid:report_id>.<any(pdf, csv, xlsx):format_>")
def download(report_id: UUID, format_: str) -> Response:
    report = partner_reports.find_report_of(report_id, partner_id=own_partner().id)
    return files.answer_file(report, Format(format_))
