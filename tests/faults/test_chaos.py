"""Everything at once: effects equal commits."""

import random
import threading
import time
from datetime import timedelta

import pytest
from redis import Redis
from redis.exceptions import RedisError

from powerbank.base.db import utcnow
from powerbank.outbox.models import State
from tests import sample_jobs
from tests.nursery import Running
from tests.plant import Plant

pytestmark = pytest.mark.faults


@pytest.fixture
def plant(own_plant: Plant) -> Plant:
    return own_plant


SECONDS = 20.0
SEED = 20260101
DRAINED_WITHIN = 120.0


def test_under_wipes_and_kills_effects_equal_commits(plant: Plant) -> None:
    dice = random.Random(SEED)
    stop = threading.Event()
    accepted: list[str] = []
    scheduler = plant.scheduler()
    workers: list[Running] = [plant.worker(), plant.worker()]

    def load(name: int) -> None:
        own = random.Random(SEED + name)
        while not stop.is_set():
            spec = own.choice((sample_jobs.EFFECT, sample_jobs.URGENT, sample_jobs.STEPWISE, sample_jobs.SLOW))
            more = {"seconds": own.choice((0.01, 0.1))} if spec in (sample_jobs.STEPWISE, sample_jobs.SLOW) else {}
            at = utcnow() + timedelta(seconds=own.uniform(0, 5)) if own.random() < 0.3 else None
            accepted.append(plant.enqueue(spec, at=at, key=f"{name}/{len(accepted)}", **more))
            time.sleep(0.08)

    def supervise() -> None:
        nonlocal scheduler
        while not stop.wait(0.3):
            if not scheduler.alive:
                scheduler = plant.start_scheduler()
            for place, worker in enumerate(workers):
                if not worker.alive:
                    workers[place] = plant.start_worker()
            plant.sweep()

    threads = [threading.Thread(target=load, args=(name,)) for name in range(3)]
    supervisor = threading.Thread(target=supervise)
    for thread in (*threads, supervisor):
        thread.start()
    wipes = kills = redis_kills = 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        time.sleep(dice.uniform(0.3, 1.2))
        match dice.choice(("wipe", "wipe", "worker", "worker", "scheduler", "redis")):
            case "wipe":
                wipes += _wipe(plant)
            case "worker":
                dice.choice(workers).kill()
                kills += 1
            case "scheduler":
                scheduler.kill()
            case "redis":
                plant.redis.kill()
                redis_kills += 1
                time.sleep(dice.uniform(0.2, 1))
                plant.redis.start()
    stop_load(threads, stop, supervisor)
    assert min(wipes, kills, redis_kills) > 0
    for place, worker in enumerate(workers):
        if not worker.alive:
            workers[place] = plant.worker()
    plant.drain(DRAINED_WITHIN)
    assert len(accepted) > 300
    assert plant.value("SELECT count(*) FROM outbox_jobs WHERE job LIKE 'test%'") == len(accepted)
    assert plant.wrong() == []
    assert sum(plant.effects().values()) == plant.value(
        f"SELECT count(*) FROM outbox_jobs WHERE job LIKE 'test%' AND state = '{State.DONE}'"
    )
    assert plant.rows("SELECT job, cause, last_error FROM outbox_jobs WHERE state = 'dead' AND job LIKE 'test%'") == []
    assert len(plant.vendor_requests()) == len(set(plant.vendor_requests()))


def stop_load(threads: list[threading.Thread], stop: threading.Event, supervisor: threading.Thread) -> None:
    stop.set()
    for thread in (*threads, supervisor):
        thread.join(60)


def _wipe(plant: Plant) -> int:
    with Redis(port=plant.redis.port) as redis:
        try:
            redis.flushall()
        except RedisError:
            return 0
    return 1
