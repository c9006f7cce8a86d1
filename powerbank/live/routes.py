"""Tickets for streams that tell what has changed on a screen."""

from typing import Any

from flask import current_app
from redis.exceptions import RedisError

from powerbank.api.auth import current_session_id, known_staff, known_user_id, person_or_staff, principal
from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.redis_clients import counter_redis
from powerbank.live import tickets
from powerbank.live.errors import live_unavailable
from powerbank.live.schemas import TicketSchema, TopicsSchema
from powerbank.live.topics import Follower

TICKETS = "60 per minute"  # of one person

blueprint = Blueprint("Live", __name__, url_prefix="/api/live", description="What changes on a screen.")


@blueprint.post("/tickets")
@person_or_staff
@blueprint.arguments(TopicsSchema)
@blueprint.response(201, TicketSchema)
def issue_ticket(body: dict[str, Any]) -> dict[str, Any]:
    """A ticket for one stream of changes; it serves once, within 30 seconds"""
    hit_if_counted(TICKETS, "live-ticket", principal())
    staff = known_staff()
    session_id = staff.session_id if staff else current_session_id()
    follower = Follower(principal(), session_id, user_id=known_user_id(), staff=staff)
    try:
        ticket = tickets.issue_ticket(counter_redis(), follower, body["topics"])
    except RedisError as away:
        raise live_unavailable() from away
    url = f"{current_app.config['SETTINGS'].live_address}/live/stream?ticket={ticket}"
    return {"ticket": ticket, "url": url, "expires_in": tickets.LASTS}
