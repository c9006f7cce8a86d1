"""Staff read the messages of a station as they came."""

from typing import Any

from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages.schemas import ReportArguments, StationReportSchema

blueprint = Blueprint(
    "Reports (staff)", __name__, url_prefix="/api/admin/stations", description="What stations said, as it came."
)


@blueprint.get("/<sn>/reports")
@staff_only("stations.read")
@blueprint.arguments(ReportArguments, location="query")
@blueprint.response(200, page_of(StationReportSchema))
def listing(arguments: dict[str, Any], sn: str) -> dict[str, Any]:
    """Events, snapshots that changed something, and what could not be understood; newest first, of thirty days"""
    return message_queries.list_messages(sn, **arguments)
