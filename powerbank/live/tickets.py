"""Tickets: a browser's stream can send no sign-in along, so it shows a ticket that serves once and soon.

A ticket is a random text. Redis keeps, under the digest of it, whose ticket it is and what it opens.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson
from redis import Redis

from powerbank.live.topics import Follower, find_topics

LASTS = 30  # seconds


@dataclass(frozen=True)
class Admission:
    """What a ticket opens, and to whom."""

    principal: str
    session_id: str
    topics: tuple[str, ...]


def issue_ticket(redis: Redis, follower: Follower, topics: Sequence[str]) -> str:
    """Make a ticket for somebody who may follow all of these topics."""
    admission = Admission(follower.principal, str(follower.session_id), tuple(find_topics(follower, topics)))
    ticket = secrets.token_urlsafe(32)
    redis.set(_key(ticket), orjson.dumps(asdict(admission)), ex=LASTS)
    return ticket


def take_tickets(redis: Redis, tickets: Sequence[str]) -> list[Admission | None]:
    """Take these tickets, all in one round trip. None stands for one that is unknown, too old, or was taken before."""
    with redis.pipeline(transaction=False) as pipeline:
        for ticket in tickets:
            pipeline.getdel(_key(ticket))
        found = pipeline.execute()
    return [_admission(orjson.loads(each)) if each is not None else None for each in found]


def _admission(stored: dict[str, str | list[str]]) -> Admission:
    return Admission(str(stored["principal"]), str(stored["session_id"]), tuple(stored["topics"]))


def _key(ticket: str) -> str:
    return f"powerbank:live:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
