"""Batches of messages, each applied once whatever goes wrong: one transaction for all that is usual, one for each
station that needs a closer look, and one for each message when a station's fail together."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from powerbank.base.database_errors import is_away
from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.messages import services as inbound
from powerbank.stations.messages.message import Directory, Message, Received

log = structlog.get_logger(__name__)

# Another transaction stood in the way: the same goes through a moment later.
PASSING = {"40001", "40P01", "55P03"}
TRIES = 3


class DatabaseAwayError(Exception):
    """Nothing of this can be written now; all of it may be tried again, for a repeat changes nothing."""


class Intake:
    def __init__(self, clock: Callable[[], datetime] = utcnow, *, between: Callable[[], None] = lambda: None) -> None:
        """`between` is called after each station that took a transaction of its own: a batch of them takes long."""
        self._clock = clock
        self._between = between
        self._directory = Directory()
        self.counts: Counter[str] = Counter()

    def take(self, received: Sequence[Received]) -> None:
        """Needs an application context, and no open transaction. On return all of it is committed."""
        now = self._clock()
        try:
            found, left = self._usual(received, now)
            for station_id in sorted(left):
                self._closely(found.by_station[station_id], now)
                self._between()
        except DBAPIError as error:
            db.session.rollback()
            if is_away(error):
                raise DatabaseAwayError(str(error.orig)) from error
            raise
        self.counts["messages"] += len(received)
        self.counts["strangers"] += found.strangers
        self.counts["superseded"] += found.superseded
        self.counts["closely"] += sum(len(found.by_station[each]) for each in left)
        self.counts["nonsense"] += sum(
            1 for messages in found.by_station.values() for message in messages if message.problem is not None
        )

    def _usual(self, received: Sequence[Received], now: datetime) -> tuple[inbound.Understood, set[UUID]]:
        """A failure to write is no reason to stop: each station is then looked at by itself."""
        found: inbound.Understood | None = None
        try:
            with transaction():
                found = inbound.understand_all(received, self._directory, now=now)
                return found, inbound.apply_usual(found, now=now)
        except DBAPIError as error:
            if found is None or is_away(error):
                raise
            log.warning("batch not applied as a whole", error=_words(error))
        except Exception as error:
            if found is None:
                raise
            log.exception("batch not applied as a whole", error=str(error))
        self._directory.forget()  # a station may be gone
        return found, set(found.by_station)

    def _closely(self, messages: list[Message], now: datetime) -> None:
        for _ in range(TRIES):
            try:
                with transaction():
                    inbound.apply_closely(messages, now=now)
            except DBAPIError as error:
                if is_away(error):
                    raise
                if getattr(error.orig, "pgcode", None) in PASSING:
                    continue
                problem: Exception = error
            except Exception as error:
                problem = error
            else:
                return
            if len(messages) > 1:
                for message in messages:
                    self._closely([message], now)
            else:
                self._give_up(messages[0], problem)
            return
        raise DatabaseAwayError("the database is too busy")

    def _give_up(self, message: Message, problem: Exception) -> None:
        self.counts["failed"] += 1
        log.error(
            "message not applied",
            imei=message.station.imei,
            topic=message.received.topic,
            error=_words(problem),
            exc_info=problem,
        )
        try:
            with transaction():
                inbound.note_failure(message, f"{type(problem).__name__}: {_words(problem)}")
        except DBAPIError as error:
            if is_away(error):
                raise
            log.error("nor kept", error=_words(error))  # its station was deleted


def _words(error: Exception) -> str:
    return "".join(str(getattr(error, "orig", None) or error).strip().splitlines()[:1])[:300]
