"""Serve staff broadcasts: one message to many people."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.db import transaction, utcnow
from powerbank.notifications.broadcasts import services as broadcasts
from powerbank.notifications.broadcasts import targets
from powerbank.notifications.broadcasts.models import Broadcast
from powerbank.notifications.broadcasts.schemas import BroadcastSchema, CountArguments, CountSchema

blueprint = Blueprint(
    "Broadcasts (staff)", __name__, url_prefix="/api/admin/system/broadcast", description="A message to many."
)


@blueprint.route("")
class Broadcasts(MethodView):
    @staff_only("system.read")
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(BroadcastSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All that was sent, newest first"""
        return broadcasts.broadcast_page(**arguments)

    @staff_only("notices.broadcast")
    @blueprint.arguments(BroadcastSchema)
    @blueprint.response(202, BroadcastSchema)
    def post(self, body: dict[str, Any]) -> Broadcast:
        """Tell everybody, or those whom the target names; pushes wait for the morning"""
        with transaction():
            return broadcasts.send_broadcast(**body, by=current_staff().id, now=utcnow())


@blueprint.post("/count")
@staff_only("notices.broadcast")
@blueprint.arguments(CountArguments)
@blueprint.response(200, CountSchema)
def count(body: dict[str, Any]) -> dict[str, int]:
    """How many people a target names; nobody is told anything"""
    return {"people": targets.count_people(body["target"], now=utcnow())}


@blueprint.get("/<uuid:broadcast_id>")
@staff_only("system.read")
@blueprint.response(200, BroadcastSchema)
def one(broadcast_id: UUID) -> Broadcast:
    """How far it has come"""
    return broadcasts.find_broadcast(broadcast_id)


@blueprint.post("/<uuid:broadcast_id>/cancel")
@staff_only("notices.broadcast")
@blueprint.response(200, BroadcastSchema)
def cancel(broadcast_id: UUID) -> Broadcast:
    """Stop it where it is; whoever was told stays told"""
    with transaction():
        return broadcasts.cancel_broadcast(broadcast_id, by=current_staff().id, now=utcnow())
