"""The daemon's loop: hear the messages of stations, write them, acknowledge them.

The broker sends again what the daemon has not acknowledged when it dies.
"""

import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from flask import Flask
from prometheus_client import Counter as Metric
from prometheus_client import Gauge, Histogram
from sqlalchemy.exc import SQLAlchemyError

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.watchdog import Watchdog
from powerbank.integrations.mqtt.address import new_client_id
from powerbank.integrations.mqtt.listener import PULSE, Heard, Listener
from powerbank.outbox import heartbeats
from powerbank.stations.commands import services as commands
from powerbank.stations.daemon import leadership
from powerbank.stations.daemon.batches import BatchWriter, DatabaseAwayError
from powerbank.stations.messages.message import ReceivedMessage
from powerbank.stations.protocols import find_route, list_subscriptions

log = structlog.get_logger(__name__)

LEADERSHIP = "powerbank-daemon"
# A standby takes over when the lease has run out. The next daemon on the same machine sees at once that the process
# before it has ended.
LEASE_TIME = timedelta(seconds=4)
RENEW_EVERY = 1.0
BATCH_SIZE = 1000
BURST_SECONDS = 0.005  # seconds in which a station sends all messages about what has just happened
# Seconds from the beginning of a batch to that of the next: a small transaction costs more than its messages.
BATCH_INTERVAL = 0.05
MOST_OF_ONE_STATION = 50  # messages in a batch, while those of other stations wait
WAIT_SECONDS = 0.5
RETRY_PAUSE = 1.0
TRIES = 5
SNAPSHOTS_AFTER = 10.0  # seconds, where the broker is never quiet
STUCK_AFTER = 60.0  # seconds: longer than any statement may take

MESSAGES = Metric("powerbank_station_messages_total", "What came of messages of stations.", ["outcome"])
LAG = Histogram("powerbank_station_lag_seconds", "From a message's arrival to its commit.")
LEADING = Gauge("powerbank_station_daemon_leads", "1 while this process listens, 0 while it stands by.")


class Daemon:
    def __init__(self, app: Flask, *, url: str, group: str | None) -> None:
        self._app = app
        self._holder = leadership.name_this_process()
        self.name = f"mqtt-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        # In a group the broker shares the messages out, and gives those of a member that died to the others.
        self._shares = group is not None
        wanted = [*((each.filter, each.qos) for each in list_subscriptions()), (PULSE, 1)]
        filters = [(f"$share/{group}/{topic}" if group else topic, qos) for topic, qos in wanted]
        self._listener = Listener(
            url, client_id=new_client_id() if group else None, durable=not self._shares, filters=filters
        )
        self._writer = BatchWriter(after_station=self._show_that_it_lives)
        self._stopping = threading.Event()
        self._leads = False
        self._leads_since = time.monotonic()
        self._has_requested_snapshots = False  # since this daemon leads
        self._shown_standing = ""  # the standing in our last heartbeat
        self._renewed_at = -RENEW_EVERY
        self._counted: Counter[str] = Counter()
        self._watchdog = Watchdog()
        self._turned_at = time.monotonic()
        self._batch_began_at = -BATCH_INTERVAL
        self._database_away = False

    @property
    def trouble(self) -> str | None:
        """Tell what is wrong with this daemon, for a probe in another thread. A restart helps if it is stuck."""
        if time.monotonic() - self._turned_at > STUCK_AFTER:
            return "stuck"
        if self._database_away:
            return "database_away"
        return "broker_away" if self._leads and not self._listener.is_up else None

    @property
    def leads(self) -> bool:
        return self._leads

    @property
    def standing(self) -> str:
        """Tell whether this daemon stands by, leads, or listens. One that only leads does not reach the broker."""
        if not self._leads:
            return "stands by"
        return heartbeats.LISTENS if self._listener.is_up else "leads"

    def stop(self) -> None:
        """Stop after the batch that is being written."""
        self._stopping.set()

    def run(self) -> None:
        log.info("daemon started", name=self.name)
        with self._app.app_context():
            self._watchdog.start()
            while not self._stopping.is_set():
                self._note_turn()
                self._renew_lease()
                if not self._leads:
                    self._stopping.wait(WAIT_SECONDS)
                    continue
                self._listener.turn(WAIT_SECONDS, most=BATCH_SIZE)
                quiet = not self._listener.inbox
                if not quiet:
                    self._wait_for_more()
                    self._write_and_acknowledge(self._next_batch())
                if not self._has_requested_snapshots and self._listener.is_up:
                    self._request_missing_snapshots(quiet=quiet)
            self._sign_off()

    def _request_missing_snapshots(self, *, quiet: bool) -> None:
        """Request missing snapshots once the messages that waited at the broker are written, as far as one can know."""
        if not quiet and time.monotonic() < self._leads_since + SNAPSHOTS_AFTER:
            return
        try:
            with transaction():
                count = commands.request_missing_snapshots(now=utcnow())
        except SQLAlchemyError as problem:
            db.session.rollback()
            log.warning("no missing snapshots were requested", error=str(problem).strip().splitlines()[:1])
            return
        self._has_requested_snapshots = True
        log.info("missing snapshots were requested", stations=count)

    def _wait_for_more(self) -> None:
        """Wait for more messages: after a silence for the rest of a burst, in a stream until the next batch is due."""
        if len(self._listener.inbox) < BATCH_SIZE:
            self._stopping.wait(max(BURST_SECONDS, self._batch_began_at + BATCH_INTERVAL - time.monotonic()))
            self._listener.turn(0, most=BATCH_SIZE)
        self._batch_began_at = time.monotonic()

    def _next_batch(self) -> list[Heard]:
        """Take all messages, or if they are too many, only a share of each station's. The order of a station stays."""
        inbox = self._listener.inbox
        if len(inbox) <= BATCH_SIZE:
            batch = list(inbox)
            inbox.clear()
            return batch
        taken: Counter[str | None] = Counter()
        batch, left = [], []
        for heard in inbox:
            route = find_route(heard.topic)
            imei = route.imei if route else None
            if len(batch) < BATCH_SIZE and taken[imei] < MOST_OF_ONE_STATION:
                taken[imei] += 1
                batch.append(heard)
            else:
                taken[imei] = MOST_OF_ONE_STATION  # no later message of the station may overtake this one
                left.append(heard)
        inbox.clear()
        inbox.extend(left)
        return batch

    def _write_and_acknowledge(self, batch: list[Heard]) -> None:
        received = [
            ReceivedMessage(each.topic, each.payload, datetime.fromtimestamp(each.arrived, UTC), each.retained)
            for each in batch
        ]
        if self._try_to_write(lambda: self._writer.write(received), most_tries=TRIES):
            self._count_messages(batch)
            self._listener.acknowledge(batch)
            return
        if self._stopping.is_set():
            return  # the broker sends the batch again
        for heard, each in zip(batch, received, strict=True):
            if not self._try_to_write(lambda one=each: self._writer.write([one]), most_tries=1):  # type: ignore[misc]
                MESSAGES.labels("dropped").inc()
                log.error("a message was dropped", topic=heard.topic, size=len(heard.payload))
            self._listener.acknowledge([heard])

    def _try_to_write(self, write: Callable[[], None], *, most_tries: int) -> bool:
        """Try to write, and wait as long as the database is away. A mistake of our own is tried only a few times.

        While it waits it keeps the connection to the broker alive.
        """
        tries = 0
        while True:
            try:
                write()
            except DatabaseAwayError as away:
                self._database_away = True
                log.warning("PostgreSQL is away", error=str(away).strip().splitlines()[:1])
                if self._stopping.is_set():
                    return False
                self._keep_listening(RETRY_PAUSE)
            except Exception as error:
                db.session.rollback()
                tries += 1
                log.exception("a batch failed", error=str(error), tries=tries)
                if tries >= most_tries or self._stopping.is_set():
                    return False
                self._keep_listening(RETRY_PAUSE)
            else:
                self._database_away = False
                return True

    def _keep_listening(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._note_turn()
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            if self._leads:  # otherwise another daemon has the session by now
                self._listener.turn(min(left, WAIT_SECONDS), most=len(self._listener.inbox) + BATCH_SIZE)
            time.sleep(min(0.05, max(0.0, until - time.monotonic())))

    def _show_that_it_lives(self) -> None:
        """Show in a long batch that this daemon lives, or a standby takes over and gets the whole batch again."""
        self._note_turn()
        self._renew_lease()

    def _note_turn(self) -> None:
        self._turned_at = time.monotonic()
        self._watchdog.turn()

    def _count_messages(self, batch: list[Heard]) -> None:
        now = utcnow().timestamp()
        for heard in batch:
            LAG.observe(now - heard.arrived)
        for outcome, count in self._writer.counts.items():
            MESSAGES.labels(outcome).inc(count - self._counted[outcome])
        self._counted = Counter(self._writer.counts)

    def _renew_lease(self) -> None:
        """Renew the lease and the heartbeat. While the database is away, nobody else can take the lease either."""
        if time.monotonic() - self._renewed_at < RENEW_EVERY and self._shown_standing == self.standing:
            return
        self._renewed_at = time.monotonic()
        try:
            self._set_leading(self._shares or self._take_lease())
            self._shown_standing = self.standing
            heartbeats.record(db.engine, name=self.name, kind="mqtt", queues=[self._shown_standing])
        except SQLAlchemyError as away:
            self._database_away = True
            log.warning("PostgreSQL is away", error=str(getattr(away, "orig", away)).strip().splitlines()[:1])
            return
        self._database_away = False

    def _take_lease(self) -> bool:
        held = leadership.take_or_inherit_lease(db.engine, LEADERSHIP, holder=self._holder, lasts=LEASE_TIME)
        if held and self._listener.client_id is None:
            self._listener.client_id = leadership.find_client_id(db.engine)
        return held

    def _set_leading(self, leads: bool) -> None:
        if self._leads and not leads:
            log.warning("another daemon has taken over")
            self._listener.close()
        elif leads and not self._leads:
            log.info("this daemon leads from now on", name=self.name)
            self._leads_since, self._has_requested_snapshots = time.monotonic(), False
        self._leads = leads
        LEADING.set(int(leads))

    def _sign_off(self) -> None:
        self._listener.close()
        try:
            if not self._shares:
                leadership.release_lease(db.engine, LEADERSHIP, holder=self._holder)
            heartbeats.sign_off(db.engine, self.name)
        except SQLAlchemyError as away:
            log.warning("the daemon could not sign off", error=str(getattr(away, "orig", away)))
        log.info("daemon stopped", **self._writer.counts)
