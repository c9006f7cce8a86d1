"""Redis may lose everything, or be away, at any moment."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import RedisClients, queue_redis
from powerbank.outbox import relay, wire
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.outbound import MOST_UNSENT, PAUSE, unsent
from scripts.drills.proxy import Proxy, to_port
from scripts.stack.ports import free_ports
from scripts.stack.servers.redis import EmbeddedRedis
from tests import sample_jobs
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults


@pytest.fixture
def plant(own_plant: Plant) -> Plant:
    return own_plant


def test_a_wipe_with_a_thousand_jobs_queued_delayed_and_running_loses_none(plant: Plant) -> None:
    """Nobody sweeps here: the scheduler's own loop must notice, and wake the delayed ones."""
    plant.scheduler()
    plant.worker()
    plant.enqueue(sample_jobs.SLOW, key="running", seconds=2)
    wait_until(lambda: plant.in_hand() > 0, 10, "the slow job runs")
    _enqueue_many(plant, 999)
    with plant.context():
        assert queue_redis().llen("rq:queue:default") > 500  # on a slow machine the worker has gone on meanwhile
        queue_redis().flushall()
    wait_until(lambda: plant.open_jobs() == 0, 40, "all are done")
    effects = plant.effects()
    assert len(effects) == 1000
    assert set(effects.values()) == {1}


def test_killed_and_come_back_empty_redis_loses_no_job(plant: Plant) -> None:
    with _kept(plant, "worker", "scheduler"):
        _enqueue_many(plant, 300)
        plant.redis.kill()
        plant.redis.wipe()
        _enqueue_many(plant, 20, prefix="without ")
        plant.redis.start()
        wait_until(lambda: plant.open_jobs() == 0, 60, "all are done")
    assert plant.wrong() == []
    assert sum(plant.effects().values()) == 320


DRAINED_WITHIN = 90  # seconds


@pytest.mark.parametrize(("how", "outage"), [("stopped", 30), ("hung", 7)])
def test_while_redis_is_away_enqueueing_succeeds_quickly_and_all_is_done_afterwards(
    plant: Plant, how: str, outage: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: list[float] = []
    failed: list[Exception] = []
    waited_in_vain: list[RedisError] = []
    until = 0.0
    push = wire.push

    def noted_push(*arguments: Any) -> None:
        try:
            push(*arguments)
        except RedisError as error:
            waited_in_vain.append(error)
            raise

    monkeypatch.setattr(wire, "push", noted_push)

    def load(name: int) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            began = time.monotonic()
            try:
                plant.enqueue(sample_jobs.EFFECT, key=f"{name}/{number}")
            except Exception as error:
                failed.append(error)
            took.append(time.monotonic() - began)
            time.sleep(0.3)  # in half a minute four hundred, where twenty may have waited

    with _kept(plant, "worker", "scheduler"):
        until = time.monotonic() + outage + 2  # from when both are up, however long that took
        threads = [threading.Thread(target=load, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        plant.redis.stop() if how == "stopped" else plant.redis.pause()
        time.sleep(outage)
        plant.redis.start() if how == "stopped" else plant.redis.resume()
        for thread in threads:
            thread.join()
        assert failed == []
        # The four that are under way when Redis goes away wait for a time-out each. After that one thread tries again
        # and again.
        assert 0 < len(waited_in_vain) <= 4 + outage / PAUSE + 2
        plant.enqueue(sample_jobs.EFFECT, key="last")
        plant.drain(DRAINED_WITHIN)
    assert plant.effects()["last"] == 1
    assert plant.wrong() == []
    assert sum(plant.effects().values()) == len(took) + 1


def test_what_was_accepted_while_redis_was_away_is_done_as_soon_as_it_is_back(plant: Plant) -> None:
    """Nobody sweeps here, and nobody asks for anything more: people would wait for the lease and the sweep."""
    with _kept(plant, "worker"):
        plant.redis.stop()
        for number in range(20):
            plant.enqueue(sample_jobs.EFFECT, key=f"{number}")
        time.sleep(2 * PAUSE)
        plant.redis.start()
        wait_until(lambda: plant.open_jobs() == 0, 10, "all are done")
    assert plant.effects() == {f"{number}": 1 for number in range(20)}
    assert not unsent.waiting


def test_a_process_keeps_only_so_much_for_a_redis_that_is_away(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest waits for the sweep: memory must not grow with the outage."""
    monkeypatch.setattr("powerbank.outbox.outbound.MOST_UNSENT", 5)
    assert MOST_UNSENT > 5
    plant.redis.stop()
    for number in range(8):
        plant.enqueue(sample_jobs.EFFECT, key=f"{number}")
    plant.redis.start()
    wait_until(lambda: not unsent.waiting, 10, "what was kept is sent")
    with plant.context():
        assert queue_redis().llen("rq:queue:default") == 5
    plant.worker()
    plant.drain(20)
    assert plant.effects() == {f"{number}": 1 for number in range(8)}


@pytest.mark.parametrize("state", ["full", "a replica"])
def test_a_redis_that_refuses_writes_refuses_no_request(plant: Plant, state: str) -> None:
    plant.enqueue(sample_jobs.EFFECT, key="before")
    admin = Redis(port=plant.redis.port)
    if state == "full":
        admin.config_set("maxmemory", 1)
    else:
        admin.replicaof("127.0.0.1", 1)
    scheduler, worker = plant.scheduler(), plant.start_worker()
    plant.enqueue(sample_jobs.EFFECT, key="meanwhile")
    time.sleep(1.5)
    if state == "full":
        admin.config_set("maxmemory", 0)
    else:
        admin.replicaof("NO", "ONE")
    admin.close()
    if not worker.alive:
        plant.worker()  # as a supervisor would
    plant.drain(30)
    assert plant.effects() == {"before": 1, "meanwhile": 1}
    assert scheduler.alive


def test_deleted_hashes_and_queues_are_sent_again(plant: Plant) -> None:
    ids = [plant.enqueue(sample_jobs.EFFECT, key=f"{number}") for number in range(30)]
    with plant.context(), transaction():
        at = utcnow() + timedelta(seconds=2)
        ids += [str(enqueue(sample_jobs.EFFECT, at=at, key=f"delayed {number}")) for number in range(30)]
    plant.enqueue(sample_jobs.URGENT, key="urgent")
    with plant.context():
        redis = queue_redis()
        assert redis.delete(*[f"rq:job:{job_id}-1" for job_id in ids[::3]]) == 20
        assert redis.delete("rq:queue:critical", "rq:scheduler:scheduled_jobs") == 2
        redis.ltrim("rq:queue:default", 0, 14)
    plant.scheduler()
    plant.worker()
    plant.drain(30)
    assert plant.effects() == {
        **{f"{number}": 1 for number in range(30)},
        **{f"delayed {number}": 1 for number in range(30)},
        "urgent": 1,
    }


def test_failed_over_to_a_replica_that_missed_the_tail_redis_loses_no_job(plant: Plant) -> None:
    replica = EmbeddedRedis(plant.folder / "replica", free_ports().redis)
    replica.start()
    admin = Redis(port=replica.port)
    proxy = Proxy(to_port(plant.redis.port))
    url = f"redis://127.0.0.1:{proxy.port}/0"
    plant.app.extensions["redis"] = RedisClients(url, url)
    try:
        admin.replicaof("127.0.0.1", plant.redis.port)
        _enqueue_many(plant, 20, prefix="early ")
        wait_until(lambda: admin.llen("rq:queue:default") == 20 * 7 // 10, 10, "the replica follows")
        admin.replicaof("NO", "ONE")
        _enqueue_many(plant, 20, prefix="tail ")
        with plant.context():
            queue_redis().lpop("rq:queue:default")  # done in the one, still waiting in the other
        plant.scheduler(REDIS_URL=url)
        plant.worker(REDIS_URL=url)
        plant.redis.kill()
        proxy.lead_to(to_port(replica.port))
        with _kept(plant, "worker", REDIS_URL=url):
            plant.drain(40)
    finally:
        proxy.close()
        admin.close()
        replica.stop()
    assert plant.wrong() == []
    assert sum(plant.effects().values()) == 40


def test_a_recovery_that_redis_interrupts_starts_again(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what waits for its time would be late by the whole sweep, and what is due by its lease."""
    _enqueue_many(plant, 10)
    push, broken = wire.push, []

    def fail_once(*arguments: object) -> None:
        if not broken:
            broken.append(True)
            raise RedisConnectionError("it went away again")
        push(*arguments)  # type: ignore[arg-type]

    with plant.context():
        queue_redis().flushall()
        monkeypatch.setattr(wire, "push", fail_once)
        relay.send_all_open_jobs()
        assert broken
        assert relay.has_redis_forgotten()
        relay.send_all_open_jobs()
        assert not relay.has_redis_forgotten()
        assert queue_redis().llen("rq:queue:default") == 7
        assert queue_redis().zcard(wire.DELAYED_KEY) == 3


def test_a_wipe_during_the_recovery_is_recovered_too(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    _enqueue_many(plant, 10)
    push = wire.push

    def push_and_lose(*arguments: object) -> None:
        push(*arguments)  # type: ignore[arg-type]
        queue_redis().flushall()
        monkeypatch.setattr(wire, "push", push)

    with plant.context():
        queue_redis().flushall()
        monkeypatch.setattr(wire, "push", push_and_lose)
        relay.send_all_open_jobs()
        assert relay.has_redis_forgotten()
        relay.send_all_open_jobs()
        assert not relay.has_redis_forgotten()


def _enqueue_many(plant: Plant, count: int, prefix: str = "") -> None:
    """Enqueue jobs, seven in ten of them for now and the others for a little later."""
    with plant.context(), transaction():
        later = utcnow() + timedelta(seconds=4)
        now = count * 7 // 10 + (count * 7 % 10 > 0)
        for number in range(count):
            enqueue(sample_jobs.EFFECT, key=f"{prefix}{number}", at=later if number >= now else None)


@contextmanager
def _kept(plant: Plant, *programs: str, **environment: str) -> Iterator[None]:
    """Keep the programs running: whenever one ends it is started again, as a supervisor would do."""
    start = {"worker": plant.start_worker, "scheduler": plant.start_scheduler}
    running = {program: start[program](**environment) for program in programs}
    for program in programs:
        alive = f"SELECT count(*) FROM heartbeats WHERE kind = '{program}' AND seen_at > now() - interval '2 seconds'"
        wait_until(lambda query=alive: plant.value(query) > 0, 20, f"the {program} is up")  # type: ignore[misc]
    stop = threading.Event()

    def supervise() -> None:
        while not stop.wait(0.5):
            for program in programs:
                if not running[program].alive:
                    running[program] = start[program](**environment)

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    try:
        yield
    finally:
        stop.set()
        supervisor.join(10)
