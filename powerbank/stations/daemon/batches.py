"""Write batches of station messages, each message exactly once, whatever goes wrong.

One transaction takes all steady heartbeats of a batch. Each station that has sent anything else gets a transaction of
its own, and if that fails, each of its messages does.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from powerbank.base.database_errors import is_away
from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.messages import message_log, steady_heartbeats
from powerbank.stations.messages import services as message_services
from powerbank.stations.messages.message import DecodedMessage, ReceivedMessage, StationDirectory
from powerbank.stations.messages.services import DecodedBatch

log = structlog.get_logger(__name__)

# Another transaction stood in the way, and the same one succeeds a moment later.
PASSING_ERRORS = {"40001", "40P01", "55P03"}
TRIES = 3


class DatabaseAwayError(Exception):
    """The database cannot be written to now. The whole batch may be tried again, for a repeat changes nothing."""


class BatchWriter:
    def __init__(
        self, clock: Callable[[], datetime] = utcnow, *, after_station: Callable[[], None] = lambda: None
    ) -> None:
        """`after_station` is called after each station that took its own transaction: a batch of them takes long."""
        self._clock = clock
        self._after_station = after_station
        self._directory = StationDirectory()
        self.counts: Counter[str] = Counter()

    def write(self, received: Sequence[ReceivedMessage]) -> None:
        """Write a batch. It needs an application context and no open transaction, and commits everything."""
        now = self._clock()
        try:
            batch, left = self._write_steady(received, now)
            for station_id in sorted(left):
                self._write_station(batch.by_station[station_id], now)
                self._after_station()
        except DBAPIError as error:
            db.session.rollback()
            if is_away(error):
                raise DatabaseAwayError(str(error.orig)) from error
            raise
        self.counts["messages"] += len(received)
        self.counts["strangers"] += batch.strangers
        self.counts["superseded"] += batch.superseded
        self.counts["closely"] += sum(len(batch.by_station[each]) for each in left)
        self.counts["nonsense"] += sum(
            1 for messages in batch.by_station.values() for message in messages if message.problem is not None
        )

    def _write_steady(self, received: Sequence[ReceivedMessage], now: datetime) -> tuple[DecodedBatch, set[UUID]]:
        """Write the steady heartbeats, and give the stations that are left.

        If that fails, all stations are left, and each of them gets a transaction of its own.
        """
        batch: DecodedBatch | None = None
        try:
            with transaction():
                batch = message_services.decode_batch(received, self._directory, now=now)
                return batch, steady_heartbeats.apply_steady_heartbeats(batch.by_station, now=now)
        except DBAPIError as error:
            if batch is None or is_away(error):
                raise
            log.warning("the batch was not applied as a whole", error=_first_line(error))
        except Exception as error:
            if batch is None:
                raise
            log.exception("the batch was not applied as a whole", error=str(error))
        self._directory.forget()  # a station may have been deleted
        return batch, set(batch.by_station)

    def _write_station(self, messages: list[DecodedMessage], now: datetime) -> None:
        for _ in range(TRIES):
            try:
                with transaction():
                    message_services.apply_messages(messages, now=now)
            except DBAPIError as error:
                if is_away(error):
                    raise
                if getattr(error.orig, "pgcode", None) in PASSING_ERRORS:
                    continue
                problem: Exception = error
            except Exception as error:
                problem = error
            else:
                return
            if len(messages) > 1:
                for message in messages:
                    self._write_station([message], now)
            else:
                self._give_up(messages[0], problem)
            return
        raise DatabaseAwayError("the database is too busy")

    def _give_up(self, message: DecodedMessage, problem: Exception) -> None:
        self.counts["failed"] += 1
        log.error(
            "a message was not applied",
            imei=message.station.imei,
            topic=message.received.topic,
            error=_first_line(problem),
            exc_info=problem,
        )
        try:
            with transaction():
                message_log.keep_failed_message(message, f"{type(problem).__name__}: {_first_line(problem)}")
        except DBAPIError as error:
            if is_away(error):
                raise
            # Its station was deleted meanwhile.
            log.error("a message that was not applied could not be kept", error=_first_line(error))


def _first_line(error: Exception) -> str:
    return "".join(str(getattr(error, "orig", None) or error).strip().splitlines()[:1])[:300]
