"""Redis may hold anything. What is no message of ours is put aside, and the others go on."""

import json
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from redis import Redis

from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import Cause, State
from tests import sample_jobs
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults

QUEUE = "rq:queue:default"
SCHEDULED = "rq:scheduler:scheduled_jobs"


def _data(function: str, *args: object, **kwargs: object) -> bytes:
    return zlib.compress(json.dumps([function, None, args, kwargs]).encode())


# A stranger, a bug or a torn write may make these of a message. Each spoils the hash under `key`.
SPOILERS: dict[str, Callable[[Redis, str], object]] = {
    "another kind of key": lambda redis, key: (redis.delete(key), redis.set(key, "a string")),
    "no hash": lambda redis, key: redis.delete(key),
    "no fields": lambda redis, key: (redis.delete(key), redis.hset(key, "status", "queued")),
    "no data": lambda redis, key: redis.hdel(key, "data"),
    "undecodable data": lambda redis, key: redis.hset(key, "data", b"\xff\xfe\x00garbage"),
    "data that is no JSON": lambda redis, key: redis.hset(key, "data", zlib.compress(b"{'a': nan")),
    "JSON that is no call": lambda redis, key: redis.hset(key, "data", zlib.compress(b'{"a": 1}')),
    "arguments of another kind": lambda redis, key: redis.hset(
        key, "data", _data("jobs.worker.runtime.run", nonsense=1)
    ),
    "an id that is none": lambda redis, key: redis.hset(
        key, "data", _data("jobs.worker.runtime.run", job="test_effect", outbox_id="robert'; drop")
    ),
    "undecodable status": lambda redis, key: redis.hset(key, "status", b"\xff\xfe"),
    "unknown status": lambda redis, key: redis.hset(key, "status", "elsewhere"),
    "undecodable worker": lambda redis, key: redis.hset(
        key, mapping={"status": "started", "worker_name": b"\xff\xfe", "created_at": b"\xff"}
    ),
    "times that are none": lambda redis, key: redis.hset(key, mapping={"created_at": "yesterday", "timeout": "soon"}),
    "a negative time limit": lambda redis, key: redis.hset(key, "timeout", "-7"),
    "retries that are none": lambda redis, key: redis.hset(key, "retries_left", "many"),
    "meta that is none": lambda redis, key: redis.hset(key, "meta", b"\xff\xfe"),
}


def test_spoilt_messages_are_sent_again_and_stop_nobody(plant: Plant) -> None:
    spoilt = {what: plant.enqueue(sample_jobs.EFFECT, key=what) for what in SPOILERS}
    plant.enqueue(sample_jobs.EFFECT, key="behind them")
    with plant.context():
        for what, job_id in spoilt.items():
            SPOILERS[what](queue_redis(), f"rq:job:{job_id}-1")
    worker = plant.worker()
    wait_until(lambda: plant.effects()["behind them"] == 1, 10, "what stands behind them is done")
    plant.drain(20)
    assert plant.effects() == dict.fromkeys((*SPOILERS, "behind them"), 1)
    assert worker.alive


def test_spoilt_messages_stop_no_sweep(plant: Plant) -> None:
    """The sweep looks at them while they still lie in Redis, before any worker has come."""
    spoilt = {what: plant.enqueue(sample_jobs.EFFECT, key=what) for what in SPOILERS}
    lost = plant.enqueue(sample_jobs.EFFECT, key="lost")
    with plant.context():
        for what, job_id in spoilt.items():
            SPOILERS[what](queue_redis(), f"rq:job:{job_id}-1")
        queue_redis().lpush(QUEUE, b"\xff\xfe")
        queue_redis().lrem(QUEUE, 0, f"{lost}-1")
    wait_until(lambda: plant.sweep() is None and plant.job(lost)["deliveries"] > 1, 10, "the lost one is sent again")


def test_strange_ids_in_a_queue_stop_no_worker(plant: Plant) -> None:
    worker = plant.worker()
    with plant.context():
        redis = queue_redis()
        redis.hset(
            "rq:job:known", mapping={"status": "queued", "data": _data("jobs.worker.runtime.run", job="no_such_job")}
        )
        redis.hset(b"rq:job:\xff\xfd", mapping={"status": "queued", "data": b"x"})
        for strange in ("", "no-such-job", "known", b"\xff\xfe", b"\xff\xfd", "x" * 100_000):
            redis.rpush(QUEUE, strange)
            time.sleep(0.1)  # an idle worker is offered each one by itself
        redis.rpush(QUEUE, b"\xff\xfe", b"\xff\xfd", "", "known")  # and a busy one takes them itself
    plant.enqueue(sample_jobs.EFFECT, key="behind them")
    wait_until(lambda: plant.effects() == {"behind them": 1}, 10, "what stands behind them is done")
    assert worker.alive


def test_a_message_that_names_another_function_is_not_executed(plant: Plant, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    hashes = {
        "os": {"data": _data("os.system", f"touch {mark}")},
        "callback": {
            "data": _data("jobs.worker.runtime.run", job="no_such_job"),
            "success_callback_name": "os.abort",
            "failure_callback_name": "os.abort",
        },
        "arguments": {"data": _data("jobs.worker.runtime.run", "test_effect", arguments={"key": "forged"})},
    }
    worker = plant.worker()
    with plant.context():
        for name, fields in hashes.items():
            queue_redis().hset(f"rq:job:{name}", mapping={**fields, "status": "queued", "origin": "default"})
            queue_redis().rpush(QUEUE, name)
        wait_until(lambda: queue_redis().zcard("rq:failed:default") == len(hashes), 10, "each is filed as failed")
    plant.enqueue(sample_jobs.EFFECT, key="behind them")
    wait_until(lambda: plant.effects() == {"behind them": 1}, 10, "what stands behind them is done")
    assert not mark.exists()
    assert worker.alive


def test_a_message_makes_no_worker_call_an_address(plant: Plant) -> None:
    called: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    hook = {"url": f"http://127.0.0.1:{server.server_port}/", "job_status": "failed"}
    with plant.context():
        fields = {"status": "queued", "data": _data("os.getcwd"), "webhooks": json.dumps([hook])}
        queue_redis().hset("rq:job:hooked", mapping=fields)
        queue_redis().rpush(QUEUE, "hooked")
        plant.worker()
        wait_until(lambda: bool(queue_redis().zcard("rq:failed:default")), 10, "it is filed as failed")
    plant.enqueue(sample_jobs.EFFECT, key="behind it")
    wait_until(lambda: plant.effects() == {"behind it": 1}, 10, "what stands behind it is done")
    server.shutdown()
    server.server_close()
    assert called == []


def test_a_durable_job_whose_arguments_do_not_fit_is_a_dead_letter(plant: Plant) -> None:
    plant.worker()
    job_id = plant.enqueue(sample_jobs.EFFECT, nonsense=1)
    plant.drain(10)
    job = plant.job(job_id)
    assert (job["state"], job["cause"]) == (State.DEAD, Cause.REFUSED)
    assert "does not take these arguments" in job["last_error"]


def test_garbage_among_the_started_jobs_stops_no_worker(plant: Plant) -> None:
    """RQ's own upkeep comes past it."""
    with plant.context():
        redis = queue_redis()
        redis.set("rq:job:torn", "a string")
        redis.hset("rq:job:garbled", mapping={"status": b"\xff", "data": b"\xff"})
        redis.zadd("rq:wip:default", {"torn:1": 1, "garbled:1": 1, "no-such:1": 1, "no-colon": 1, b"\xff\xfe": 1})
    worker = plant.worker()
    plant.enqueue(sample_jobs.EFFECT, key="a")
    wait_until(lambda: plant.effects() == {"a": 1}, 10, "the job is done")
    assert worker.alive


def test_garbage_among_the_delayed_stops_no_scheduler(plant: Plant) -> None:
    scheduler = plant.scheduler()
    plant.worker()
    with plant.context():
        redis = queue_redis()
        redis.set("rq:job:torn", "a string")
        redis.hset("rq:job:garbled", mapping={"status": b"\xff", "data": b"\xff", "created_at": "yesterday"})
        redis.hset("rq:job:elsewhere", mapping={"status": "scheduled", "data": _data("os.system", "true")})
        meta = json.dumps({"queue_class_name": "os.system"})
        ours = _data("jobs.worker.runtime.run", job="no_such_job")
        redis.hset("rq:job:meta", mapping={"status": "scheduled", "data": ours, "origin": "default", "meta": meta})
        redis.hset("rq:job:homeless", mapping={"status": "scheduled", "data": ours})
        redis.zadd(
            SCHEDULED,
            {"meta": 1, "homeless": 1, "torn": 1, "garbled": 1, "no-such": 1, b"\xff\xfe": 1, "elsewhere": 1, "": 1},
        )
        soon = utcnow() + timedelta(seconds=3)  # they are spoilt before they are due, also on a slow machine
        with transaction():
            spoilt = [enqueue(sample_jobs.EFFECT, key=what, at=soon) for what in SPOILERS]
            enqueue(sample_jobs.EFFECT, key="behind them", at=soon)
        for spoil, job_id in zip(SPOILERS.values(), spoilt, strict=True):
            spoil(redis, f"rq:job:{job_id}-1")
        wait_until(lambda: plant.effects()["behind them"] == 1, 15, "what stands behind them is done")
        assert not redis.zrangebyscore(SCHEDULED, 0, 1)
    plant.drain(20)
    assert plant.effects() == dict.fromkeys((*SPOILERS, "behind them"), 1)
    assert scheduler.alive


@pytest.mark.parametrize("spoil", [SPOILERS["another kind of key"], SPOILERS["undecodable data"]])
def test_a_spoilt_tick_is_made_anew(plant: Plant, spoil: Callable[[Redis, str], object]) -> None:
    scheduler = plant.scheduler(TEST_SLOTS="yes")
    with plant.context():
        redis = queue_redis()
        wait_until(lambda: bool(redis.exists("rq:job:powerbank-tick")), 10, "the tick is registered")
        spoil(redis, "rq:job:powerbank-tick")
        ticks = redis.llen("rq:queue:critical")
        wait_until(lambda: redis.llen("rq:queue:critical") > ticks + 2, 15, "it ticks on")
    assert scheduler.alive


def test_expired_while_the_worker_was_away_it_is_not_run_late(plant: Plant) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    in_queue = plant.enqueue(sample_jobs.BRIEF, expires_at=soon, key="in the queue")
    time.sleep(1.1)
    plant.worker()
    plant.drain(10)
    job = plant.job(in_queue)
    assert (job["state"], job["cause"]) == (State.DEAD, Cause.EXPIRED)
    assert plant.effects() == {"resolved:in the queue": 1}


def test_expired_and_lost_with_redis_it_is_not_run_late(plant: Plant) -> None:
    job_id = plant.enqueue(sample_jobs.BRIEF, expires_at=datetime.now(UTC) + timedelta(seconds=1), key="a")
    with plant.context():
        queue_redis().flushall()
    time.sleep(1.1)
    plant.sweep()
    plant.worker()
    plant.drain(10)
    assert plant.job(job_id)["cause"] == Cause.EXPIRED
    assert plant.effects() == {"resolved:a": 1}
