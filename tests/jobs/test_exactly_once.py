"""A job that was accepted happens exactly once, and only if what accepted it was committed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from jobs.worker import runtime
from jobs.worker.runtime import Outcome
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.redis_clients import queue_redis
from powerbank.ops import queries
from powerbank.outbox import catalogue, heartbeats, lifecycle, relay, schedules
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import Cause, OutboxJob, State
from tests import sample_jobs
from tests.databases import execute, superuser_url

Work = Callable[..., None]


def effects() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(text("SELECT key FROM test_effects ORDER BY id")))


def only_row() -> OutboxJob:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(OutboxJob)).one()


def enqueue_and_fail() -> None:
    with transaction():
        enqueue(sample_jobs.EFFECT, key="a")
        raise RuntimeError("changed its mind")


def test_a_committed_job_runs(context: Flask, work: Work) -> None:
    with transaction():
        enqueue(sample_jobs.EFFECT, key="a")
    work()
    assert effects() == ["a"]
    assert only_row().state == State.DONE


def test_a_rollback_leaves_no_job(context: Flask, work: Work) -> None:
    with pytest.raises(RuntimeError, match="changed its mind"):
        enqueue_and_fail()
    work()
    assert effects() == []
    assert db.session.scalar(text("SELECT count(*) FROM outbox_jobs")) == 0
    assert queue_redis().keys("rq:job:*") == []


def test_a_message_of_a_rolled_back_transaction_does_not_leave_with_the_next(context: Flask, work: Work) -> None:
    with pytest.raises(RuntimeError, match="changed its mind"):
        enqueue_and_fail()
    with transaction():
        enqueue(sample_jobs.EFFECT, key="b")
    assert len(queue_redis().keys("rq:job:*")) == 1


def test_every_delivery_after_the_first_is_skipped(context: Flask) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.EFFECT, key="a")
    outcomes = [runtime.run("test_effect", str(job_id)) for _ in range(3)]
    assert outcomes == [Outcome.DONE, Outcome.SKIPPED, Outcome.SKIPPED]
    assert effects() == ["a"]


def test_a_failure_takes_its_effects_back_and_is_tried_again(context: Flask) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.FAILING, key="a")
    assert runtime.run("test_failing", str(job_id)) is Outcome.RETRY
    row = only_row()
    assert (row.state, row.failures, effects()) == (State.OPEN, 1, [])
    assert row.last_error == "RuntimeError: the vendor is on holiday"
    assert row.run_after > utcnow()


def test_out_of_tries_it_is_a_dead_letter(context: Flask) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.FAILING, key="a")
    for _ in range(2):
        assert runtime.run("test_failing", str(job_id)) is Outcome.RETRY
        _make_due()
    with pytest.raises(runtime.DeadLetterError):
        runtime.run("test_failing", str(job_id))
    row = only_row()
    assert (row.state, row.cause, row.failures) == (State.DEAD, Cause.OUT_OF_RETRIES, 3)


def test_a_permanent_refusal_is_not_repeated(context: Flask) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.REFUSED, key="a")
    with pytest.raises(runtime.DeadLetterError):
        runtime.run("test_refused", str(job_id))
    assert (only_row().cause, effects()) == (Cause.REFUSED, [])


def test_arguments_that_the_job_does_not_take_are_a_dead_letter(context: Flask) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.EFFECT, wrong="a")
    with pytest.raises(runtime.DeadLetterError):
        runtime.run("test_effect", str(job_id))
    assert "does not take these arguments" in (only_row().last_error or "")


def test_until_done_never_gives_up(context: Flask) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.PERSISTENT, key="a")
    for _ in range(20):
        assert runtime.run("test_persistent", str(job_id)) is Outcome.RETRY
        _make_due()
    assert only_row().state == State.OPEN


def test_an_expired_job_is_not_run_late_and_what_it_guarded_is_resolved(context: Flask, work: Work) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.BRIEF, key="a")
    db.session.execute(text("UPDATE outbox_jobs SET expires_at = now() - interval '1 second'"))
    db.session.commit()
    with pytest.raises(runtime.DeadLetterError):
        runtime.run("test_brief", str(job_id))
    work()
    assert effects() == ["resolved:a"]


def test_the_sweep_buries_what_expired_before_any_worker_came(context: Flask, work: Work) -> None:
    with transaction():
        enqueue(sample_jobs.BRIEF, expires_at=utcnow() + timedelta(milliseconds=1), key="a")
    queue_redis().flushdb()
    db.session.execute(text("SELECT pg_sleep(0.01)"))
    assert relay.expire_unbegun() == 1
    work()
    assert effects() == ["resolved:a"]


def test_a_delayed_job_waits_for_its_time(context: Flask, work: Work) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.EFFECT, at=utcnow() + timedelta(hours=1), key="a")
    work()
    assert runtime.run("test_effect", str(job_id)) is Outcome.SKIPPED
    assert effects() == []


def test_a_job_that_is_unique_while_open_can_be_asked_for_again_when_it_ended(context: Flask, work: Work) -> None:
    with transaction():
        first = enqueue(sample_jobs.ONE_AT_A_TIME, key="a")
        assert enqueue(sample_jobs.ONE_AT_A_TIME, key="a") == first
        assert enqueue(sample_jobs.ONE_AT_A_TIME, key="b") != first
    work()
    with transaction():
        assert enqueue(sample_jobs.ONE_AT_A_TIME, key="a") != first
    work()
    assert sorted(effects()) == ["a", "a", "b"]


def test_a_job_that_is_unique_once_stays_so(context: Flask, work: Work) -> None:
    with transaction():
        first = enqueue(sample_jobs.ONCE, key="a")
    work()
    with transaction():
        assert enqueue(sample_jobs.ONCE, key="a") == first
    work()
    assert effects() == ["a"]


def test_objects_are_refused_as_arguments(context: Flask) -> None:
    with transaction(), pytest.raises(TypeError, match="ids and scalars"):
        enqueue(sample_jobs.EFFECT, key=object())  # type: ignore[arg-type]


def test_a_requeued_dead_letter_has_all_its_tries_again(context: Flask, work: Work) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.REFUSED, key="a")
    work()
    assert job_id is not None
    with transaction():
        row = lifecycle.lock_job(job_id)
        assert row is not None
        lifecycle.requeue(row)
    row = only_row()
    assert (row.state, row.failures, row.deliveries) == (State.OPEN, 0, 2)
    work()
    assert only_row().state == State.DEAD


def _make_due() -> None:
    db.session.execute(text("UPDATE outbox_jobs SET run_after = now()"))
    db.session.commit()


def test_a_job_is_taken_by_its_key_however_many_wait(context: Flask, database_name: str) -> None:
    """Also while the planner believes that nothing waits, as it was when it last looked."""
    execute(superuser_url(database_name), "ANALYZE outbox_jobs")
    with transaction():
        for number in range(500):
            enqueue(sample_jobs.EFFECT, key=f"{number}")
    plan = db.session.connection().exec_driver_sql(
        f"EXPLAIN {lifecycle._TAKE_AND_COMPLETE}", {"id": str(new_id()), "release": False}
    )
    used = [line for (line,) in plan if "using" in line]
    assert len(used) == 2
    assert all("pk_outbox_jobs" in line for line in used), used


def claimed_by_a_living_worker(lease: str) -> None:
    with transaction() as session:
        enqueue(sample_jobs.STEPWISE, key="a")
        claim = f"claimed_by = 'w1/x', lease_until = now() + interval '{lease}'"
        session.execute(text(f"UPDATE outbox_jobs SET {claim}"))
    heartbeats.record(db.engine, name="w1", kind="worker", queues=["default"])
    queue_redis().set(relay.EPOCH_KEY, "x")


def test_a_claim_whose_lease_ran_out_is_not_kept_for_as_long_as_its_worker_lives(context: Flask) -> None:
    claimed_by_a_living_worker("-1 s")
    assert relay.redeliver_stranded() == 1
    row = only_row()
    assert (row.claimed_by, row.crashes, row.deliveries) == (None, 1, 2)


def test_a_claim_within_its_lease_is_left_to_its_worker(context: Flask) -> None:
    claimed_by_a_living_worker("1 min")
    assert relay.redeliver_stranded() == 0
    assert only_row().claimed_by == "w1/x"


def test_a_failure_while_a_sweep_has_the_row_gives_the_claim_back(context: Flask) -> None:
    with transaction():
        job_id = enqueue(sample_jobs.STEPWISE, key="a")
    assert job_id
    with transaction():
        lifecycle.take_on_lease(job_id, sample_jobs.STEPWISE, "w1/x")
    with db.engine.begin() as sweep:
        sweep.execute(text("SELECT 1 FROM outbox_jobs FOR UPDATE"))
        outcome = runtime._note_failure(sample_jobs.STEPWISE, job_id, RuntimeError("failed"), "w1/x", 0.1)
        assert outcome is Outcome.SKIPPED
    assert only_row().claimed_by == "w1/x"
    runtime.release_abandoned_claims()
    assert only_row().claimed_by is None


def test_a_slot_of_the_schedule_that_nobody_came_to_is_no_dead_letter(context: Flask) -> None:
    entry = next(each for each in catalogue.SCHEDULES if each.job.name == "monitor_queues")
    with transaction():
        schedules.start_now(entry.name, utcnow(), actor="test")
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET expires_at = now() - interval '1 s'"))
    assert relay.expire_unbegun() == 1
    assert only_row().cause == Cause.MISSED
    assert queries.count_dead_letters() == []
    (status,) = db.session.scalars(text("SELECT last_status FROM schedules WHERE name = :name"), {"name": entry.name})
    assert status == "missed"
