"""People, their points, and the jobs that move them."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from jobs import runtime
from jobs.policy import JobSpec
from powerbank.db import db, transaction
from powerbank.points.queries import Points, points_of
from powerbank.queue import accept
from tests.ledger.conftest import person, user_headers


def run(spec: JobSpec, **arguments: Any) -> None:
    """One job, and all that it asks for, as workers do them."""
    with transaction():
        outbox_id = accept(spec, arguments)
    runtime.run(spec.name, str(outbox_id), worker="w")
    drain()


def drain() -> None:
    """Whatever waits, until nothing does."""
    query = text("SELECT id, job FROM outbox_jobs WHERE state = 'open' AND job <> 'create_notification' ORDER BY id")
    while waiting := db.session.execute(query).all():
        db.session.rollback()
        for row in waiting:
            runtime.run(row.job, str(row.id), worker="w")


def has(user_id: UUID) -> Points:
    db.session.rollback()
    return points_of(user_id)


# Fixtures of the ledger's tests serve here too.
__all__ = ["drain", "has", "person", "run", "user_headers"]
