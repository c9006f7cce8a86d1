"""How the news of a job travels: RQ messages on Redis. Nothing here is the truth of anything.

A message names the job and its outbox row. Its arguments stay in PostgreSQL, so that Redis and
rq-dashboard hold no personal data; `description` shows them by name only.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from powerbank.base.clock import utcnow
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import catalogue
from powerbank.outbox.policy import JobSpec

log = structlog.get_logger(__name__)

ENTRY_POINT = "jobs.worker.runtime.run"  # the only function a worker executes
DELAYED_KEY = "rq:scheduler:scheduled_jobs"  # rq-scheduler's sorted set


@dataclass(frozen=True)
class Message:
    id: str
    job: str
    payload: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def durable_message(*, outbox_id: Any, job: str, delivery: int, at: datetime | None = None) -> Message:
    """The delivery's number is part of the id: RQ would take a second message of one id for the same job."""
    return Message(f"{outbox_id}-{delivery}", job, {"outbox_id": str(outbox_id)}, at)


def push(messages: Iterable[Message], connection: Redis | None = None) -> None:
    """Sends all of them in one round trip. Raises redis errors; the callers know what a loss means."""
    redis = connection if connection is not None else queue_redis()
    pipe = redis.pipeline(transaction=True)
    for message in messages:
        spec = catalogue.find(message.job)
        if spec is None:
            log.warning("message for an unknown job not sent", job=message.job, id=message.id)
            continue
        if message.at is not None and message.at > utcnow():
            _delay(redis, pipe, spec, message, message.at)
        else:
            queue(redis, spec.lane).enqueue_many([_enqueue_data(spec, message)], pipeline=pipe)
    pipe.execute()


def forget_message(message_id: str) -> None:
    """Removes a message that has ended from what Redis shows. Redis away: it ends by its time to live."""
    try:
        job = Job.fetch(message_id, connection=queue_redis(), serializer=JSONSerializer)
        if job.get_status(refresh=False) in (JobStatus.FAILED, JobStatus.FINISHED):
            job.delete()
    except NoSuchJobError:
        return
    except RedisError as error:
        log.warning("ended message not removed", message=message_id, error=str(error))


def _enqueue_data(spec: JobSpec, message: Message) -> Any:
    return Queue.prepare_data(
        ENTRY_POINT,
        kwargs={"job": spec.name, **message.payload},
        timeout=spec.limit,
        result_ttl=spec.result_ttl,
        failure_ttl=spec.failure_ttl,
        description=spec.name,
        job_id=message.id,
    )


def _delay(redis: Redis, pipe: Pipeline, spec: JobSpec, message: Message, at: datetime) -> None:
    """Leaves it with rq-scheduler, and shows it in RQ's own registry of scheduled jobs for rq-dashboard."""
    job = Job.create(
        ENTRY_POINT,
        kwargs={"job": spec.name, **message.payload},
        connection=redis,
        serializer=JSONSerializer,
        timeout=spec.limit,
        result_ttl=spec.result_ttl,
        failure_ttl=spec.failure_ttl,
        description=spec.name,
        id=message.id,
        origin=spec.lane,
        status=JobStatus.SCHEDULED,
    )
    job.save(pipeline=pipe)
    # rq-scheduler counts whole seconds: rounding up keeps it from waking a job before its time.
    due = (at + timedelta(microseconds=999_999)).replace(microsecond=0)
    pipe.zadd(DELAYED_KEY, {job.id: int(due.timestamp())})
    queue(redis, spec.lane).scheduled_job_registry.schedule(job, due, pipeline=pipe)


def queue(redis: Redis, name: str) -> Queue:
    return _queue_on(id(redis.connection_pool), name, redis)


_queues: dict[tuple[int, str], Queue] = {}


def _queue_on(pool: int, name: str, redis: Redis) -> Queue:
    """RQ asks the server for its version once for each Queue object, so the objects are kept."""
    key = (pool, name)
    if key not in _queues:
        _queues[key] = Queue(name, connection=redis, serializer=JSONSerializer)
    return _queues[key]
