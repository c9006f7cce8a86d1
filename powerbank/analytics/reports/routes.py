"""Staff have reports made, take them away, and say which they get by mail."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from powerbank.analytics.reports import files, services
from powerbank.analytics.reports.models import Format, Report
from powerbank.analytics.reports.schemas import (
    ReportArguments,
    ReportRequestSchema,
    ReportSchema,
    ReportSubscriptionsSchema,
)
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.operations import AcceptedSchema, answer_accepted
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow

blueprint = Blueprint(
    "Reports", __name__, url_prefix="/api/admin/analytics/reports", description="Reports of the network (staff)."
)


@blueprint.route("")
class Reports(MethodView):
    @staff_only("analytics.read")
    @blueprint.arguments(ReportArguments, location="query")
    @blueprint.response(200, page_of(ReportSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Reports that are kept, newest first"""
        return services.report_page(**arguments)

    @staff_only("analytics.write")
    @blueprint.arguments(ReportRequestSchema)
    @blueprint.response(202, AcceptedSchema)
    def post(self, body: dict[str, Any]) -> Response:
        """Have a report made; its operation says where it is"""
        with transaction():
            operation = services.request_report(
                body["kind"], body["period"], body["format"], staff_id=current_staff().id, now=utcnow()
            )
        return answer_accepted(operation)


@blueprint.get("/<uuid:report_id>")
@staff_only("analytics.read")
@blueprint.response(200, ReportSchema)
def detail(report_id: UUID) -> Report:
    """One report"""
    return services.find_report(report_id)


@blueprint.get("/<uuid:report_id>.<any(pdf, csv, xlsx):format_>")
@staff_only("analytics.read")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def download(report_id: UUID, format_: str) -> Response:
    """A report as PDF, CSV or a workbook"""
    report, wanted = services.find_report(report_id), Format(format_)
    with transaction():
        audit.record_by_staff("analytics.download_report", "report", report.id, new={"format": format_})
    return files.answer_file(report, wanted)


@blueprint.route("/subscriptions")
class Subscriptions(MethodView):
    @staff_only("analytics.read")
    @blueprint.response(200, ReportSubscriptionsSchema)
    def get(self) -> dict[str, Any]:
        """The reports that you get by mail"""
        return {"items": services.list_subscriptions(current_staff().id)}

    @staff_only("analytics.read")
    @blueprint.arguments(ReportSubscriptionsSchema)
    @blueprint.response(200, ReportSubscriptionsSchema)
    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say which reports you get by mail"""
        with transaction():
            return {"items": services.set_subscriptions(current_staff().id, body["items"])}
