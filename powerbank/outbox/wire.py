"""How the news of a job travels: messages of RQ on Redis. PostgreSQL has the truth, Redis only the news of it.

A message names the job and its outbox row. Its arguments stay in PostgreSQL, so that Redis and rq-dashboard hold no
personal data; `description` shows them by name only.

All that `powerbank` leans on inside RQ and rq-scheduler stands here: the names of their keys, and what they write under
them. It was written against RQ 2.12 and rq-scheduler 0.14. The worker and the scheduler, which change what these do,
are in `jobs/worker/`. tests/jobs/test_rq_insides.py fails when RQ changes what either of them leans on.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
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
MESSAGE_PREFIX = "rq:job:"
STARTED = JobStatus.STARTED.value
RQ_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True)
class Message:
    """A message that is to be sent, at once or at a time to come."""

    id: str
    job: str
    payload: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def durable_message(*, outbox_id: Any, job: str, delivery: int, at: datetime | None = None) -> Message:
    """Make the message of an outbox row. The delivery's number is part of its id, because RQ would take a second
    message of one id for the same job."""
    return Message(f"{outbox_id}-{delivery}", job, {"outbox_id": str(outbox_id)}, at)


def push(messages: Iterable[Message], connection: Redis | None = None) -> None:
    """Send all messages in one round trip. Errors of Redis go to the caller, who knows what a loss means."""
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
            _enqueue(redis, pipe, spec, message)
    pipe.execute()


def forget_message(message_id: str) -> None:
    """Remove a message that has ended from what Redis shows. While Redis is away, it ends by its time to live."""
    try:
        job = Job.fetch(message_id, connection=queue_redis(), serializer=JSONSerializer)
        if job.get_status(refresh=False) in (JobStatus.FAILED, JobStatus.FINISHED):
            job.delete()
    except NoSuchJobError:
        return
    except RedisError as error:
        log.warning("ended message not removed", message=message_id, error=str(error))


def _enqueue(redis: Redis, pipe: Pipeline, spec: JobSpec, message: Message) -> None:
    """Write what RQ's `enqueue` writes. Most of it is the same for all messages of a job, and is taken from RQ once."""
    if spec.name not in _fields:
        _fields[spec.name] = _rq_job(redis, spec, Message("first", spec.name), JobStatus.QUEUED).to_dict()
    now = utcnow().strftime(RQ_TIME)
    call: list[Any] = [ENTRY_POINT, None, [], {"job": spec.name, **message.payload}]
    fields: dict[Any, Any] = {
        **_fields[spec.name],
        "created_at": now,
        "enqueued_at": now,
        "data": zlib.compress(json.dumps(call).encode()),
    }
    pipe.sadd(Queue.redis_queues_keys, queue_key(spec.lane))
    pipe.hset(MESSAGE_PREFIX + message.id, mapping=fields)
    pipe.rpush(queue_key(spec.lane), message.id)


_fields: dict[str, dict[str, Any]] = {}


def _rq_job(redis: Redis, spec: JobSpec, message: Message, status: JobStatus) -> Job:
    return Job.create(
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
        status=status,
    )


def _delay(redis: Redis, pipe: Pipeline, spec: JobSpec, message: Message, at: datetime) -> None:
    """Leave a message with rq-scheduler, and show it in RQ's registry of scheduled jobs for rq-dashboard."""
    job = _rq_job(redis, spec, message, JobStatus.SCHEDULED)
    job.save(pipeline=pipe)
    # rq-scheduler counts whole seconds: rounding up keeps it from waking a job before its time.
    due = (at + timedelta(microseconds=999_999)).replace(microsecond=0)
    pipe.zadd(DELAYED_KEY, {job.id: int(due.timestamp())})
    queue(redis, spec.lane).scheduled_job_registry.schedule(job, due, pipeline=pipe)


def queue_key(lane: str) -> str:
    """Name the list of the messages that wait on a lane."""
    return f"rq:queue:{lane}"


def workers_key(lane: str) -> str:
    """Name the set of the workers that serve a lane."""
    return f"rq:workers:{lane}"


def find_status_and_worker(message_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Find the status of each message, and the worker that took it; empty texts for a message that is gone."""
    with queue_redis().pipeline(transaction=False) as pipe:
        for message_id in message_ids:
            pipe.hmget(Job.key_for(message_id), "status", "worker_name")
        answers = pipe.execute(raise_on_error=False)
    # A key of another kind, which a stranger put there, is no message.
    pairs = [("", "") if isinstance(answer, Exception) else answer for answer in answers]
    return [(decode(status or b""), decode(worker or b"")) for status, worker in pairs]


def find_messages_in_hand(workers: set[str]) -> dict[str, str]:
    """Find the message that each of the workers took last, as far as Redis knows."""
    names = sorted(workers)
    with queue_redis().pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hget(f"rq:worker:{name}", "current_job")
        answers = pipe.execute(raise_on_error=False)
    return {name: decode(answer) for name, answer in zip(names, answers, strict=True) if isinstance(answer, bytes)}


def decode(value: bytes | str) -> str:
    """Read what Redis answers as text. Strangers can write to Redis, so what is no text does no harm."""
    return value if isinstance(value, str) else value.decode(errors="replace")


_queues: dict[tuple[int, str], Queue] = {}


def queue(redis: Redis, name: str) -> Queue:
    """Give RQ's object for a queue. The objects are kept, because RQ asks the server for its version once for each."""
    key = (id(redis.connection_pool), name)
    if key not in _queues:
        _queues[key] = Queue(name, connection=redis, serializer=JSONSerializer)
    return _queues[key]
