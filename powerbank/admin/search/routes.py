"""Serve staff the search over everything."""

from typing import Any

from powerbank.admin.search import finders
from powerbank.admin.search.schemas import HitsSchema, SearchArguments
from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint

blueprint = Blueprint("Search (staff)", __name__, url_prefix="/api/admin/search", description="Find one thing.")


@blueprint.get("")
@staff_only("search.read")
@blueprint.arguments(SearchArguments, location="query")
@blueprint.response(200, HitsSchema)
def search(arguments: dict[str, Any]) -> dict[str, Any]:
    """Find by its beginning: people, rentals, stations, power banks, payments, coupons, as the role may read them"""
    return {"items": finders.find_all(arguments["q"], staff=current_staff())}
