"""Each job of the catalogue, delivered twice and twice at once, leaves the database as one delivery does."""

import json
import smtplib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from urllib3 import HTTPConnectionPool

import jobs.ops
from jobs.worker import runtime
from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox import catalogue, heartbeats, policy, relay
from powerbank.outbox.enqueue import enqueue_with, unique_key
from tests.databases import Emptier
from tests.jobs.prepared import PREPARE
from tests.jobs.prepared_people import Arguments

# These functions prepare what a job needs to have something to do. A new job without one fails the test below.

# Times and the bookkeeping of the delivery itself differ from run to run and mean nothing.
UNTOLD = {
    "id",
    "created_at",
    "finished_at",
    "published_at",
    "raised_at",
    "lease_until",
    "run_after",
    "last_run_at",
    "last_duration_ms",
    "last_job_id",
    "next_run_at",
    "publish_at",
    "expires_at",
    "claimed_by",
    "arguments",
    "deliveries",
    "seen_at",
    "started_at",
    "shown_at",
    "withheld_at",
    "dedup_key",
    "horizon",
    "made_at",
    "sealed_at",
    "processed_at",
    "warned_at",
    "at",
}


def shown(value: object) -> str:
    return value.hex() if isinstance(value, memoryview) else str(value)


def snapshot(emptier: Emptier) -> str:
    db.session.rollback()
    found: dict[str, list[Any]] = {}
    for name in sorted(emptier.filled()):
        rows = [dict(row._mapping) for row in db.session.execute(text(f'SELECT * FROM "{name}"'))]
        told = [{key: value for key, value in row.items() if key not in UNTOLD} for row in rows]
        found[name] = sorted(json.dumps(row, default=shown, sort_keys=True) for row in told)
    return json.dumps(found, indent=1)


def deliver(app: Flask, spec: policy.JobSpec, outbox_id: str | None, arguments: Arguments) -> None:
    with app.app_context():
        runtime.run(spec.name, outbox_id, None if outbox_id else dict(arguments), worker="w")


def assert_done(spec: policy.JobSpec, outbox_id: str | None) -> None:
    """Check that the job is done: a job that failed would change nothing the second time either."""
    if spec.durable:
        state = db.session.scalar(text("SELECT state FROM outbox_jobs WHERE id = :id"), {"id": outbox_id})
        assert state == "done"


@pytest.fixture(autouse=True)
def _ticks_come_in_one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ticks with the turn of a minute between them are two slots of the schedule, and not one that came twice."""
    now = utcnow()
    monkeypatch.setattr(jobs.ops, "utcnow", lambda: now)


@pytest.fixture(autouse=True)
def _running(context: Flask) -> None:
    """Make the network look as if it runs.

    The sweep finds a Redis that remembers, and the worker of these runs alive.
    """
    relay.send_all_open_jobs()
    heartbeats.record(db.engine, name="w", kind="worker", queues=[])


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List whom a job has called, over HTTP or by mail."""
    found: list[str] = []
    request, mail = HTTPConnectionPool.urlopen, smtplib.SMTP.send_message

    def noted_request(pool: HTTPConnectionPool, *arguments: Any, **more: Any) -> Any:
        found.append(pool.host)
        return request(pool, *arguments, **more)

    def noted_mail(*arguments: Any, **more: Any) -> Any:
        found.append("mail")
        return mail(*arguments, **more)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", noted_request)
    monkeypatch.setattr(smtplib.SMTP, "send_message", noted_mail)
    return found


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice(context: Flask, emptier: Emptier, spec: policy.JobSpec, called: list[str]) -> None:
    arguments = PREPARE[spec.name]()
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() + interval '1 day'"))
        outbox_id = enqueue_with(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    called.clear()
    deliver(context, spec, identifier, arguments)
    assert_done(spec, identifier)
    assert spec.vendor or not called, "the catalogue does not say that it calls a vendor"
    once = snapshot(emptier)
    deliver(context, spec, identifier, arguments)
    assert snapshot(emptier) == once


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice_at_once(context: Flask, emptier: Emptier, spec: policy.JobSpec) -> None:
    arguments = PREPARE[spec.name]()
    with transaction():
        outbox_id = enqueue_with(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: deliver(context, spec, identifier, arguments), range(4)))
    together = snapshot(emptier)
    deliver(context, spec, identifier, arguments)
    assert snapshot(emptier) == together
    assert_done(spec, identifier)


@pytest.mark.parametrize("spec", [entry.job for entry in catalogue.SCHEDULES], ids=lambda spec: spec.name)
def test_while_nobody_works_a_scheduled_job_asks_for_nothing_twice(context: Flask, spec: policy.JobSpec) -> None:
    """Or a backlog grows by itself: each slot of the schedule would add the same jobs once more. What staff are told
    has a key of its own, by which two are one."""
    arguments = PREPARE[spec.name]()
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() + interval '1 day'"))
    asked = []
    for _ in range(3):
        with transaction():
            outbox_id = enqueue_with(spec, arguments)
        deliver(context, spec, str(outbox_id), arguments)
        query = text("""SELECT job, arguments::text, count(*) FROM outbox_jobs
                         WHERE state = 'open' AND job <> 'notify_staff' GROUP BY 1, 2 ORDER BY 1, 2""")
        asked.append([tuple(row) for row in db.session.execute(query)])
        db.session.rollback()
    assert asked[1:] == asked[:1] * 2


def test_asking_twice_for_what_is_unique_is_one_job() -> None:
    spec = policy.JobSpec("x", body="y.z", queue=policy.Queue.DEFAULT, unique=policy.Unique.ONCE)
    assert unique_key(spec, {"a": 1, "b": 2}) == unique_key(spec, {"b": 2, "a": 1})
    assert unique_key(spec, {"a": 1}) != unique_key(spec, {"a": "1"})
