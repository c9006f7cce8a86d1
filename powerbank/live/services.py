"""How somebody who has signed in comes to a stream: the API's clients and the pages of staff ask here."""

from collections.abc import Sequence
from typing import Any

from flask import current_app
from redis.exceptions import RedisError

from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.redis_clients import counter_redis
from powerbank.live import tickets
from powerbank.live.errors import live_unavailable
from powerbank.live.topics import Follower

TICKETS = "60 per minute"  # of one person


def issue_stream_address(follower: Follower, topics: Sequence[str]) -> dict[str, Any]:
    """Issue a ticket for one stream of these topics, with the address that it opens and how long it does."""
    hit_if_counted(TICKETS, "live-ticket", follower.principal)
    try:
        ticket = tickets.issue_ticket(counter_redis(), follower, topics)
    except RedisError as away:
        raise live_unavailable() from away
    url = f"{current_app.config['SETTINGS'].live_address}/live/stream?ticket={ticket}"
    return {"ticket": ticket, "url": url, "expires_in": tickets.LASTS}
