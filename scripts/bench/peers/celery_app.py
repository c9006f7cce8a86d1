"""Celery as its manual sets it up for Redis, without a result backend."""

import os

from celery import Celery

from scripts.bench.peers import bodies

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.task_ignore_result = True

JOBS = {
    "trivial": app.task(name="trivial")(bodies.stamp),
    "durable": app.task(name="durable")(bodies.insert_row),
}


def enqueue(kind: str, count: int) -> None:
    for slot in range(count):
        JOBS[kind].delay(slot)
