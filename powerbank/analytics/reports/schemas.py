"""Reports as staff see them."""

from typing import Any

from flask import url_for
from marshmallow import Schema, fields, validate

from powerbank.analytics.reports.models import Format, Length, PartnerReport, Report, ReportKind
from powerbank.analytics.reports.services import period_of
from powerbank.api.fields import Time
from powerbank.api.paging import PageArguments

FILES = {"type": "object", "description": "where it is, by its format"}


def _addresses(report: Report) -> dict[str, Any]:
    return {each.value: url_for("Reports.download", report_id=report.id, format_=each.value) for each in Format}


class ReportArguments(PageArguments):
    kind = fields.String(load_default=None, validate=validate.OneOf([*ReportKind]))


class ReportRequestSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([*ReportKind]))
    period = fields.String(
        required=True,
        validate=validate.Length(1, 10),
        metadata={"description": "a day, a week or a month that is over", "example": "2026-W48"},
    )
    format = fields.String(required=True, validate=validate.OneOf([*Format]))


class ReportSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*ReportKind]))
    period = fields.Function(
        lambda report: period_of(report).name, required=True, metadata={"type": "string", "example": "2026-W48"}
    )
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    made_at = Time(required=True)
    files = fields.Function(
        _addresses,
        required=True,
        metadata=FILES,
    )


def _own_addresses(report: PartnerReport) -> dict[str, Any]:
    route, of = "Partner reports.own_report_file", report.partner_id  # whoever belongs to several says which one
    return {each.value: url_for(route, partner_id=of, report_id=report.id, format_=each.value) for each in Format}


def _partner_addresses(report: PartnerReport) -> dict[str, Any]:
    route, of = "Partner reports.report_file", report.partner_id
    return {each.value: url_for(route, partner_id=of, report_id=report.id, format_=each.value) for each in Format}


class OwnReportSchema(Schema):
    id = fields.UUID(required=True)
    partner_id = fields.UUID(required=True)
    period = fields.Function(
        lambda report: period_of(report).name, required=True, metadata={"type": "string", "example": "2026-10"}
    )
    made_at = Time(required=True)
    files = fields.Function(_own_addresses, required=True, metadata=FILES)


class PartnerReportSchema(OwnReportSchema):
    mailed_at = Time(required=True, allow_none=True)
    files = fields.Function(_partner_addresses, required=True, metadata=FILES)


class ReportSubscriptionSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf([*ReportKind]))
    length = fields.String(required=True, validate=validate.OneOf([*Length]))
    format = fields.String(required=True, validate=validate.OneOf([*Format]))


class ReportSubscriptionsSchema(Schema):
    items = fields.List(fields.Nested(ReportSubscriptionSchema), required=True, validate=validate.Length(0, 9))
