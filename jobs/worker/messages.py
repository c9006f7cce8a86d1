"""How a worker takes messages from Redis, and which of them it agrees to run.

`advance.lua` files the finished job and takes the next one, in one round trip.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError
from rq.job import Job

from jobs.worker.runtime import run
from powerbank.outbox.wire import ENTRY_POINT, RQ_TIME

ADVANCE = (Path(__file__).parent / "advance.lua").read_text()
_TIMES = (b"created_at", b"enqueued_at")  # the times that a message has before its first run


class ForbiddenJobError(Exception):
    """A message names a function that is not ours. It is not executed."""


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
            self._connection.connect()  # of itself it would go to where it was before, though another one may lead now
            self._connection.send_command(*command)
            return self._connection.read_response()

        # redis-py's client does the same: it opens a connection anew that the server closed meanwhile.
        return self._connection.retry.call_with_retry(ask, lambda _error: self._connection.disconnect())


class WireJob(Job):
    """A message that runs catalogued jobs only: whoever can write to Redis must not be able to call any function."""

    def perform(self) -> Any:
        if self.func_name != ENTRY_POINT or self.instance or self.args:
            raise ForbiddenJobError(f"message {self.id} does not name {ENTRY_POINT}")
        return run(**self.kwargs, worker=self.worker_name or "")

    def restore(self, raw_data: dict[bytes, bytes]) -> None:
        """Read the times without RQ, whose `strptime` would take as long as all else that is done to a message."""
        known = {name: raw_data[name] for name in _TIMES if raw_data.get(name)}
        super().restore({name: value for name, value in raw_data.items() if name not in known})
        for name, value in known.items():
            setattr(self, name.decode(), datetime.fromisoformat(value.decode()))

    # Callbacks are paths to functions too, webhooks are addresses to call, and none of our messages has one.
    def send_webhooks(self, *_args: Any, **_kwargs: Any) -> None: ...

    def execute_success_callback(self, *_args: Any, **_kwargs: Any) -> None: ...

    def execute_failure_callback(self, *_args: Any, **_kwargs: Any) -> None: ...

    def execute_stopped_callback(self, *_args: Any, **_kwargs: Any) -> None: ...


def rq_time(moment: datetime) -> str:
    """Write a time in the format of RQ."""
    return moment.strftime(RQ_TIME)
