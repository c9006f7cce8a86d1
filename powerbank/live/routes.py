"""Tickets for streams that tell what has changed on a screen."""

from typing import Any

from powerbank.api.auth import current_session_id, known_staff, known_user_id, person_or_staff, principal
from powerbank.api.openapi import Blueprint
from powerbank.live import services
from powerbank.live.schemas import TicketSchema, TopicsSchema
from powerbank.live.topics import Follower

blueprint = Blueprint("Live", __name__, url_prefix="/api/live", description="What changes on a screen.")


@blueprint.post("/tickets")
@person_or_staff
@blueprint.arguments(TopicsSchema)
@blueprint.response(201, TicketSchema)
def issue_ticket(body: dict[str, Any]) -> dict[str, Any]:
    """A ticket for one stream of changes; it serves once, within 30 seconds"""
    staff = known_staff()
    session_id = staff.session_id if staff else current_session_id()
    follower = Follower(principal(), session_id, user_id=known_user_id(), staff=staff)
    return services.issue_stream_address(follower, body["topics"])
