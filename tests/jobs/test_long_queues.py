"""A sweep while very many jobs wait: it reads each queue once and sends nothing twice."""

from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import relay
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs

JOBS = 60


@pytest.fixture
def overdue(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """All wait in their queue, and all of their leases are over."""
    monkeypatch.setattr(relay, "BATCH", 10)
    monkeypatch.setattr(relay, "PAGE", 25)
    relay.recover()
    with transaction() as session:
        for number in range(JOBS):
            enqueue(sample_jobs.EFFECT, key=str(number))
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() - interval '1 s'"))


@pytest.mark.usefixtures("overdue")
def test_a_sweep_reads_a_queue_once_however_many_jobs_of_it_are_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    lrange = Redis.lrange

    def counted(redis: Redis, *arguments: Any) -> Any:
        page = lrange(redis, *arguments)
        read.append(len(page))  # type: ignore[arg-type]
        return page

    monkeypatch.setattr(Redis, "lrange", counted)
    assert relay.redeliver_stranded() == 0
    assert sum(read) == JOBS
    left = "SELECT count(*) FROM outbox_jobs WHERE lease_until <= now() OR deliveries <> 1"
    assert db.session.scalar(text(left)) == 0
    relay.redeliver_stranded()
    assert sum(read) == JOBS, "nothing is overdue any more, so nothing is read"


@pytest.mark.usefixtures("overdue")
def test_what_is_missing_from_a_long_queue_is_found() -> None:
    redis = queue_redis()
    redis.ltrim("rq:queue:default", 0, 19)
    assert relay.redeliver_stranded() == JOBS - 20
    assert db.session.scalar(text("SELECT count(*) FROM outbox_jobs WHERE deliveries = 2")) == JOBS - 20
    assert redis.llen("rq:queue:default") == JOBS
