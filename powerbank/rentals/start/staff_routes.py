"""Serve staff the starts that were refused."""

from typing import Any

from powerbank.api.auth import staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.rentals.start import queries
from powerbank.rentals.start.schemas import RefusedStartArguments, RefusedStartSchema

blueprint = Blueprint(
    "Refused starts (staff)",
    __name__,
    url_prefix="/api/admin/refused-starts",
    description="What the network could not sell.",
)


@blueprint.get("")
@staff_only("rentals.read")
@blueprint.arguments(RefusedStartArguments, location="query")
@blueprint.response(200, page_of(RefusedStartSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Starts that were refused in the last 90 days, newest first: who wanted what where, and why not"""
    return queries.refused_start_page(**arguments)
