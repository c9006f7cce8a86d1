"""Our worker, and what it leans on in RQ: registries, failures, time limits, commands, stopping."""

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from rq.command import send_shutdown_command
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, FinishedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.suspension import resume, suspend
from sqlalchemy import text

from jobs.worker.loop import Worker
from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import connect, queue_redis
from powerbank.outbox import wire
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.outbound import unsent
from powerbank.outbox.wire import ENTRY_POINT
from scripts.drills.proxy import Proxy, to_port
from tests import sample_jobs

Work = Callable[..., None]


def effects() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(text("SELECT key FROM test_effects ORDER BY id")))


def ids(registry: type, queue: str = "default") -> list[str]:
    found: list[str] = registry(queue, connection=queue_redis(), serializer=JSONSerializer).get_job_ids(cleanup=False)
    return found


def accept(*specs: object, key: str = "a") -> None:
    with transaction():
        for spec in specs:
            enqueue(spec, key=key)  # type: ignore[arg-type]


def test_a_finished_job_stands_in_its_registry_and_nowhere_else(context: Flask, work: Work) -> None:
    accept(sample_jobs.EFFECT)
    work()
    (message_id,) = ids(FinishedJobRegistry)
    assert (ids(StartedJobRegistry), ids(FailedJobRegistry)) == ([], [])
    job = Job.fetch(message_id, connection=queue_redis(), serializer=JSONSerializer)
    assert (job.get_status(), job.description) == (JobStatus.FINISHED, "test_effect")
    assert job.started_at is not None
    assert job.ended_at is not None
    assert 0 < queue_redis().ttl(job.key) <= 3600


def test_a_dead_job_stands_among_the_failed_with_its_traceback(context: Flask, work: Work) -> None:
    accept(sample_jobs.REFUSED)
    work()
    (message_id,) = ids(FailedJobRegistry)
    job = Job.fetch(message_id, connection=queue_redis(), serializer=JSONSerializer)
    result = job.latest_result()
    assert result is not None
    assert "no such account" in (result.exc_string or "")
    assert (ids(StartedJobRegistry), ids(FinishedJobRegistry)) == ([], [])


def test_a_job_that_will_be_tried_again_is_shown_as_scheduled_not_as_failed(context: Flask, work: Work) -> None:
    accept(sample_jobs.FAILING)
    work()
    assert ids(FailedJobRegistry) == []
    assert len(Queue("default", connection=queue_redis()).scheduled_job_registry.get_job_ids()) == 1


def test_queues_are_drained_in_order_of_priority_for_every_single_job(context: Flask, work: Work) -> None:
    with transaction():
        for number in range(3):
            enqueue(sample_jobs.EFFECT, key=f"later{number}")
        enqueue(sample_jobs.URGENT, key="first")
    work()
    assert effects() == ["first", "later0", "later1", "later2"]


def test_a_job_beyond_its_time_limit_is_stopped(context: Flask, work: Work) -> None:
    accept(sample_jobs.ENDLESS)
    work()
    assert effects() == []
    assert db.session.scalar(text("SELECT last_error FROM outbox_jobs")).startswith("JobTimeoutException")


def test_a_losable_job_is_tried_again_and_then_given_up(context: Flask, work: Work) -> None:
    with transaction():
        assert enqueue(sample_jobs.LOSABLE, fail_first=True) is None
    work()
    assert len(Queue("analytics", connection=queue_redis()).scheduled_job_registry.get_job_ids()) == 1
    assert db.session.scalar(text("SELECT count(*) FROM outbox_jobs")) == 0


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(["os.system", None, ["touch /tmp/powned"], {}]),
        json.dumps([ENTRY_POINT, None, ["test_effect"], {}]),
        json.dumps([ENTRY_POINT, "os", [], {"job": "test_effect"}]),
        json.dumps(["jobs.worker.runtime.preload", None, [], {}]),
        "not json",
        "\x80\x04.",
        "[]",
    ],
)
def test_a_message_that_is_not_ours_is_refused_and_the_others_go_on(context: Flask, work: Work, data: str) -> None:
    redis = queue_redis()
    redis.hset("rq:job:stranger", mapping={"data": data, "origin": "default", "created_at": "x", "timeout": "10"})
    redis.rpush("rq:queue:default", "stranger")
    accept(sample_jobs.EFFECT)
    work()
    assert effects() == ["a"]
    assert "stranger" in ids(FailedJobRegistry)


@pytest.mark.parametrize("callback", ["success_callback_name", "failure_callback_name"])
def test_callbacks_of_strangers_are_never_called(context: Flask, work: Work, callback: str, tmp_path: object) -> None:
    mark = f"{tmp_path}/called"
    accept(sample_jobs.EFFECT, sample_jobs.REFUSED)
    for key in queue_redis().keys("rq:job:*"):
        queue_redis().hset(key, callback, "os.mkdir")
    work()
    assert not os.path.exists(mark)  # noqa: PTH110
    assert effects() == ["a"]
    assert len(ids(FailedJobRegistry)) == 1


def test_an_unknown_job_is_a_dead_letter_once_no_update_explains_it(context: Flask, work: Work) -> None:
    accept(sample_jobs.EFFECT)
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET job = 'gone', created_at = now() - interval '11 min'"))
    (key,) = queue_redis().keys("rq:job:*")
    outbox_id = key.decode().removeprefix("rq:job:").rpartition("-")[0]
    data = json.dumps([ENTRY_POINT, None, [], {"job": "gone", "outbox_id": outbox_id}])
    queue_redis().hset(key, "data", data)
    work()
    row = db.session.execute(text("SELECT state, cause FROM outbox_jobs")).one()
    assert (row.state, row.cause) == ("dead", "undeliverable")


def test_a_message_that_names_another_job_than_its_row_harms_no_row(context: Flask, work: Work) -> None:
    accept(sample_jobs.EFFECT)
    (key,) = queue_redis().keys("rq:job:*")
    outbox_id = key.decode().removeprefix("rq:job:").rpartition("-")[0]
    queue_redis().hset(key, "data", json.dumps([ENTRY_POINT, None, [], {"job": "gone", "outbox_id": outbox_id}]))
    work()
    assert db.session.execute(text("SELECT state FROM outbox_jobs")).scalar_one() == "open"
    assert len(ids(FailedJobRegistry)) == 1


def test_a_durable_job_runs_through_the_outbox_only(context: Flask, work: Work) -> None:
    accept(sample_jobs.EFFECT)
    (key,) = queue_redis().keys("rq:job:*")
    forged = {"job": sample_jobs.EFFECT.name, "arguments": {"key": "forged"}}
    queue_redis().hset(key, "data", json.dumps([ENTRY_POINT, None, [], forged]))
    work()
    assert effects() == []
    assert len(ids(FailedJobRegistry)) == 1


def test_a_suspended_worker_takes_nothing_until_resumed(context: Flask) -> None:
    accept(sample_jobs.EFFECT)
    suspend(queue_redis())
    try:
        worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
        worker.work(burst=True)
        assert effects() == []
    finally:
        resume(queue_redis())
    worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
    worker.work(burst=True)
    assert effects() == ["a"]


@pytest.fixture
def keep_signals() -> object:
    before = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.mark.usefixtures("keep_signals")
def test_an_idle_worker_ends_on_request_and_takes_nothing_with_it(context: Flask) -> None:
    worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    worker.work()


@pytest.mark.usefixtures("keep_signals")
def test_a_busy_worker_finishes_its_job_and_leaves_the_next(context: Flask) -> None:
    with transaction():
        enqueue(sample_jobs.SLOW, key="slow", seconds=1.0)
        enqueue(sample_jobs.EFFECT, key="next")
    worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
    worker.work()
    assert effects() == ["slow"]
    assert queue_redis().llen("rq:queue:default") == 1
    assert len(ids(FinishedJobRegistry)) == 1  # filed, although no next job was taken


@pytest.mark.usefixtures("keep_signals")
def test_the_shutdown_command_of_rq_works(context: Flask) -> None:
    worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
    threading.Timer(0.5, send_shutdown_command, (queue_redis(), worker.name)).start()
    worker.work()


@pytest.mark.usefixtures("keep_signals")
def test_a_worker_at_its_memory_limit_makes_room_for_a_fresh_one(context: Flask) -> None:
    with transaction():
        for number in range(3):
            enqueue(sample_jobs.EFFECT, key=str(number))
    worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
    worker._max_memory = 1
    worker.work()
    assert effects() == ["0"]


def test_a_worker_made_invisible_by_a_wipe_registers_anew(context: Flask) -> None:
    from jobs.worker.pulse import Pulse

    worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
    worker.register_birth()
    queue_redis().flushdb()
    assert Worker.count(connection=queue_redis()) == 0
    Pulse(context, worker)._beat_redis(queue_redis())
    assert Worker.count(connection=queue_redis()) == 1
    worker.register_death()


def test_a_job_whose_taking_was_not_answered_is_handed_over_again(context: Flask) -> None:
    """Else it would wait for its lease and a sweep."""
    accept(sample_jobs.EFFECT, key="a")
    accept(sample_jobs.EFFECT, key="b")
    worker = Worker(context, ["default"], Redis.from_url(os.environ["REDIS_URL"]))
    request = worker._next_request(None)
    first = worker._advance(worker.queue_keys(), request)
    assert worker._advance(worker.queue_keys(), request)[:2] == first[:2]
    assert queue_redis().llen("rq:queue:default") == 1
    next_one = worker._advance(worker.queue_keys(), worker._next_request(None))
    assert next_one[1] != first[1]


def test_a_worker_that_got_no_answer_asks_the_same_once_more(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("a", "b", "c"):
        accept(sample_jobs.EFFECT, key=key)
    redis = queue_redis().connection_pool.connection_kwargs
    with closing(Proxy(to_port(redis["port"]))) as proxy:
        worker = Worker(context, ["default"], connect(f"redis://127.0.0.1:{proxy.port}/{redis['db']}"))
        proxy.swallow(b"EVAL", times=3)  # the retry and then the worker's next attempt
        worker.work(burst=True)
        worker.connection.close()
    assert proxy.swallowed == 3
    assert effects() == ["a", "b", "c"]
    assert len(ids(FinishedJobRegistry)) == 3
    assert ids(StartedJobRegistry) == []


def test_a_broken_push_leaves_the_job_to_the_sweep(context: Flask, monkeypatch: pytest.MonkeyPatch, work: Work) -> None:
    from powerbank.outbox import relay

    def away(*_: object) -> None:
        from redis.exceptions import ConnectionError as Away

        raise Away("gone")

    queue_redis().set(relay.EPOCH_KEY, "x")
    with monkeypatch.context() as patch:
        patch.setattr(wire, "push", away)
        accept(sample_jobs.EFFECT)
        unsent.forget()  # and with the process that kept it, what would have been sent a second later
    assert queue_redis().llen("rq:queue:default") == 0
    db.session.execute(text("UPDATE outbox_jobs SET lease_until = now()"))
    db.session.commit()
    assert relay.redeliver_stranded() == 1
    work()
    assert effects() == ["a"]
