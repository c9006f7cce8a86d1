"""Staff read what a station was like over time."""

from typing import Any

from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import utcnow
from powerbank.stations.availability import history
from powerbank.stations.availability.history import Period, StationHistory
from powerbank.stations.availability.schemas import HistoryArguments, HistorySchema
from powerbank.stations.registry import queries

blueprint = Blueprint(
    "History (staff)", __name__, url_prefix="/api/admin/stations", description="What stations were like over time."
)


@blueprint.get("/<sn>/history")
@staff_only("stations.read")
@blueprint.arguments(HistoryArguments, location="query")
@blueprint.response(200, HistorySchema)
def read(arguments: dict[str, Any], sn: str) -> StationHistory:
    """Whether it was there, and the banks that it held with their charge"""
    return history.read_history(queries.find_station(sn), Period(arguments["range"]), now=utcnow())
