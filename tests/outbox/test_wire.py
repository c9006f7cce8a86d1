"""The messages that go to Redis."""

from flask import Flask
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from powerbank.base.db import transaction
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.wire import ENTRY_POINT, Message, push
from tests import sample_jobs


def test_messages_hold_no_arguments(context: Flask) -> None:
    with transaction():
        enqueue(sample_jobs.EFFECT, key="9812345678")
    for key in queue_redis().keys("*"):
        content = queue_redis().dump(key)
        assert b"9812345678" not in content
    job = Job.fetch(
        queue_redis().lrange("rq:queue:default", 0, 0)[0].decode(),
        connection=queue_redis(),
        serializer=JSONSerializer,
    )
    assert set(job.kwargs) == {"job", "outbox_id"}


def test_a_message_is_what_rq_itself_would_write(context: Flask) -> None:
    spec, redis = sample_jobs.EFFECT, queue_redis()
    push([Message("ours", spec.name, {"outbox_id": "x"})])
    of_rq = Queue.prepare_data(
        ENTRY_POINT,
        kwargs={"job": spec.name, "outbox_id": "x"},
        timeout=spec.limit,
        result_ttl=spec.result_ttl,
        failure_ttl=spec.failure_ttl,
        description=spec.name,
        job_id="rqs",
    )
    Queue("default", connection=redis, serializer=JSONSerializer).enqueue_many([of_rq])
    ours, theirs = redis.hgetall("rq:job:ours"), redis.hgetall("rq:job:rqs")
    for name in (b"created_at", b"enqueued_at"):
        assert len(ours.pop(name)) == len(theirs.pop(name))
    assert ours == theirs
    assert redis.lrange("rq:queue:default", 0, -1) == [b"ours", b"rqs"]
    assert redis.smembers("rq:queues") == {b"rq:queue:default"}
