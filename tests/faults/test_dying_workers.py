"""A worker may be killed or stopped at any line."""

import threading
from uuid import UUID

import pytest

from jobs.worker import runtime
from jobs.worker.loop import Worker
from jobs.worker.runtime import Outcome
from jobs.worker.scheduler import Scheduler
from jobs.worker.stepwise import LostClaimError, StepwiseRun
from powerbank.base.db import transaction
from powerbank.base.redis_clients import connect, queue_redis
from powerbank.outbox import lifecycle
from powerbank.outbox.models import Cause, OutboxStep, State
from tests import sample_jobs
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults


def test_killed_between_effect_and_commit_the_job_is_done_by_another(plant: Plant) -> None:
    first = plant.worker()
    plant.enqueue(sample_jobs.SLOW, key="a", seconds=2)
    wait_until(lambda: plant.in_hand() == 1, 10, "the worker is at work")
    first.kill()
    assert plant.effects() == {}
    plant.worker()
    plant.drain(30)
    assert plant.effects() == {"a": 1}


def test_killed_right_after_the_commit_the_job_is_not_repeated(plant: Plant) -> None:
    first = plant.worker(TEST_DIES_AFTER_COMMIT="yes")
    job_id = plant.enqueue(sample_jobs.EFFECT, key="a")
    wait_until(lambda: not first.alive, 10, "it died")
    with plant.context():
        message = f"{job_id}-1"
        assert queue_redis().hget(f"rq:job:{message}", "status") == b"started"  # it did not file the job
        queue_redis().rpush("rq:queue:default", message)
        plant.worker()
        wait_until(lambda: not queue_redis().exists(f"rq:job:{message}"), 10, "the repetition is taken and filed")
    plant.drain(10)
    assert plant.effects() == {"a": 1}


def test_killed_during_the_vendors_call_the_vendor_is_asked_before_a_repeat(plant: Plant) -> None:
    first = plant.worker()
    job_id = plant.enqueue(sample_jobs.STEPWISE, key="a", seconds=5)
    wait_until(lambda: len(plant.vendor_requests()) == 1, 10, "the vendor has the request")
    first.kill()
    plant.worker()
    plant.drain(30)
    assert plant.effects() == {f"a:{job_id}-call": 1}
    assert plant.vendor_requests() == [f"{job_id}-call a"]
    assert plant.job(job_id)["crashes"] == 1


def test_killed_before_its_first_line_the_job_is_done_by_another(plant: Plant) -> None:
    job_id = plant.enqueue(sample_jobs.EFFECT, key="a")
    taker = Worker(plant.app, ["default"], connect(plant.environment["REDIS_URL"]))
    assert taker._take(None) is not None  # and nothing more of it is ever heard
    taker.connection.close()
    plant.worker()
    plant.drain(20)
    assert plant.effects() == {"a": 1}
    assert plant.job(job_id)["crashes"] == 1


def test_the_scheduler_itself_sends_again_what_a_station_waits_for(plant: Plant) -> None:
    """A killed worker had it in its hands. The sweep of each minute would be a job of a worker, and a minute late."""
    scheduler = Scheduler(plant.app, connect(plant.environment["REDIS_URL"]))
    scheduler._turn()
    job_id = plant.enqueue(sample_jobs.URGENT, key="a")
    taker = Worker(plant.app, ["critical"], connect(plant.environment["REDIS_URL"]))
    while (taken := taker._take(None)) is not None and taken[0].id != f"{job_id}-1":
        pass  # a tick of the schedule
    assert taken is not None  # and nothing more of it is ever heard
    plant.rows("UPDATE outbox_jobs SET lease_until = now() - interval '1 s' WHERE state = 'open' RETURNING 1")
    scheduler._turn()
    assert plant.job(job_id)["deliveries"] == 1, "it does not look at each turn"
    scheduler._sweep_at = 0
    scheduler._turn()
    job = plant.job(job_id)
    assert (job["deliveries"], job["crashes"]) == (2, 1)
    for each in (scheduler, taker):
        each.connection.close()


def test_a_job_that_kills_its_worker_each_time_dies_and_takes_no_other_along(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_CRASHES", 3)
    deadly = plant.enqueue(sample_jobs.DEADLY, key="deadly")
    for number in range(20):
        plant.enqueue(sample_jobs.EFFECT, key=f"bystander {number}")
    worker = plant.start_worker()

    def dead() -> bool:
        nonlocal worker
        if not worker.alive:
            worker = plant.start_worker()  # as a supervisor would
        plant.sweep()
        return bool(plant.job(deadly)["state"] == State.DEAD)

    wait_until(dead, 60, "the deadly job is a dead letter")
    plant.drain(20)
    job = plant.job(deadly)
    assert (job["cause"], job["last_error"]) == (Cause.CRASHED, "took its worker down 3 times")
    assert plant.effects() == {f"bystander {number}": 1 for number in range(20)}
    assert {row[0] for row in plant.rows("SELECT crashes FROM outbox_jobs WHERE job = 'test_effect'")} == {0}


def test_a_paused_worker_that_holds_a_transaction_ends_it_when_it_wakes(plant: Plant) -> None:
    first = plant.worker()
    plant.enqueue(sample_jobs.SLOW, key="a", seconds=1)
    wait_until(lambda: plant.in_hand() == 1, 10, "the worker is at work")
    first.pause()
    plant.worker()
    plant.enqueue(sample_jobs.EFFECT, key="b")
    wait_until(lambda: plant.effects() == {"b": 1}, 10, "the other worker goes on")
    _let_it_be_taken_for_dead(plant)
    first.resume()
    plant.drain(20)
    assert plant.effects() == {"a": 1, "b": 1}


def test_a_stepwise_job_of_a_paused_worker_is_resumed_elsewhere_and_done_once(plant: Plant) -> None:
    first = plant.worker()
    job_id = plant.enqueue(sample_jobs.STEPWISE, key="a", seconds=1)
    wait_until(lambda: len(plant.vendor_requests()) == 1, 10, "the vendor has the request")
    first.pause()
    plant.worker()
    plant.drain(30)
    assert plant.effects() == {f"a:{job_id}-call": 1}
    first.resume()
    wait_until(lambda: "the lease went to another worker" in plant.logs("worker"), 10, "it sees that it is late")
    assert plant.effects() == {f"a:{job_id}-call": 1}
    assert plant.vendor_requests() == [f"{job_id}-call a"]
    assert plant.job(job_id)["state"] == State.DONE


def test_a_run_that_lost_its_claim_calls_no_vendor(plant: Plant) -> None:
    """Its successor has begun the call and is still waiting for the vendor's answer."""
    job_id = plant.enqueue(sample_jobs.STEPWISE, key="a")
    with plant.context():
        with transaction() as session:
            row = lifecycle.lock_job(_uuid(job_id))
            assert row is not None
            row.claimed_by = "successor/1"
            session.add(OutboxStep(job_id=row.id, name="call"))
        late = StepwiseRun(_uuid(job_id), sample_jobs.STEPWISE, "late/1")
        called: list[str] = []
        with pytest.raises(LostClaimError):
            late.call("call", lambda key: {"called": called.append(key)}, ask=called.append)
    assert called == []


def test_the_failure_of_a_run_that_lost_its_claim_does_not_touch_its_successors(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = plant.enqueue(sample_jobs.STEPWISE, key="a")
    took, may_fail = threading.Event(), threading.Event()

    def time_out(*_: object) -> dict[str, object]:
        took.set()
        may_fail.wait(10)
        raise TimeoutError("the vendor does not answer")

    monkeypatch.setattr(sample_jobs, "_vendor", time_out)
    outcomes: list[Outcome] = []

    def run() -> None:
        with plant.context():
            outcomes.append(runtime.run("test_stepwise", job_id, worker="late"))

    late = threading.Thread(target=run)
    late.start()
    assert took.wait(10)
    plant.rows(f"UPDATE outbox_jobs SET claimed_by = 'successor/1' WHERE id = '{job_id}'")
    may_fail.set()
    late.join(10)
    job = plant.job(job_id)
    assert (job["claimed_by"], job["failures"], job["deliveries"]) == ("successor/1", 0, 1)
    assert outcomes == [Outcome.SKIPPED]


def test_every_kind_of_job_run_twice_at_once_happens_once(plant: Plant) -> None:
    jobs = [
        (spec, plant.enqueue(spec, key=f"{spec.name} {number}"))
        for spec in (sample_jobs.EFFECT, sample_jobs.STEPWISE, sample_jobs.ONCE, sample_jobs.ONE_AT_A_TIME)
        for number in range(10)
    ]
    start = threading.Barrier(2)
    outcomes: dict[str, list[Outcome]] = {job_id: [] for _, job_id in jobs}

    def run(name: str) -> None:
        for spec, job_id in jobs:
            start.wait(10)
            with plant.context():
                outcomes[job_id].append(runtime.run(spec.name, job_id, worker=name))

    threads = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(sorted(each) == [Outcome.DONE, Outcome.SKIPPED] for each in outcomes.values())
    assert plant.wrong() == []
    assert sum(plant.effects().values()) == len(jobs)
    assert len(plant.vendor_requests()) == 10


def test_two_workers_that_get_the_same_message_do_it_once(plant: Plant) -> None:
    ids = [plant.enqueue(sample_jobs.SLOW, key=f"{number}", seconds=0.05) for number in range(20)]
    with plant.context():
        queue_redis().rpush("rq:queue:default", *[f"{each}-1" for each in ids for _ in range(2)])
    plant.worker()
    plant.worker()
    plant.drain(30)
    assert plant.effects() == {f"{number}": 1 for number in range(20)}


def _let_it_be_taken_for_dead(plant: Plant) -> None:
    living = "SELECT count(*) FROM heartbeats WHERE seen_at > now() - interval '2.6 seconds'"
    wait_until(lambda: plant.value(living) == 1, 10, "the paused worker counts as dead")
    for _ in range(3):
        plant.sweep()


def _uuid(job_id: str) -> UUID:
    return UUID(job_id)
