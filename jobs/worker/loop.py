"""The worker: that of RQ, without a fork and with one round trip to Redis for each job instead of some thirty.

`advance.lua` does in one step what RQ does in many: it files the finished job, takes the next one in order of priority,
marks it as started and hands over its hash. RQ does everything else: the loop, the commands (stop, suspend, shut down),
time limits, registries, failures, maintenance. It was written against RQ 2.12, and tests/jobs/test_rq_insides.py pins
each piece of RQ that this leans on.
"""

import copy
import os
import re
import resource
import signal
import socket
import sys
import time
import traceback
import uuid
from collections.abc import Sequence
from types import FrameType
from typing import Any

import structlog
from flask import Flask
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.worker import WorkerStatus

from jobs.worker.messages import Advance, WireJob, rq_time
from jobs.worker.precedence import Precedence
from jobs.worker.pulse import WORKER_TTL, Pulse
from jobs.worker.runtime import Outcome, describe_error
from powerbank.base import logs
from powerbank.base.db import db, utcnow
from powerbank.base.redis_clients import REDIS_ERRORS
from powerbank.base.watchdog import Watchdog
from powerbank.outbox.wire import MESSAGE_PREFIX

log = structlog.get_logger(__name__)

IDLE_WAIT = 1  # seconds a worker blocks for a message before it looks whether it should stop
SUSPENDED_FOR = 7 * 86400.0  # seconds, at most
CHECK_EVERY = 1.0  # seconds between looks at Redis for "suspend"


class RefusedMessageError(Exception):
    """A message from a queue could not be read. The next one may be better."""


class Worker(SimpleWorker):
    job_class = WireJob

    def __init__(self, app: Flask, queues: Sequence[str], connection: Redis, **options: Any) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        super().__init__(
            list(queues),
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=60,
            **options,
        )
        self._context = app.app_context()
        self._advance = Advance(connection)
        # Messages are copies of this one, because RQ looks at the serializer again for each that is made anew.
        self._blank = self.job_class("blank", connection=connection, serializer=self.serializer)
        self._by_key = {queue.key: queue for queue in self.queues}
        self._filed: list[Any] = []  # the finished job that the next `advance` files
        self._unanswered: list[Any] = []  # what `advance` was asked when Redis went away: it may have taken a job
        self._counter = 0
        self._looked_at = 0.0
        unit = 1 if sys.platform == "darwin" else 1024  # bytes of what the system counts in
        self._max_memory = app.config["SETTINGS"].worker_max_memory_mb * 1024 * 1024 // unit
        self._pulse = Pulse(app, self)
        self._watchdog = Watchdog()
        self._precedence = Precedence(queues)

    def check_for_suspension(self, burst: bool) -> None:
        """Look for "suspend" once a second. The loop asks before each job, which is more often than needed."""
        if time.monotonic() - self._looked_at < CHECK_EVERY:
            return
        self._looked_at = time.monotonic()
        self._watchdog.turn(lasts=SUSPENDED_FOR)  # it returns when staff resume the workers
        super().check_for_suspension(burst)
        self._watchdog.turn()

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Leave the loop's own heartbeats to `Pulse`, which also beats while a long job runs."""
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Write only the rarer states: `advance` writes busy and idle."""
        if state in (WorkerStatus.BUSY, WorkerStatus.IDLE) and pipeline is None:
            self._state = state
        else:
            super().set_state(state, pipeline)

    def procline(self, message: str) -> None:
        """Set no process title for each job."""

    def run_maintenance_tasks(self) -> None:
        """Drop overdue entries of registries where RQ cannot read one: its upkeep would stop there and keep its lock
        for 15 minutes. Such entries say nothing about any job."""
        try:
            super().run_maintenance_tasks()
        except (*REDIS_ERRORS, ReadOnlyError, OutOfMemoryError):
            raise
        except Exception as error:
            log.error("upkeep met an unreadable entry; overdue entries dropped", error=str(error))
            for queue in self.queues:
                self.connection.zremrangebyscore(queue.started_job_registry.key, 0, utcnow().timestamp())
                queue.release_maintenance_lock()
            self.last_cleaned_at = utcnow()  # type: ignore[assignment]  # RQ types it as None

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        idle_since = time.monotonic()
        pause = 0.1
        offered: Any = None
        while not self._stop_requested:
            self._watchdog.turn()
            try:
                if not offered and (wait := self._precedence.seconds_to_wait()):
                    self._file()
                    time.sleep(wait)
                    continue
                taken = self._take(offered)
                if taken is not None:
                    return taken
                if timeout is None or (max_idle_time and time.monotonic() - idle_since > max_idle_time):
                    return None
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()
                self.check_for_suspension(burst=False)
                offered = self.connection.blpop(self.queue_keys(), IDLE_WAIT)
                pause = 0.1
            except RefusedMessageError:
                offered = None
            except RedisError as error:  # away, full, or a replica by now
                offered = None
                log.warning("Redis is away", error=str(error), retry_in=pause)
                time.sleep(pause)
                pause = min(pause * 2, 2.0)
        if offered:  # asked to stop with a message in hand: the next worker takes it first
            self.connection.lpush(*offered)
        self._file()
        return None

    def _take(self, offered: Any) -> tuple[Job, Queue] | None:
        request = self._unanswered or self._next_request(offered)
        execution = request[2]
        self._unanswered = request
        answer = self._advance(self.queue_keys(), request)
        self._unanswered = []
        if answer is None:
            self._state = WorkerStatus.IDLE
            return None
        key, job_id, flat = answer
        queue = self._by_key[key.decode()]
        self._state = WorkerStatus.BUSY
        try:
            job = copy.copy(self._blank)
            job.id = job_id.decode()
            job.restore(dict(zip(flat[::2], flat[1::2], strict=True)))
        except Exception as error:
            self._refuse(job_id, execution, queue, error)
            raise RefusedMessageError from error
        self.execution = Execution(execution, job.id, self.connection, self.name)
        job.worker_name, job.origin = self.name, queue.name
        return job, queue

    def _next_request(self, offered: Any) -> list[Any]:
        self._counter += 1
        execution = f"{self.name}.{self._counter}"
        first = offered or ["", ""]
        filed, self._filed = self._filed or [""] * 6, []
        return [self.key, self.name, execution, rq_time(utcnow()), utcnow().timestamp(), *first, *filed]

    def _refuse(self, job_id: bytes, execution: str, queue: Queue, error: Exception) -> None:
        """File a message that nobody can read as failed, under an empty payload: its own could not be saved again."""
        log.error("message does not decode", message=_readable(job_id), error=str(error))
        self.connection.zrem(queue.started_job_registry.key, job_id + f":{execution}".encode())
        self.connection.delete(MESSAGE_PREFIX.encode() + job_id)
        refused = self.job_class(_readable(job_id), connection=self.connection)
        refused.data, refused.origin, refused.failure_ttl = b"", queue.name, 7 * 86400
        refused.started_at = refused.ended_at = utcnow()
        self.execution = None
        self.handle_job_failure(refused, queue, exc_string=_account(error))

    def execute_job(self, job: Job, queue: Queue) -> None:
        self.perform_job(job, queue)
        self._state = WorkerStatus.IDLE
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > self._max_memory:
            log.info("memory limit reached; a fresh worker takes over")
            self._stop_requested = True

    def perform_job(self, job: Job, queue: Queue) -> bool:
        job.started_at = utcnow()
        self._watchdog.turn(lasts=float(job.timeout or 180))
        try:
            with self.death_penalty_class(int(job.timeout or 180), JobTimeoutException):
                outcome = job.perform()
        except Exception as error:
            log.exception("job is dead", message=job.id, job=job.description)
            self._fail(job, queue, error)
            return False
        finally:
            db.session.close()
        job.ended_at = utcnow()
        result_ttl = job.get_result_ttl(self.default_result_ttl) if outcome is Outcome.DONE else 0
        seconds = (job.ended_at - job.started_at).total_seconds()
        assert self.execution is not None  # noqa: S101 (for the type checker)
        self._filed = [job.id, self.execution.composite_key, queue.name, result_ttl, rq_time(job.ended_at), seconds]
        self.execution = None
        return True

    def _fail(self, job: Job, queue: Queue, error: Exception) -> None:
        """Fail a job in RQ's own way, so that rq-dashboard shows it among the failed."""
        job.ended_at = utcnow()
        self.handle_job_failure(job, queue, exc_string=_account(error))

    def _file(self) -> None:
        """File the last finished job without taking another."""
        if not self._filed:
            return
        filed, self._filed = self._filed, []
        self._advance([], [self.key, self.name, "", rq_time(utcnow()), utcnow().timestamp(), "", "", *filed])

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Stop after the job in hand. Unlike RQ, never raise out of the middle of taking one."""
        self._shutdown_requested_date = utcnow()
        signal.signal(signal.SIGINT, self.request_force_stop)
        signal.signal(signal.SIGTERM, self.request_force_stop)
        self._stop_requested = True

    def bootstrap(self, *args: Any, **kwargs: Any) -> None:
        # All jobs share one context: what a job could leave behind is in the session, which ends with the job.
        self._context.push()
        self.register_birth()
        self.subscribe()
        super().set_state(WorkerStatus.STARTED)
        self._pulse.start()
        self._watchdog.start()
        log.info("worker started", name=self.name, queues=self.queue_names())

    def teardown(self) -> None:
        self._context.pop()
        self._pulse.stop()
        try:
            self._file()
            super().teardown()
        except RedisError as error:
            log.warning("Redis was away at the end", error=str(error))


def _account(error: BaseException) -> str:
    """Say where a job failed and why, for rq-dashboard. Python's own account has the whole text of the errors behind
    this one, and those of a database name the values that it refused."""
    origin = error.__cause__ or error
    frames = "".join(traceback.format_tb(origin.__traceback__))
    return logs.redact_text(f"{frames}{describe_error(origin)}\n{describe_error(error)}")


def _readable(job_id: bytes) -> str:
    """Make an id of characters that RQ takes."""
    return re.sub(r"[^\w-]", "_", job_id.decode("ascii", errors="replace"), flags=re.ASCII)[:100]
