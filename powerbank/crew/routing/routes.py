"""The way through a member's tasks."""

from typing import Any

from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import utcnow
from powerbank.crew.members.queries import find_own_member
from powerbank.crew.members.schemas import NearArguments
from powerbank.crew.routing import services
from powerbank.crew.routing.schemas import CrewRouteSchema

blueprint = Blueprint("Crew's routes", __name__, url_prefix="/api/crew", description="The way through the own tasks.")


@blueprint.get("/route")
@user_only
@blueprint.arguments(NearArguments, location="query")
@blueprint.response(200, CrewRouteSchema)
def route(arguments: dict[str, Any]) -> dict[str, Any]:
    """The claimed tasks in an order worth driving, with what to load and unload where

    Without a place it begins where the member was last seen, else at the first station.
    """
    return services.plan_for_member(find_own_member(current_user_id()), **arguments, now=utcnow())
