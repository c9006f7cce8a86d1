"""The texts that a stream consists of (server-sent events)."""

import itertools
import random
from collections.abc import Sequence
from enum import StrEnum

import orjson

from powerbank.base.clock import format_time, utcnow
from powerbank.live.changes import Change
from powerbank.live.streams.metrics import EVENTS

COMMENT = b":\n\n"
RETURNS_A_SECOND = 200  # clients that come back or read again, when all have been told to
SOONEST_RETURN = 5_000  # milliseconds; a process that was told to end has been started again by then
LEAST_SPREAD = 5_000


class Reason(StrEnum):
    """Why the server closes a stream."""

    RESTART = "restart"
    SIGNED_OUT = "signed_out"
    BLOCKED = "blocked"  # the account may not sign in any more
    TOO_MANY = "too_many"  # the same person has opened more streams than one may have
    UNAVAILABLE = "unavailable"  # changes cannot be heard of for the time being


_started = f"{random.getrandbits(40):x}"  # nosec B311 (no secret)
_numbers = itertools.count(1)


def hello(topics: Sequence[str], *, streams: int) -> bytes:
    """Write the first event of a stream. It comes again when changes may have been missed."""
    EVENTS.labels("hello").inc()
    data = {"topics": [shown_topic(topic) for topic in topics], "at": format_time(utcnow())}
    return b"retry: %d\nevent: hello\ndata: %b\n\n" % (pause_before_return(streams), orjson.dumps(data))


def changed(topic: str, change: Change) -> bytes:
    data = {"topic": topic, "kind": change.kind, "id": change.id, "version": change.version, "at": change.at}
    return b"event: changed\nid: %b-%d\ndata: %b\n\n" % (_started.encode(), next(_numbers), orjson.dumps(data))


def bye(reason: Reason, *, streams: int) -> bytes:
    """Write the last event. Browsers wait for so many milliseconds before they come back."""
    pause = pause_before_return(streams)
    data = {"reason": reason, "retry_ms": pause}
    return b"retry: %d\nevent: bye\ndata: %b\n\n" % (pause, orjson.dumps(data))


def pause_before_return(streams: int) -> int:
    """Choose when one of so many clients comes back, in milliseconds, so that not all come at once."""
    spread = max(LEAST_SPREAD, streams * 1000 // RETURNS_A_SECOND)
    return SOONEST_RETURN + random.randrange(spread)  # noqa: S311  # nosec B311


def shown_topic(topic: str) -> str:
    """Call a topic as its followers do."""
    return "me" if topic.startswith("me:") else topic
