"""A sweep while very many jobs wait: it leaves what waits as it is, and still finds what is lost."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import lifecycle, relay, waiting_messages
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs

JOBS = 60


@pytest.fixture
def overdue(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enqueue jobs that all wait in their queue, and whose leases are all over."""
    monkeypatch.setattr(relay, "BATCH", 10)
    monkeypatch.setattr(waiting_messages, "PAGE", 25)
    relay.send_all_open_jobs()
    with transaction() as session:
        for number in range(JOBS):
            enqueue(sample_jobs.EFFECT, key=str(number))
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() - interval '1 s'"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the messages of queues that are read, page by page."""
    pages: list[int] = []
    lrange = Redis.lrange

    def counted(redis: Redis, *arguments: Any) -> Any:
        page = lrange(redis, *arguments)
        pages.append(len(page))  # type: ignore[arg-type]
        return page

    monkeypatch.setattr(Redis, "lrange", counted)
    return pages


@pytest.mark.usefixtures("overdue")
def test_a_sweep_reads_a_queue_once_however_many_jobs_of_it_are_overdue(read: list[int]) -> None:
    assert relay.redeliver_stranded() == 0
    assert sum(read) == JOBS


@pytest.mark.usefixtures("overdue")
def test_a_sweep_writes_nothing_for_jobs_that_wait_in_their_queue() -> None:
    versions = "SELECT array_agg(xmin::text ORDER BY id) FROM outbox_jobs"
    before = db.session.scalar(text(versions))
    assert relay.redeliver_stranded() == 0
    assert db.session.scalar(text(versions)) == before


@pytest.mark.usefixtures("overdue")
def test_a_message_that_is_missing_from_a_long_queue_is_found() -> None:
    redis = queue_redis()
    redis.ltrim("rq:queue:default", 0, 19)
    assert relay.redeliver_stranded() == JOBS - 20
    assert db.session.scalar(text("SELECT count(*) FROM outbox_jobs WHERE deliveries = 2")) == JOBS - 20
    assert redis.llen("rq:queue:default") == JOBS


@pytest.fixture
def long(context: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fill a long queue with jobs, one second after the other, whose leases are all over.

    Return their keys in order.
    """
    monkeypatch.setattr(relay, "BATCH", 10)
    monkeypatch.setattr(waiting_messages, "LONG_QUEUE", 30)
    monkeypatch.setattr(waiting_messages, "HEAD", 5)
    monkeypatch.setattr(waiting_messages, "OUT_OF_ORDER", timedelta(0))
    relay.send_all_open_jobs()
    for number in range(JOBS):
        with transaction() as session:
            enqueue(sample_jobs.EFFECT, key=f"{number:03}")
            session.execute(
                text(
                    "UPDATE outbox_jobs SET lease_until = now() - interval '1 h' + :seconds * interval '1 s'"
                    " WHERE arguments ->> 'key' = :key"
                ),
                {"seconds": number, "key": f"{number:03}"},
            )
    return [f"{number:03}" for number in range(JOBS)]


def sent_again() -> list[str]:
    db.session.rollback()
    return list(
        db.session.scalars(text("SELECT arguments ->> 'key' FROM outbox_jobs WHERE deliveries = 2 ORDER BY id"))
    )


@pytest.mark.usefixtures("long")
def test_of_a_long_queue_only_the_head_is_read(read: list[int]) -> None:
    assert relay.redeliver_stranded() == 0
    assert sum(read) == waiting_messages.HEAD


def test_a_message_that_was_taken_from_a_long_queue_and_lost_is_found(long: list[str]) -> None:
    queue_redis().lpop("rq:queue:default", 7)
    assert relay.redeliver_stranded() == 7
    assert sent_again() == long[:7]
    assert queue_redis().llen("rq:queue:default") == JOBS


def test_a_message_missing_behind_the_head_is_found_when_its_turn_has_come(long: list[str]) -> None:
    """Its job would not have been done any earlier."""
    redis = queue_redis()
    gone = redis.lindex("rq:queue:default", 20)
    assert gone is not None
    redis.lrem("rq:queue:default", 1, gone)  # type: ignore[arg-type]
    assert relay.redeliver_stranded() == 0
    for _ in range(20):  # a worker does these
        done = redis.lpop("rq:queue:default")
        assert isinstance(done, bytes)
        with transaction():
            assert lifecycle.take_and_complete(UUID(done.decode().rpartition("-")[0]), sample_jobs.EFFECT) is not None
    assert relay.redeliver_stranded() == 1
    assert sent_again() == [long[20]]


def test_a_long_queue_whose_head_tells_nothing_is_read_whole(long: list[str]) -> None:
    queue_redis().ltrim("rq:queue:default", 0, 39)
    queue_redis().lpush("rq:queue:default", *[f"stranger-{number}" for number in range(waiting_messages.HEAD)])
    assert relay.redeliver_stranded() == JOBS - 40
    assert sent_again() == long[40:]


def test_a_queue_that_was_emptied_is_filled_again(long: list[str]) -> None:
    queue_redis().delete("rq:queue:default")
    assert relay.redeliver_stranded() == JOBS
    assert sent_again() == long
    assert queue_redis().llen("rq:queue:default") == JOBS


@pytest.mark.usefixtures("context")
def test_what_somebody_at_a_station_waits_for_is_swept_by_itself() -> None:
    relay.send_all_open_jobs()
    with transaction() as session:
        enqueue(sample_jobs.URGENT, key="urgent")
        enqueue(sample_jobs.EFFECT, key="other")
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() - interval '1 s'"))
    assert relay.redeliver_at_stations() == 0, "both wait in their queues"
    queue_redis().delete("rq:queue:critical", "rq:queue:default")
    assert relay.redeliver_at_stations() == 1
    assert sent_again() == ["urgent"]
