"""The daemon's loop: hear, write, acknowledge. What it holds when it falls, the broker brings again."""

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
# A standby takes over once this is over; the next daemon on the same machine sees at once that its predecessor ended.
LEASE = timedelta(seconds=4)
RENEW_EVERY = 1.0
BATCH = 1000
BREATH = 0.005  # seconds in which a station says all of what has just happened
GATHER = 0.05  # between the beginnings of two batches: a transaction for each few messages costs more than they do
FROM_ONE = 50  # messages of one station in a batch, while others wait
WAIT = 0.5
PAUSE = 1.0
TRIES = 5
CATCH_UP_AFTER = 10.0  # where the broker is never quiet
STUCK_AFTER = 60.0  # longer than any statement may take

MESSAGES = Metric("powerbank_station_messages_total", "What came of messages of stations.", ["outcome"])
LAG = Histogram("powerbank_station_lag_seconds", "From a message's arrival to its commit.")
LEADING = Gauge("powerbank_station_daemon_leads", "1 while this process listens, 0 while it stands by.")


class Daemon:
    def __init__(self, app: Flask, *, url: str, group: str | None) -> None:
        self._app = app
        self._holder = leadership.name_this_process()
        self.name = f"mqtt-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        # In a group the broker shares the work out, and gives what a member held to the others.
        self._shares = group is not None
        wanted = [*((each.filter, each.qos) for each in list_subscriptions()), (PULSE, 1)]
        filters = [(f"$share/{group}/{topic}" if group else topic, qos) for topic, qos in wanted]
        self._listener = Listener(
            url, client_id=new_client_id() if group else None, durable=not self._shares, filters=filters
        )
        self._writer = BatchWriter(after_station=self._show_life)
        self._stopping = threading.Event()
        self._leads = False
        self._leads_since = time.monotonic()
        self._caught_up = False  # since then
        self._shown = ""  # how the last heartbeat said that we stand
        self._renewed_at = -RENEW_EVERY
        self._told: Counter[str] = Counter()
        self._watchdog = Watchdog()
        self._turned_at = time.monotonic()
        self._took_at = -GATHER
        self._database_away = False

    @property
    def trouble(self) -> str | None:
        """For whoever probes this process, from another thread. Restarting it helps where it is stuck."""
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
        """Who leads but does not listen has not reached the broker yet, or not again."""
        if not self._leads:
            return "stands by"
        return heartbeats.LISTENS if self._listener.is_up else "leads"

    def stop(self) -> None:
        """What is in hand is finished."""
        self._stopping.set()

    def run(self) -> None:
        log.info("daemon started", name=self.name)
        with self._app.app_context():
            self._watchdog.start()
            while not self._stopping.is_set():
                self._turn()
                self._renew()
                if not self._leads:
                    self._stopping.wait(WAIT)
                    continue
                self._listener.turn(WAIT, most=BATCH)
                quiet = not self._listener.inbox
                if not quiet:
                    self._gather()
                    self._take(self._next_batch())
                if not self._caught_up and self._listener.is_up:
                    self._catch_up(quiet=quiet)
            self._end()

    def _catch_up(self, *, quiet: bool) -> None:
        """Once what waited at the broker is written, as far as that can be known."""
        if not quiet and time.monotonic() < self._leads_since + CATCH_UP_AFTER:
            return
        try:
            with transaction():
                asked = commands.request_missing_snapshots(now=utcnow())
        except SQLAlchemyError as problem:
            db.session.rollback()
            log.warning("stations not asked for what was missed", error=str(problem).strip().splitlines()[:1])
            return
        self._caught_up = True
        log.info("stations asked for what was missed", stations=asked)

    def _gather(self) -> None:
        """After a silence, what comes in the same breath; of a stream, what comes until the next batch is due."""
        if len(self._listener.inbox) < BATCH:
            self._stopping.wait(max(BREATH, self._took_at + GATHER - time.monotonic()))
            self._listener.turn(0, most=BATCH)
        self._took_at = time.monotonic()

    def _next_batch(self) -> list[Heard]:
        """All there is; or, where that is too much, no more of one station than its share. Its order stays."""
        inbox = self._listener.inbox
        if len(inbox) <= BATCH:
            batch = list(inbox)
            inbox.clear()
            return batch
        taken: Counter[str | None] = Counter()
        batch, left = [], []
        for heard in inbox:
            route = find_route(heard.topic)
            imei = route.imei if route else None
            if len(batch) < BATCH and taken[imei] < FROM_ONE:
                taken[imei] += 1
                batch.append(heard)
            else:
                taken[imei] = FROM_ONE  # nothing of it overtakes what was left
                left.append(heard)
        inbox.clear()
        inbox.extend(left)
        return batch

    def _take(self, batch: list[Heard]) -> None:
        received = [
            ReceivedMessage(each.topic, each.payload, datetime.fromtimestamp(each.arrived, UTC), each.retained)
            for each in batch
        ]
        if self._written(lambda: self._writer.write(received), most_tries=TRIES):
            self._count(batch)
            self._listener.acknowledge(batch)
            return
        if self._stopping.is_set():
            return  # it comes again
        for heard, each in zip(batch, received, strict=True):
            if not self._written(lambda one=each: self._writer.write([one]), most_tries=1):  # type: ignore[misc]
                MESSAGES.labels("dropped").inc()
                log.error("message dropped", topic=heard.topic, size=len(heard.payload))
            self._listener.acknowledge([heard])

    def _written(self, write: Callable[[], None], *, most_tries: int) -> bool:
        """While the database is away it waits, and keeps the connection to the broker alive. A mistake of ours is
        tried a few times and no more."""
        tries = 0
        while True:
            try:
                write()
            except DatabaseAwayError as away:
                self._database_away = True
                log.warning("PostgreSQL is away", error=str(away).strip().splitlines()[:1])
                if self._stopping.is_set():
                    return False
                self._listen_on(PAUSE)
            except Exception as error:
                db.session.rollback()
                tries += 1
                log.exception("batch failed", error=str(error), tries=tries)
                if tries >= most_tries or self._stopping.is_set():
                    return False
                self._listen_on(PAUSE)
            else:
                self._database_away = False
                return True

    def _listen_on(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._turn()
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            if self._leads:  # else the session is another's by now
                self._listener.turn(min(left, WAIT), most=len(self._listener.inbox) + BATCH)
            time.sleep(min(0.05, max(0.0, until - time.monotonic())))

    def _show_life(self) -> None:
        """Or the standby takes over in the middle of a long batch, and gets all of it again."""
        self._turn()
        self._renew()

    def _turn(self) -> None:
        self._turned_at = time.monotonic()
        self._watchdog.turn()

    def _count(self, batch: list[Heard]) -> None:
        now = utcnow().timestamp()
        for heard in batch:
            LAG.observe(now - heard.arrived)
        for outcome, count in self._writer.counts.items():
            MESSAGES.labels(outcome).inc(count - self._told[outcome])
        self._told = Counter(self._writer.counts)

    def _renew(self) -> None:
        """The heartbeat, and the lease. While the database cannot be asked, nobody else can take it either."""
        if time.monotonic() - self._renewed_at < RENEW_EVERY and self._shown == self.standing:
            return
        self._renewed_at = time.monotonic()
        try:
            self._lead(self._shares or self._holds_the_lease())
            self._shown = self.standing
            heartbeats.beat(db.engine, name=self.name, kind="mqtt", queues=[self._shown])
        except SQLAlchemyError as away:
            self._database_away = True
            log.warning("PostgreSQL is away", error=str(getattr(away, "orig", away)).strip().splitlines()[:1])
            return
        self._database_away = False

    def _holds_the_lease(self) -> bool:
        held = leadership.take_or_inherit_lease(db.engine, LEADERSHIP, holder=self._holder, lasts=LEASE)
        if held and self._listener.client_id is None:
            self._listener.client_id = leadership.find_client_id(db.engine)
        return held

    def _lead(self, leads: bool) -> None:
        if self._leads and not leads:
            log.warning("another daemon has taken over")
            self._listener.close()
        elif leads and not self._leads:
            log.info("leads from now on", name=self.name)
            self._leads_since, self._caught_up = time.monotonic(), False
        self._leads = leads
        LEADING.set(int(leads))

    def _end(self) -> None:
        self._listener.close()
        try:
            if not self._shares:
                leadership.release_lease(db.engine, LEADERSHIP, holder=self._holder)
            heartbeats.sign_off(db.engine, self.name)
        except SQLAlchemyError as away:
            log.warning("could not sign off", error=str(getattr(away, "orig", away)))
        log.info("daemon stopped", **self._writer.counts)
