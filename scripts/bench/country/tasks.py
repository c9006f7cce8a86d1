"""Run the scheduled tasks of a country, each as a worker would."""

from collections.abc import Iterator

from flask import Flask
from sqlalchemy import text

from jobs.worker import runtime
from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox import catalogue, heartbeats, relay
from powerbank.outbox.enqueue import enqueue_with
from powerbank.outbox.policy import Schedule

_THROW_AWAY = text("DELETE FROM outbox_jobs WHERE state = 'open'")


class Worker:
    def __init__(self, app: Flask) -> None:
        self._app = app
        with app.app_context():
            relay.send_all_open_jobs()

    def tasks(self) -> Iterator[Schedule]:
        yield from sorted(catalogue.SCHEDULES, key=lambda entry: entry.name)

    def run(self, entry: Schedule) -> runtime.Outcome:
        """Run it once, and throw away what it left for other jobs, so that the next run finds the same."""
        arguments = dict(entry.arguments)
        if entry.pass_slot:
            arguments["slot"] = utcnow().isoformat()
        with self._app.app_context():
            heartbeats.record(db.engine, name="w", kind="worker", queues=[])
            with transaction():
                job_id = enqueue_with(entry.job, arguments)
            outcome = runtime.run(entry.job.name, str(job_id) if job_id else None, arguments, worker="w")
            with transaction() as session:
                session.execute(_THROW_AWAY)
            db.session.remove()
        return outcome
