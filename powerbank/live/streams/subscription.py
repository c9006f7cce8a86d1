"""The subscription to what the tellers publish, held by a thread of its own.

The thread speaks to Redis through the client that everybody uses here, which knows Sentinels and TLS. It asks Redis
for a sign of life while nothing is published: a Redis that is frozen closes no connection.
"""

import random
import threading
import time
from collections.abc import Callable

import structlog
from redis import Redis
from redis.exceptions import RedisError

from powerbank.base.redis_clients import connect
from powerbank.live.changes import channel_of

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.5  # seconds
ASK_EVERY = 1.0
SILENT_FOR = 4.0  # without an answer Redis counts as away
PAUSE = 0.5  # between attempts to subscribe, more or less


class Subscription:
    """Calls, in its own thread: `heard` with each message, `began` when it listens, `lost` when it does no more."""

    def __init__(
        self, url: str, *, heard: Callable[[bytes], None], began: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        self._url = url
        self._heard, self._began, self._lost = heard, began, lost
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-subscription", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                with connect(self._url, socket_timeout=SILENT_FOR, retry=None) as redis:
                    self._listen(redis)
            except (RedisError, OSError, SilentError) as away:
                log.warning("changes are not heard, because Redis is away", error=str(away))
            self._ended.wait(PAUSE * random.uniform(0.5, 1.5))  # noqa: S311  # nosec B311

    def _listen(self, redis: Redis) -> None:
        listens = False
        with redis.pubsub() as pubsub:
            pubsub.subscribe(channel_of(redis))
            heard_at = asked_at = time.monotonic()
            try:
                while not self._ended.is_set():
                    message = pubsub.get_message(timeout=LOOK_EVERY)
                    now = time.monotonic()
                    if message is not None:
                        heard_at = now
                        if message["type"] == "message":
                            self._heard(message["data"])
                        elif message["type"] == "subscribe":
                            listens = True
                            self._began()
                    elif now - heard_at > SILENT_FOR:
                        raise SilentError("it does not answer")
                    if now - asked_at > ASK_EVERY:
                        asked_at = now
                        pubsub.ping()
            finally:
                if listens:
                    self._lost()


class SilentError(Exception):
    """Redis has the connection, and says nothing."""
