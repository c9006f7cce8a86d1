"""RQ's own workers, forking and in-process. The bodies are loaded before the fork, as its manual advises."""

import logging
import os

from redis import Redis
from rq import Queue, SimpleWorker, Worker

from scripts.bench.peers import bodies

JOBS = {"trivial": bodies.stamp, "durable": bodies.insert_row}


def _queue() -> Queue:
    return Queue("bench", connection=Redis.from_url(os.environ["REDIS_URL"]))


def enqueue(kind: str, count: int) -> None:
    _queue().enqueue_many([Queue.prepare_data(JOBS[kind], args=(slot,)) for slot in range(count)])


def work(worker: str) -> None:
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    queue = _queue()
    kind = {"forking": Worker, "simple": SimpleWorker}[worker]
    kind([queue], connection=queue.connection).work(logging_level="WARNING")
