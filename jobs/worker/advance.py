"""`advance.lua`: files the finished job and takes the next, in one round trip."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError

ADVANCE = (Path(__file__).parent / "advance.lua").read_text()


class Advance:
    """`advance.lua` on a connection of its own. redis-py's client and pool would take as long as Redis itself."""

    def __init__(self, redis: Redis) -> None:
        self._connection = redis.connection_pool.get_connection()
        self._sha = hashlib.sha1(ADVANCE.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], args: Sequence[Any]) -> Any:
        try:
            return self._ask("EVALSHA", self._sha, len(keys), *keys, *args)
        except NoScriptError:  # a Redis that was wiped, restarted or failed over
            return self._ask("EVAL", ADVANCE, len(keys), *keys, *args)

    def _ask(self, *command: Any) -> Any:
        def ask() -> Any:
            self._connection.send_command(*command)
            return self._connection.read_response()

        # As redis-py's client does: a connection that the server closed meanwhile is opened anew.
        return self._connection.retry.call_with_retry(ask, lambda _error: self._connection.disconnect())


def rq_time(moment: datetime) -> str:
    """RQ's own format."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
