"""The way of messages from a committed transaction to Redis, also while Redis is away."""

import random
import threading
import time
from collections.abc import Sequence

import structlog
from flask import Flask, current_app
from redis.exceptions import RedisError

from powerbank.base.redis_clients import push_redis
from powerbank.outbox import wire

log = structlog.get_logger(__name__)

PAUSE = 1.0  # seconds between attempts to push while Redis is away, more or less: processes do not all come at once
BATCH = 500
MOST_KEPT = 10_000  # messages in a process; the sweep sends what is beyond them


class Outbound(list[wire.Message]):
    """The messages of one transaction, sent together once it has committed."""

    def __call__(self) -> None:
        if stall.lasts:  # a request does not wait for the time-out that another one has just waited for
            stall.keep(self)
            return
        try:
            wire.push(self, push_redis())
        except RedisError as error:  # whatever it is: the transaction has committed
            log.warning("Redis is away; jobs are accepted and sent when it is back", jobs=len(self), error=str(error))
            stall.keep(self)


class Stall:
    """While Redis is away: what this process could not send, and a thread that tries to.

    What is lost with the process, the sweep sends. A message that Redis took without being able to say so goes twice,
    as any message may.
    """

    def __init__(self) -> None:
        self.lasts = False
        self._kept: list[wire.Message] = []
        self._lock = threading.Lock()

    def keep(self, messages: Sequence[wire.Message]) -> None:
        with self._lock:
            self._kept.extend(messages[: MOST_KEPT - len(self._kept)])
            begins, self.lasts = not self.lasts, True
        if begins:
            app = current_app._get_current_object()  # type: ignore[attr-defined]
            threading.Thread(target=self._wait_for_redis, args=(app,), name="outbound", daemon=True).start()

    def send_kept(self) -> bool:
        """True when all has been sent and the stall is over."""
        while True:
            with self._lock:
                batch, self._kept = self._kept[:BATCH], self._kept[BATCH:]
                if not batch:
                    self.lasts = False
                    return True
            try:
                wire.push(batch, push_redis())
            except RedisError:
                with self._lock:
                    self._kept = batch + self._kept
                return False

    def forget(self) -> None:
        """For who sends all that is open, and so also what could not be sent."""
        with self._lock:
            self._kept, self.lasts = [], False

    def _wait_for_redis(self, app: Flask) -> None:
        with app.app_context():
            while self.lasts:
                time.sleep(PAUSE * random.uniform(0.5, 1.5))  # noqa: S311  # nosec B311
                if self.send_kept():
                    log.info("Redis is back; what was accepted meanwhile has been sent")


stall = Stall()
