"""The two jobs on our own worker: registered here, then `scripts.worker` as the Procfile runs it."""

import sys

from sqlalchemy import text

from powerbank.base.db import open_session
from powerbank.outbox import catalogue
from powerbank.outbox.policy import JobSpec, Queue
from scripts.bench.peers import bodies

TRIVIAL = JobSpec("trivial", body="scripts.bench.parts.job_bodies.trivial", queue=Queue.DEFAULT, durable=False)
DURABLE = JobSpec("durable", body="scripts.bench.parts.job_bodies.durable", queue=Queue.DEFAULT)

catalogue.register(TRIVIAL, DURABLE)

_EFFECT = text("INSERT INTO bench_effects (slot) VALUES (:slot)")

BATCH = 500  # jobs enqueued in one transaction


def trivial(*, slot: int) -> None:
    bodies.stamp(slot)


def durable(*, slot: int) -> None:
    open_session().execute(_EFFECT, {"slot": slot})
    bodies.stamp(slot)


def enqueue(kind: str, count: int) -> None:
    from powerbank import create_app
    from powerbank.base.db import transaction
    from powerbank.outbox import enqueue as queue

    spec = catalogue.find(kind)
    assert spec is not None  # noqa: S101 (for the type checker)
    with create_app().app_context():
        for start in range(0, count, BATCH):
            with transaction():
                for slot in range(start, min(start + BATCH, count)):
                    queue.enqueue(spec, slot=slot)


def work() -> None:
    from scripts import worker

    sys.argv = ["worker", "default"]
    worker.main()
