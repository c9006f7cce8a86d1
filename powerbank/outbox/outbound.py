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

PAUSE = 1.0  # seconds between attempts to push while Redis is away, varied so that processes do not all come at once
BATCH = 500
MOST_UNSENT = 10_000  # messages that a process keeps; the sweep sends those beyond


class Outbound(list[wire.Message]):
    """The messages of one transaction. They are sent together once it has committed."""

    def __call__(self) -> None:
        if unsent.waiting:  # a request does not wait for the time-out that another one has just waited for
            unsent.keep(self)
            return
        try:
            wire.push(self, push_redis())
        except RedisError as error:  # whatever the error is: the transaction has committed
            log.warning("Redis is away; jobs are accepted and sent when it is back", jobs=len(self), error=str(error))
            unsent.keep(self)


class UnsentMessages:
    """The messages that this process could not send while Redis is away, and a thread that tries again.

    The sweep sends what is lost with the process. A message that Redis took without being able to say so goes twice,
    as any message may.
    """

    def __init__(self) -> None:
        self.waiting = False  # for Redis to come back
        self._kept: list[wire.Message] = []
        self._lock = threading.Lock()

    def keep(self, messages: Sequence[wire.Message]) -> None:
        """Keep messages for later, and begin to wait for Redis unless a thread does so already."""
        with self._lock:
            self._kept.extend(messages[: MOST_UNSENT - len(self._kept)])
            begins, self.waiting = not self.waiting, True
        if begins:
            app = current_app._get_current_object()  # type: ignore[attr-defined]
            threading.Thread(target=self._wait_for_redis, args=(app,), name="outbound", daemon=True).start()

    def send(self) -> bool:
        """Try to send all kept messages. True when all are sent and nobody waits any more."""
        while True:
            with self._lock:
                batch, self._kept = self._kept[:BATCH], self._kept[BATCH:]
                if not batch:
                    self.waiting = False
                    return True
            try:
                wire.push(batch, push_redis())
            except RedisError:
                with self._lock:
                    self._kept = batch + self._kept
                return False

    def forget(self) -> None:
        """Forget the kept messages, because the caller sends every open job anyway."""
        with self._lock:
            self._kept, self.waiting = [], False

    def _wait_for_redis(self, app: Flask) -> None:
        with app.app_context():
            while self.waiting:
                time.sleep(PAUSE * random.uniform(0.5, 1.5))  # noqa: S311  # nosec B311
                if self.send():
                    log.info("Redis is back; what was accepted meanwhile has been sent")


unsent = UnsentMessages()
