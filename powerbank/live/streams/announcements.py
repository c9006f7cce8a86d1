"""Passes on what the tellers announce, and tells the streams when something may have been missed."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import structlog

from powerbank.base.clock import utcnow
from powerbank.live import changes
from powerbank.live.streams import events
from powerbank.live.streams.audience import Audience
from powerbank.live.streams.coalescing import Coalescer
from powerbank.live.streams.connection import Connection
from powerbank.live.streams.events import Reason
from powerbank.live.streams.metrics import LAG
from powerbank.live.streams.sign_in_watch import SignInWatch
from powerbank.live.streams.subscription import Subscription

log = structlog.get_logger(__name__)

REDIS_MAY_PAUSE = 5.0  # seconds for which streams stay open while changes cannot be heard


class Announcements:
    def __init__(self, url: str, audience: Audience, watch: SignInWatch) -> None:
        self._audience, self._watch = audience, watch
        self._coalescer = Coalescer(self._tell)
        self._loop = asyncio.get_running_loop()
        self._subscription = Subscription(
            url,
            heard=lambda message: self._from_thread(self._hear, message),
            began=lambda: self._from_thread(self._begin),
            lost=lambda: self._from_thread(self._lose),
        )
        self._heard_before = False
        self._gives_up_at: float | None = None
        self.heard = False  # whether changes are heard now

    def start(self) -> None:
        self._subscription.start()

    def end(self) -> None:
        self._subscription.end()

    def turn(self) -> None:
        """Called several times a second."""
        now = self._loop.time()
        self._coalescer.turn(now)
        if self._gives_up_at is not None and now > self._gives_up_at:
            self._gives_up_at = None
            self._audience.end(self._audience, Reason.UNAVAILABLE)

    def _hear(self, message: bytes) -> None:
        news = changes.decode(message)
        now = self._loop.time()
        for change in news.changes:
            for topic in change.topics:
                if self._audience.follows(topic):
                    self._coalescer.take(topic, change, now)
        self._watch.look_at(news.principals)

    def _tell(self, topic: str, change: changes.Change) -> None:
        self._audience.tell(topic, change)
        LAG.observe(max(0.0, (utcnow() - changes.moment_of(change)).total_seconds()))

    def _begin(self) -> None:
        log.info("changes are heard")
        self.heard, self._gives_up_at = True, None
        if self._heard_before:
            # One after the other, for each reads all that its screen shows.
            spread = len(self._audience) / events.RETURNS_A_SECOND
            for stream in self._audience:
                self._loop.call_later(random.uniform(0, spread), self._greet_again, stream)  # noqa: S311  # nosec B311
        self._heard_before = True

    def _greet_again(self, stream: Connection) -> None:
        """A stream that says hello once more has its client read again what it shows."""
        if stream.open and stream.admission is not None:
            stream.send("hello", events.hello(stream.admission.topics, streams=len(self._audience)))

    def _lose(self) -> None:
        self.heard = False
        self._gives_up_at = self._loop.time() + REDIS_MAY_PAUSE

    def _from_thread(self, call: Callable[..., Any], *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)
