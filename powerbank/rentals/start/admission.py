"""The admission of starts: a start that would reach its station too late is refused before anything of it is held.

By Little's law a start takes as long as the starts before it, divided by how many of them a second brings to their
stations. So twice a second each web process counts the starts that wait for their command, learns how fast commands go
out, and then admits its share of what fits into `LONGEST_START_SECONDS` until it looks again. The database has all of
this, so several hosts agree, and Redis may be away
([decision 40](../../../docs/decisions/040-starts-are-admitted-or-refused.md)).
"""

import math
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from flask import Flask, current_app
from prometheus_client import Counter
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from powerbank.base.database_errors import describe_for_log
from powerbank.base.db import first_id_of, open_session, read_alone, utcnow
from powerbank.base.errors import AppError, NotAdmittedError
from powerbank.outbox import heartbeats
from powerbank.outbox.catalogue.rental_jobs import PROCESS_RENTAL_INITIATION
from powerbank.rentals import errors
from powerbank.rentals.models import Rental
from powerbank.rentals.start import refusals
from powerbank.rentals.states import Status
from powerbank.stations.commands.models import CommandName

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.5  # seconds
RATE_OVER = timedelta(seconds=3)
ANSWERS_OVER = timedelta(seconds=20)
UNDER_WAY_FOR = timedelta(minutes=3)  # a start that takes longer is cancelled or stuck
# Starts a second that are believed possible while nothing shows how many are. Quiet hours lead back to it.
USUAL_RATE = 10.0
SLOWEST_RATE = 1.0
BACK_TO_USUAL = 0.05  # of the difference, with each look
MISSING_AFTER = 15.0  # seconds without a worker or a daemon; a program that is started anew is back before
BLIND_AFTER = 5.0  # seconds without an answer of the database, or in which this process was frozen
TOLD_FOR = 90.0  # seconds after a refusal, so that the monitor of each minute comes to know of it
# Who was refused comes back at a moment of their own. If all came back at once they would be refused together again.
RETRY_AFTER = (5, 15)  # seconds
MOST_UNWRITTEN = 2_000

REFUSED = Counter("powerbank_starts_refused", "Starts of rentals that were refused, by reason.", ["reason"])

_LOAD = text("""
    WITH programs AS (
        SELECT count(*) FILTER (WHERE kind = 'worker' AND :lane = ANY (queues)) AS workers,
               count(*) FILTER (WHERE kind = 'mqtt' AND queues = ARRAY[:listens]) AS daemons,
               count(*) FILTER (WHERE kind = 'web') AS webs
          FROM heartbeats WHERE seen_at > :alive_since),
    waiting AS (
        SELECT run_after FROM outbox_jobs
         WHERE state = 'open' AND expires_at > :now AND job = :job AND run_after <= :now),
    sent AS (
        SELECT coalesce(command.finished_at, command.created_at) AS since,
               command.id >= CAST(:rate_from AS uuid) AND command.sent_at IS NOT NULL AS of_late,
               rental.status = 'ejecting'
               AND (command.finished_at IS NOT NULL OR command.status = 'queued') AS unsettled
          FROM station_commands command LEFT JOIN rentals rental ON rental.command_id = command.id
                                                               AND rental.id = command.rental_id
         WHERE command.id >= CAST(:answers_from AS uuid) AND command.command = :eject)
    SELECT (SELECT count(*) FROM waiting), (SELECT count(*) FROM sent WHERE unsettled),
           greatest(
               (SELECT extract(epoch FROM :now - min(run_after)) FROM (
                    SELECT run_after FROM waiting ORDER BY run_after OFFSET (SELECT workers FROM programs)) AS behind),
               (SELECT extract(epoch FROM :now - min(since)) FROM (
                    SELECT since FROM sent WHERE unsettled ORDER BY since
                    OFFSET (SELECT workers FROM programs)) AS behind))::float8,
           (SELECT count(*) FROM sent WHERE of_late), workers, daemons, webs
      FROM programs
""")


@dataclass(frozen=True)
class StartLoad:
    waiting: int  # starts whose command has not gone out, also those that a worker has in hand
    unsettled: int  # starts whose command found the broker away, or whose cabinet has answered and nobody settled it
    oldest_seconds: float  # how long the first of these waits that no worker can have in hand
    rate: float  # ejections that were sent in a second of late
    workers: int  # alive, on the lane of starts
    daemons: int  # alive, and heard by the broker
    webs: int


def read_start_load() -> StartLoad:
    """Read how many starts wait, how fast they reach their stations, and who works on them."""
    now = utcnow()
    values = {
        "now": now,
        "alive_since": now - heartbeats.ALIVE_WITHIN,
        "lane": PROCESS_RENTAL_INITIATION.lane,
        "job": PROCESS_RENTAL_INITIATION.name,
        "listens": heartbeats.LISTENS,
        "eject": CommandName.EJECT.value,
        "rate_from": str(first_id_of(now, -RATE_OVER)),
        "answers_from": str(first_id_of(now, -ANSWERS_OVER)),
    }
    waiting, unsettled, oldest, sent, workers, daemons, webs = read_alone(_LOAD, values)[0]
    rate = sent / RATE_OVER.total_seconds()
    return StartLoad(waiting, unsettled, max(0.0, oldest or 0.0), rate, workers, daemons, webs)


class Admission:
    """What a web process knows of how long a start takes now, and how many more starts it may admit."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._longest = app.config["SETTINGS"].longest_start_seconds
        self._wants_daemon = app.config["SETTINGS"].mqtt_url is not None
        self._lock = threading.Lock()
        self._rate = USUAL_RATE  # starts a second that reach their stations
        self._busy_looks = 0
        self._room = math.ceil(USUAL_RATE * LOOK_EVERY)
        self._reason: str | None = None
        self._in_hand = 0
        self._looked_at = self._worker_seen_at = self._daemon_seen_at = time.monotonic()
        self._refused_at: float | None = None
        self._unwritten: deque[refusals.Row] = deque(maxlen=MOST_UNWRITTEN)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="admission", daemon=True)

    def start(self) -> None:
        """Look in a thread beside those that answer: no start pays for a look."""
        self._app.extensions["start_admission"] = self
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._app.app_context():
                    self.apply(read_start_load())
                    self._write_refusals()
            except DBAPIError as error:
                log.warning("cannot see how long starts take", **describe_for_log(error))
            self._stopped.wait(LOOK_EVERY)

    def keep_refusal(self, row: refusals.Row) -> None:
        """Have a start that was not admitted written with the next look. Beyond the most, the oldest are lost."""
        self._unwritten.append(row)

    def _write_refusals(self) -> None:
        if rows := [self._unwritten.popleft() for _ in range(len(self._unwritten))]:
            refusals.write_refusals(rows)

    def apply(self, load: StartLoad) -> None:
        """Say how many starts this process admits until the next look."""
        with self._lock:
            self._looked_at = now = time.monotonic()
            if load.workers:
                self._worker_seen_at = now
            if load.daemons or not self._wants_daemon:
                self._daemon_seen_at = now
            self._learn_rate(load)
            self._reason = self._find_obstacle(load, now)
            under_way = load.waiting + load.unsettled
            share = math.ceil((self._rate * self._longest - under_way) / max(1, load.webs))
            self._room = 0 if self._reason else max(0, share - self._in_hand)

    def _learn_rate(self, load: StartLoad) -> None:
        """What goes out while starts wait is all that can go out. While none wait, more would be possible."""
        self._busy_looks = self._busy_looks + 1 if load.waiting + load.unsettled > load.workers else 0
        if self._busy_looks * LOOK_EVERY > RATE_OVER.total_seconds():
            self._rate = max(load.rate, SLOWEST_RATE)
        else:
            self._rate = max(load.rate, self._rate + (USUAL_RATE - self._rate) * BACK_TO_USUAL)

    def _find_obstacle(self, load: StartLoad, now: float) -> str | None:
        if now - self._worker_seen_at > MISSING_AFTER:
            return "no_worker"
        if now - self._daemon_seen_at > MISSING_AFTER:
            return "no_daemon"
        return "slow" if load.oldest_seconds > self._longest else None

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Count a start as in hand until its transaction has ended, or refuse it."""
        with self._lock:
            blind = time.monotonic() - self._looked_at > BLIND_AFTER
            if reason := "blind" if blind else self._reason or (None if self._room else "full"):
                raise self.refusal(reason)
            self._room -= 1
            self._in_hand += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_hand -= 1

    @property
    def is_busy(self) -> bool:
        """Starts wait that no worker has in hand."""
        return self._busy_looks > 0

    def refusal(self, reason: str) -> AppError:
        self._refused_at = time.monotonic()
        REFUSED.labels(reason).inc()
        moment = random.randint(*RETRY_AFTER)  # noqa: S311  # nosec B311 (nothing secret depends on it)
        return errors.starts_refused(retry_after=moment)

    def describe_for_heartbeat(self) -> list[str]:
        """Say whether starts were refused of late, as the heartbeat of a web process tells it."""
        refused_at = self._refused_at
        told = refused_at is not None and time.monotonic() - refused_at < TOLD_FOR
        return [heartbeats.REFUSES_STARTS] if told else []


def begin_admission(app: Flask) -> Admission | None:
    """Begin to refuse starts that would take too long. None: the settings want every start admitted."""
    if not app.config["SETTINGS"].longest_start_seconds:
        return None
    admission = Admission(app)
    admission.start()
    return admission


@contextmanager
def admit_start() -> Iterator[None]:
    """Admit a start for as long as its transaction lasts, or refuse it. A process that does not look admits all."""
    admission: Admission | None = current_app.extensions.get("start_admission")
    if admission is None:
        yield
        return
    with admission.admit():
        yield


def keep_refusal(error: AppError, *, user_id: UUID, station_sn: str, package_id: UUID, now: datetime) -> None:
    """Keep a start that was refused, if somebody wanted one."""
    if not refusals.is_refusal(error):
        return
    row = refusals.describe_refusal(error, user_id=user_id, station_sn=station_sn, package_id=package_id, now=now)
    admission: Admission | None = current_app.extensions.get("start_admission")
    if isinstance(error, NotAdmittedError) and admission is not None:
        admission.keep_refusal(row)
    else:
        refusals.write_refusals([row])


def refuse_second_in_line(station_id: UUID) -> None:
    """Refuse a start at a station that has one under way, while starts wait everywhere.

    A station puts out one power bank after the other. In quiet hours that takes a moment; in busy ones the second
    person waits for each step of the first one's start too.
    """
    admission: Admission | None = current_app.extensions.get("start_admission")
    if admission is None or not admission.is_busy:
        return
    under_way = select(Rental.id).where(
        Rental.station_id == station_id,
        Rental.id >= first_id_of(utcnow(), -UNDER_WAY_FOR),
        Rental.status.in_((Status.PENDING, Status.EJECTING)),
    )
    if open_session().scalar(under_way.limit(1)) is not None:
        raise admission.refusal("station")
