"""A person's own points."""

from typing import Any

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.points import queries
from powerbank.points.schemas import ChangeSchema, PointsSchema

blueprint = Blueprint("Points", __name__, url_prefix="/api/points", description="The signed-in person's points.")


@blueprint.get("")
@user_only
@blueprint.response(200, PointsSchema)
def my_points() -> queries.Points:
    """What I have, what it is worth, and what expires first"""
    return queries.points_of_user(current_user_id())


@blueprint.get("/history")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(ChangeSchema))
def history(arguments: dict[str, Any]) -> dict[str, Any]:
    """What came in and went out, newest first"""
    return queries.history_page(current_user_id(), **arguments)
