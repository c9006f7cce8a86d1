"""How one stands among others, and what one has come to."""

from typing import Any

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.language import wanted_language
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.db import utcnow
from powerbank.social import queries
from powerbank.social.schemas import LeaderboardArguments, LeaderboardSchema, ProgressSchema

blueprint = Blueprint("Social", __name__, url_prefix="/api/social", description="Leaderboard and achievements.")


@blueprint.get("/leaderboard")
@user_only
@blueprint.arguments(LeaderboardArguments, location="query")
@blueprint.response(200, LeaderboardSchema)
def leaderboard(arguments: dict[str, Any]) -> dict[str, Any]:
    """The best of all time, of this month or of this week, and where I stand"""
    return queries.leaderboard_page(current_user_id(), now=utcnow(), **arguments)


@blueprint.get("/achievements")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, page_of(ProgressSchema))
def achievements(arguments: dict[str, Any]) -> dict[str, Any]:
    """What can be reached, and how far I am"""
    return queries.achievement_page(current_user_id(), language=wanted_language(), **arguments)
