"""The messages that go to Redis."""

from flask import Flask
from rq.job import Job
from rq.serializers import JSONSerializer

from powerbank.base.db import transaction
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox.enqueue import enqueue
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
