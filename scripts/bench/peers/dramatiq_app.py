"""Dramatiq with its default middleware on Redis."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from scripts.bench.peers import bodies

dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))

JOBS = {
    "trivial": dramatiq.actor(bodies.stamp, actor_name="trivial"),
    "durable": dramatiq.actor(bodies.insert_row, actor_name="durable"),
}


def enqueue(kind: str, count: int) -> None:
    for slot in range(count):
        JOBS[kind].send(slot)
