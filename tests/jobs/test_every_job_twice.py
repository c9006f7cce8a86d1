"""Each job of the catalogue, delivered twice and twice at once, leaves the database as one delivery does."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from jobs import catalogue, runtime
from jobs.catalogue import JobSpec
from powerbank import heartbeats, relay
from powerbank.auth import otp
from powerbank.content import services as content
from powerbank.content.models import Language, Slug
from powerbank.db import db, transaction, utcnow
from powerbank.queue import Scalar, accept, unique_key
from powerbank.users import identifiers

Arguments = dict[str, Scalar]


def scheduled_revision() -> Arguments:
    now = utcnow()
    with transaction():
        for number in range(2):
            made = content.add_revision(
                slug=Slug.ABOUT, language=Language.ENGLISH, title="About", body=f"{number}",
                publish_at=now + timedelta(days=number), now=now,
            )  # fmt: skip
    return {"revision_id": str(made.id)}


def code_asked_for() -> Arguments:
    with transaction():
        challenge = otp.ask(address=identifiers.parse("9812345678"), purpose="login")
    return {"challenge_id": str(challenge.id)}


def code_asked_for_and_forgotten() -> Arguments:
    code_asked_for()
    with transaction() as session:
        session.execute(text("UPDATE otp_challenges SET created_at = now() - interval '8 days'"))
    return {}


def nothing() -> Arguments:
    return {}


# What each job needs to have something to do. A new job without a line here fails the test below.
PREPARE: dict[str, Callable[[], Arguments]] = {
    "publish_content": scheduled_revision,
    "send_otp": code_asked_for,
    "prune_sign_ins": code_asked_for_and_forgotten,
    "tick": nothing,
    "redeliver_stranded_jobs": nothing,
    "monitor_queues": nothing,
    "prune_jobs": nothing,
    "prune_idempotency_keys": nothing,
}

# Times and the bookkeeping of the delivery itself differ from run to run and mean nothing.
UNTOLD = {"id", "created_at", "finished_at", "published_at", "raised_at", "lease_until", "run_after", "last_run_at",
          "last_duration_ms", "last_job_id", "next_run_at", "publish_at", "expires_at", "claimed_by", "arguments",
          "deliveries", "seen_at", "started_at"}  # fmt: skip


def snapshot() -> str:
    db.session.rollback()
    names = db.session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")).all()
    found: dict[str, list[Any]] = {}
    for name in names:
        rows = [dict(row._mapping) for row in db.session.execute(text(f'SELECT * FROM "{name}"'))]
        told = [{key: value for key, value in row.items() if key not in UNTOLD} for row in rows]
        found[name] = sorted(json.dumps(row, default=str, sort_keys=True) for row in told)
    return json.dumps(found, indent=1)


def deliver(app: Flask, spec: JobSpec, outbox_id: str | None, arguments: Arguments) -> None:
    with app.app_context():
        runtime.run(spec.name, outbox_id, None if outbox_id else dict(arguments), worker="w")


def run_once_then(app: Flask, spec: JobSpec, again: Callable[[str | None, Arguments], None]) -> tuple[str, str]:
    arguments = PREPARE[spec.name]()
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() + interval '1 day'"))
        outbox_id = accept(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    deliver(app, spec, identifier, arguments)
    once = snapshot()
    again(identifier, arguments)
    return once, snapshot()


@pytest.fixture(autouse=True)
def _running(context: Flask) -> None:
    """As in a network that runs: the sweep finds a Redis that remembers, and the worker of these runs alive."""
    relay.recover()
    heartbeats.beat(db.engine, name="w", kind="worker", queues=[], started_at=utcnow())


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice(context: Flask, spec: JobSpec) -> None:
    once, twice = run_once_then(
        context, spec, lambda outbox_id, arguments: deliver(context, spec, outbox_id, arguments)
    )
    assert once == twice


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice_at_once(context: Flask, spec: JobSpec) -> None:
    arguments = PREPARE[spec.name]()
    with transaction():
        outbox_id = accept(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: deliver(context, spec, identifier, arguments), range(4)))
    together = snapshot()
    deliver(context, spec, identifier, arguments)
    assert snapshot() == together
    if spec.durable:
        done = db.session.scalar(
            text("SELECT count(*) FROM outbox_jobs WHERE id = :id AND state = 'done'"), {"id": outbox_id}
        )
        assert done == 1


def test_asking_twice_for_what_is_unique_is_one_job() -> None:
    spec = catalogue.JobSpec("x", "y.z", catalogue.Queue.DEFAULT, unique=catalogue.Unique.ONCE)
    assert unique_key(spec, {"a": 1, "b": 2}) == unique_key(spec, {"b": 2, "a": 1})
    assert unique_key(spec, {"a": 1}) != unique_key(spec, {"a": "1"})
