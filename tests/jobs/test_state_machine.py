"""Whatever order deliveries, failures, crashes, wipes and sweeps come in: effects equal completed jobs."""

import uuid
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from sqlalchemy import text

from jobs.worker import runtime
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, open_session, transaction
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import catalogue, lifecycle, relay
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.policy import JobSpec, Queue, retry_after
from tests.examples import THOROUGH

FATE: dict[str, str] = {}  # what the next run of a job does: fine, fail, refuse

PLAIN = JobSpec(
    "machine_plain", body="tests.jobs.test_state_machine.body", queue=Queue.DEFAULT, retries=retry_after(1, 1)
)
STEPS = JobSpec(
    "machine_steps",
    body="tests.jobs.test_state_machine.steps",
    queue=Queue.DEFAULT,
    retries=retry_after(1, 1),
    stepwise=True,
)
BRIEF = JobSpec(
    "machine_brief",
    body="tests.jobs.test_state_machine.body",
    queue=Queue.DEFAULT,
    retries=retry_after(1),
    expires=3600,
    on_dead="machine_resolve",
)
RESOLVE = JobSpec("machine_resolve", body="tests.jobs.test_state_machine.resolve", queue=Queue.DEFAULT)


class Crash(BaseException):
    """A worker that is gone: nothing of what would follow happens."""


def _effect(key: str) -> None:
    open_session().execute(text("INSERT INTO test_effects (key) VALUES (:key)"), {"key": key})


def _meet_fate(key: str) -> None:
    fate = FATE.get(key, "fine")
    if fate == "fail":
        raise RuntimeError("this time not")
    if fate == "refuse":
        raise runtime.PermanentError("never")
    if fate == "crash":
        raise Crash


def body(*, key: str) -> None:
    _effect(key)
    _meet_fate(key)


def steps(run: StepwiseRun, *, key: str) -> None:
    run.call("ask", lambda reference: {"reference": reference})
    _meet_fate(key)
    with run.finish():
        _effect(key)


def resolve(*, key: str) -> None:
    _effect(f"resolved {key}")


class Engine(RuleBasedStateMachine):
    app: Flask
    jobs = Bundle("jobs")

    @initialize()
    def begin(self) -> None:
        self.context = self.app.app_context()
        self.context.push()
        FATE.clear()
        with transaction() as session:
            session.execute(text("DELETE FROM test_effects"))
            session.execute(text("DELETE FROM outbox_jobs"))
        queue_redis().flushdb()
        queue_redis().set(relay.EPOCH_KEY, "x")

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.context.pop()

    @rule(target=jobs, spec=st.sampled_from([PLAIN, STEPS, BRIEF]), commit=st.booleans())
    def accept(self, spec: JobSpec, commit: bool) -> Any:
        key = str(uuid.uuid4())
        try:
            with transaction():
                job_id = enqueue(spec, key=key)
                if not commit:
                    raise RuntimeError("rolled back")  # noqa: TRY301
        except RuntimeError:
            return multiple()
        return (spec.name, str(job_id), key)

    @rule(job=jobs, fate=st.sampled_from(["fine", "fine", "fail", "refuse", "crash"]))
    def deliver(self, job: tuple[str, str, str], fate: str) -> None:
        name, job_id, key = job
        FATE[key] = fate
        try:
            runtime.run(name, job_id, worker="w")
        except runtime.DeadLetterError:
            pass
        except Crash:
            db.session.rollback()

    @rule()
    def time_passes(self) -> None:
        with transaction() as session:
            session.execute(text("UPDATE outbox_jobs SET run_after = now(), lease_until = now() WHERE state = 'open'"))

    @rule(job=jobs)
    def its_time_is_over(self, job: tuple[str, str, str]) -> None:
        with transaction() as session:
            session.execute(
                text(
                    "UPDATE outbox_jobs SET expires_at = now() WHERE id = :id AND expires_at > now() AND state = 'open'"
                ),
                {"id": job[1]},
            )

    @rule()
    def redis_is_wiped(self) -> None:
        queue_redis().flushdb()

    @rule()
    def sweep(self) -> None:
        relay.expire_unbegun()
        relay.redeliver_stranded()

    @rule(job=jobs)
    def requeue(self, job: tuple[str, str, str]) -> None:
        with transaction():
            row = lifecycle.lock_job(uuid.UUID(job[1]))
            if row is not None and row.state == "dead":
                lifecycle.requeue(row)

    @invariant()
    def effects_equal_completed_jobs(self) -> None:
        if not hasattr(self, "context"):
            return
        db.session.rollback()
        done = db.session.scalars(
            text("SELECT arguments->>'key' FROM outbox_jobs WHERE state = 'done' AND job <> 'machine_resolve'")
        )
        effects = db.session.scalars(text("SELECT key FROM test_effects WHERE key NOT LIKE 'resolved%'"))
        assert sorted(done) == sorted(effects)

    @invariant()
    def every_open_job_is_due_again_some_time(self) -> None:
        if not hasattr(self, "context"):
            return
        lost = text(
            "SELECT count(*) FROM outbox_jobs WHERE state = 'open' AND lease_until > now() + interval '3 hours'"
        )
        assert db.session.scalar(lost) == 0

    @invariant()
    def each_death_is_resolved(self) -> None:
        if not hasattr(self, "context"):
            return
        dead = "SELECT count(*) FROM outbox_jobs WHERE job = 'machine_brief' AND state = 'dead'"
        resolvers = "SELECT count(*) FROM outbox_jobs WHERE job = 'machine_resolve'"
        assert (db.session.scalar(text(resolvers)) or 0) >= (db.session.scalar(text(dead)) or 0)


@pytest.mark.usefixtures("clean")
def test_effects_equal_completed_jobs(app: Flask) -> None:
    catalogue.register(PLAIN, STEPS, BRIEF, RESOLVE)
    Engine.app = app
    machine = Engine.TestCase
    machine.settings = settings(
        max_examples=20 * THOROUGH,
        stateful_step_count=30,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    machine().runTest()
