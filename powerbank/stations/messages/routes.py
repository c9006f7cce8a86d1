"""Staff: what a station said, as it came."""

from typing import Any

from marshmallow import Schema, fields, validate

from powerbank.api.auth import staff_only
from powerbank.api.fields import Time
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages.models import Outcome

blueprint = Blueprint(
    "Reports (staff)", __name__, url_prefix="/api/admin/stations", description="What stations said, as it came."
)


class ReportArguments(PageArguments):
    outcome = fields.String(load_default=None, validate=validate.OneOf([*Outcome]))


class StationReportSchema(Schema):
    id = fields.UUID(required=True)
    received_at = Time(required=True)
    kind = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf([*Outcome]))
    reason = fields.String(required=True, allow_none=True)
    topic = fields.String(required=True)
    payload = fields.String(required=True)
    encoding = fields.String(required=True, validate=validate.OneOf(["utf-8", "hex"]))


@blueprint.get("/<sn>/reports")
@staff_only("stations.read")
@blueprint.arguments(ReportArguments, location="query")
@blueprint.response(200, page_of(StationReportSchema))
def listing(arguments: dict[str, Any], sn: str) -> dict[str, Any]:
    """Events, snapshots that changed something, and what could not be understood; newest first, of thirty days"""
    return message_queries.list_messages(sn, **arguments)
