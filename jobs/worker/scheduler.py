"""The scheduler: that of rq-scheduler 0.14, made safe to lose and to run twice.

It does two things: it puts delayed messages into their queues when they are due, and it ticks once a minute. PostgreSQL
knows what is due at a tick (`powerbank.outbox.schedules`); the next tick or the sweep makes good what this process
forgets. Several may run: one leads, the others stand by.
"""

import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import structlog
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler as RqScheduler
from sqlalchemy.exc import DBAPIError

from powerbank.base.db import db, utcnow
from powerbank.base.redis_clients import REDIS_ERRORS
from powerbank.base.watchdog import Watchdog
from powerbank.outbox import heartbeats, job_counts, relay, wire
from powerbank.outbox.catalogue import system_jobs
from powerbank.outbox.policy import Queue, lanes

log = structlog.get_logger(__name__)

TICK_ID = "powerbank-tick"
LANES = frozenset(lanes(Queue))
LEADER_SECONDS = 10
RECOVERY_TAKES = 3600.0  # seconds, at most
SWEEP_EVERY = 5.0  # seconds, for what somebody at a station waits for

# Only the holder of the token may prolong or give up the lead.
_KEEP = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) else return 0 end"
_DROP = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) else return 0 end"


class JsonJob(Job):
    """rq-scheduler has no serializer option; RQ's jobs do."""

    def __init__(self, id: str | None = None, connection: Redis | None = None, serializer: Any = None) -> None:
        super().__init__(id, connection=connection, serializer=serializer or JSONSerializer)


class Scheduler(RqScheduler):  # type: ignore[misc]  # it has no types
    job_class = JsonJob

    def __init__(self, app: Flask, connection: Redis, interval: float = 1.0) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        super().__init__(connection=connection, interval=interval, name=name, job_class=JsonJob)
        self._app = app
        self._keep, self._drop = connection.register_script(_KEEP), connection.register_script(_DROP)
        self._stopped = threading.Event()
        self._beaten_at = 0.0
        self._sweep_at = time.monotonic() + SWEEP_EVERY
        self._watchdog = Watchdog()

    def acquire_lock(self) -> bool:
        """Take the lead or prolong it. A scheduler that no longer holds rq-scheduler's own lock could free it."""
        milliseconds = LEADER_SECONDS * 1000
        if self.connection.set(self.scheduler_lock_key, self.name, px=milliseconds, nx=True):
            self._lock_acquired = True
        else:
            self._lock_acquired = bool(self._keep(keys=[self.scheduler_lock_key], args=[self.name, milliseconds]))
        return self._lock_acquired

    def remove_lock(self) -> None:
        if self._lock_acquired:
            self._drop(keys=[self.scheduler_lock_key], args=[self.name])
            self._lock_acquired = False

    def get_jobs_to_queue(self, with_times: bool = False) -> Iterator[Job]:
        """Leave out messages that do not decode, instead of stopping at one for ever."""
        due = self.connection.zrangebyscore(self.scheduled_jobs_key, 0, utcnow().timestamp(), start=0, num=1000)
        for raw_id in due:
            job_id = raw_id.decode(errors="replace")
            try:
                job = self.job_class.fetch(job_id, connection=self.connection)
                if job.func_name != wire.ENTRY_POINT or (job.id != TICK_ID and job.origin not in LANES):
                    raise ValueError(f"names {job.func_name} on {job.origin}")  # noqa: TRY301
            except REDIS_ERRORS:
                raise
            except Exception as error:
                log.error("scheduled message dropped", message=job_id, error=str(error) or type(error).__name__)
                self.connection.zrem(self.scheduled_jobs_key, raw_id)
            else:
                yield job

    def enqueue_job(self, job: Job) -> None:
        """Move a due message into its queue in one step; the two steps of rq-scheduler can lose or double it."""
        with self.connection.pipeline(transaction=True) as pipe:
            if job.id == TICK_ID:
                pipe.zadd(self.scheduled_jobs_key, {job.id: _next_minute()})
                wire.push([wire.Message(f"tick-{int(utcnow().timestamp())}", system_jobs.TICK.name)], self.connection)
            else:
                queue = wire.queue(self.connection, job.origin)
                pipe.zrem(self.scheduled_jobs_key, job.id)
                queue.scheduled_job_registry.remove(job, pipeline=pipe)
                job.set_status(JobStatus.QUEUED, pipeline=pipe)
                queue.push_job_id(job.id, pipeline=pipe)
            pipe.execute()

    def register_tick(self) -> None:
        """Put the tick of each minute back if it is missing: Redis was wiped, or a scheduler died half way. A tick that
        lies further ahead, as after a clock was set back, would stop the schedule until then."""
        if self.connection.zscore(self.scheduled_jobs_key, TICK_ID) is None or not self.connection.exists(
            Job.key_for(TICK_ID)
        ):
            self.connection.delete(Job.key_for(TICK_ID))  # it may be a key of another kind
            self._create_job(wire.ENTRY_POINT, kwargs={"job": system_jobs.TICK.name}, id=TICK_ID, result_ttl=-1)
            self.connection.zadd(self.scheduled_jobs_key, {TICK_ID: utcnow().timestamp()}, nx=True)
        self.connection.zadd(self.scheduled_jobs_key, {TICK_ID: _next_minute()}, xx=True, lt=True)

    def run(self, burst: bool = False) -> None:
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, lambda *_: self._stopped.set())
        log.info("scheduler started", name=self.name)
        self._watchdog.start()
        try:
            while not self._stopped.is_set():
                self._turn()
                if burst:
                    break
                self._stopped.wait(self._interval)
        finally:
            self._end()

    def _turn(self) -> None:
        self._watchdog.turn()
        try:
            self._beat()
            if self.acquire_lock():
                self.register_tick()
                for job in self.get_jobs_to_queue():
                    self.enqueue_job(job)
                self._recover()
            self._sweep()
        except RedisError as error:
            log.warning("Redis is away", error=str(error))
        except DBAPIError as error:
            log.warning("PostgreSQL is away", error=str(error.orig))
            # Workers could not show that they live; they get the time to do so before anybody goes by it.
            self._sweep_at = time.monotonic() + 3 * heartbeats.INTERVAL

    def _recover(self) -> None:
        """A Redis that lost its memory is told all that is open at once, without waiting for a worker."""
        with self._app.app_context():
            if relay.has_redis_forgotten():
                self._watchdog.turn(lasts=RECOVERY_TAKES)
                relay.send_all_open_jobs()

    def _sweep(self) -> None:
        """The sweep of each minute is a job that a worker has to run. Who waits at a station waits for no worker that
        is gone, nor for who leads: two that sweep at once pass over each other's rows."""
        if time.monotonic() < self._sweep_at:
            return
        self._sweep_at = time.monotonic() + SWEEP_EVERY
        with self._app.app_context():
            if sent := relay.redeliver_at_stations():
                log.warning("jobs that somebody at a station waits for sent again", jobs=sent)
            job_counts.write_counts(db.engine)

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_at < heartbeats.INTERVAL:
            return
        self._beaten_at = time.monotonic()
        with self._app.app_context():
            heartbeats.record(db.engine, name=self.name, kind="scheduler", queues=[])

    def _end(self) -> None:
        try:
            self.remove_lock()
            with self._app.app_context():
                heartbeats.sign_off(db.engine, self.name)
        except (*REDIS_ERRORS, DBAPIError) as error:
            log.warning("could not sign off", error=str(error))


def _next_minute() -> int:
    return (int(utcnow().timestamp()) // 60 + 1) * 60
