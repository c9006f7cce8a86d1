"""Schedulers come in twos and die; each slot of time fires once, and none is lost."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from jobs.worker import scheduler as engine
from jobs.worker.scheduler import Scheduler
from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import connect, queue_redis
from powerbank.outbox import catalogue, schedules, wire
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.nursery import wait_until
from tests.plant import Plant
from tests.programs import setting

pytestmark = pytest.mark.faults

# The tests' schedule has a slot each second and is looked at each second, because a test cannot wait for minutes.
SLOTS = {"TEST_SLOTS": "yes"}


@pytest.fixture(autouse=True)
def _slots(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SLOTS", "yes")
    setting.apply(monkeypatch)


def _slots_run(plant: Plant) -> list[datetime]:
    return sorted(datetime.fromisoformat(key) for key in plant.effects() if key.startswith("20"))


def _assert_each_once_and_none_missing(plant: Plant) -> None:
    slots = _slots_run(plant)
    assert {later - earlier for earlier, later in pairwise(slots)} == {timedelta(seconds=1)}
    assert set(plant.effects().values()) == {1}


def test_two_schedulers_and_a_killed_leader_fire_each_slot_once(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    schedulers = {
        each.pid: each
        for each in (plant.scheduler(TZ="America/St_Johns", **SLOTS), plant.scheduler(TZ="Pacific/Chatham", **SLOTS))
    }
    plant.worker(**SLOTS)
    wait_until(lambda: len(_slots_run(plant)) >= 4, 15, "slots fire")
    with plant.context():
        lock = queue_redis().get(engine.Scheduler.scheduler_lock_key)
    assert lock is not None
    leader = schedulers.pop(int(lock.decode().split("-")[-2]))
    leader.kill()
    killed_at = utcnow()
    wait_until(lambda: _slots_run(plant)[-1] > killed_at + timedelta(seconds=2), 30, "the other one leads")
    plant.scheduler(**SLOTS)
    plant.drain(15)
    _assert_each_once_and_none_missing(plant)
    assert plant.value("SELECT count(*) FROM schedules") == len(catalogue.SCHEDULES)
    at_three = plant.value("SELECT next_run_at AT TIME ZONE 'Asia/Kathmandu' FROM schedules WHERE name = 'test-daily'")
    assert (at_three.hour, at_three.minute) == (3, 0)


def test_slots_missed_while_no_scheduler_was_up_are_made_good_once(plant: Plant) -> None:
    with plant.context():
        schedules.synchronise(utcnow())
    long_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=20)
    plant.rows(f"UPDATE schedules SET next_run_at = '{long_ago.isoformat()}' WHERE name = 'test-slots'")
    plant.scheduler(**SLOTS)
    plant.scheduler(**SLOTS)
    plant.worker(**SLOTS)
    wait_until(lambda: len(_slots_run(plant)) > 22, 15, "the missed ones are made good")
    plant.drain(15)
    _assert_each_once_and_none_missing(plant)
    assert _slots_run(plant)[0] == long_ago


def test_ticks_at_once_fire_each_slot_once(plant: Plant) -> None:
    with plant.context():
        schedules.synchronise(utcnow())
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    _together(plant, 4, lambda: schedules.enqueue_due_slots(now))
    slots = plant.rows("SELECT arguments ->> 'slot', count(*) FROM outbox_jobs WHERE job = 'test_slot' GROUP BY 1")
    assert len(slots) >= 5
    assert {count for _, count in slots} == {1}


def test_a_late_look_at_a_changed_schedule_does_not_turn_it_back(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ticks see that the catalogue changed; the slower one writes when the first slot has already run."""
    before, after = datetime(2026, 1, 1, 12, 0, 0, 900_000, UTC), datetime(2026, 1, 1, 12, 0, 1, 100_000, UTC)
    slow_insert = schedules.transaction

    def meanwhile() -> Any:
        monkeypatch.setattr(schedules, "transaction", slow_insert)
        schedules.db.session.rollback()
        schedules.synchronise(before)
        schedules.enqueue_due_slots(after)
        return slow_insert()

    monkeypatch.setattr(schedules, "transaction", meanwhile)
    with plant.context():
        schedules.synchronise(before)
        schedules.enqueue_due_slots(after)
    assert plant.rows("SELECT count(*) FROM outbox_jobs WHERE job = 'test_slot'") == [(1,)]


class Killed(BaseException):
    """As SIGKILL would: nothing below it runs on."""


@pytest.mark.parametrize("when", ["before the push", "after the push"])
def test_a_scheduler_killed_between_its_steps_loses_no_tick(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    push = wire.push
    struck: list[str] = []

    def die(*arguments: Any) -> None:
        struck.append(when)
        if when != "before the push":
            push(*arguments)
        raise Killed

    monkeypatch.setattr(wire, "push", die)
    victim = Scheduler(plant.app, connect(plant.environment["REDIS_URL"]))
    with pytest.raises(Killed):
        victim._turn()
    assert struck
    victim.connection.close()
    monkeypatch.setattr(wire, "push", push)
    plant.scheduler(**SLOTS)  # waits until the lead of the dead one has run out
    plant.worker(**SLOTS)
    wait_until(lambda: len(_slots_run(plant)) >= 3, 30, "slots fire")
    plant.drain(15)
    _assert_each_once_and_none_missing(plant)


def test_a_scheduler_killed_while_it_moves_a_delayed_job_neither_loses_nor_doubles_it(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = utcnow() + timedelta(seconds=3)  # what is due when it is pushed goes past the scheduler
    with plant.context(), transaction():
        for number in range(4):
            enqueue(sample_jobs.EFFECT, key=f"{number}", at=soon)
    second = timedelta(seconds=1)  # Redis has whole seconds, rounded up
    wait_until(lambda: utcnow() > soon + second, 10, "they are due")
    moved: list[str] = []
    original = Scheduler.enqueue_job

    def die(self: Scheduler, job: Any) -> None:
        original(self, job)
        moved.append(job.id)
        if len(moved) == 3:
            raise Killed

    monkeypatch.setattr(Scheduler, "enqueue_job", die)
    victim = Scheduler(plant.app, connect(plant.environment["REDIS_URL"]))
    with pytest.raises(Killed):
        victim._turn()
    victim.connection.close()
    plant.scheduler()
    plant.worker()
    wait_until(lambda: plant.open_jobs() == 0, 30, "all are woken")
    assert plant.effects() == {f"{number}": 1 for number in range(4)}


def _together(plant: Plant, count: int, act: Any) -> None:
    start = threading.Barrier(count)
    failures: list[BaseException] = []

    def run() -> None:
        with plant.app.app_context():
            start.wait(10)
            try:
                act()
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_a_tick_that_lies_far_ahead_is_taken_back(plant: Plant) -> None:
    """As after a clock was set back: the schedule would stand still until then."""
    plant.scheduler(**SLOTS)
    plant.worker(**SLOTS)
    wait_until(lambda: len(_slots_run(plant)) >= 1, 15, "slots fire")
    with plant.context():
        queue_redis().zadd(engine.Scheduler.scheduled_jobs_key, {engine.TICK_ID: time.time() + 3600})
    since = utcnow()
    wait_until(lambda: _slots_run(plant)[-1] > since + timedelta(seconds=1), 10, "slots fire again")
