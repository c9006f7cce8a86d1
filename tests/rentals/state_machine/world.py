"""The world of the state machine: stations, packages, people, time, workers, and the deaths of workers.

The rules of people and stations are in `test_state_machine`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
)
from sqlalchemy import select, text

import jobs.rentals
from jobs.rentals import run_sweep
from jobs.worker.loop import Worker
from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.base.redis_clients import connect, queue_redis
from powerbank.outbox import relay
from powerbank.outbox.catalogue import rental_jobs
from powerbank.rentals import sweeps
from powerbank.rentals.blocked_returns.sweeps import blocked_return_steps
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations.sweeps import reservation_steps
from powerbank.stations.packages.models import Package, PaymentModel
from powerbank.stations.registry import services
from tests.databases import Emptier
from tests.dying import Mortality
from tests.ledger.conftest import make_person
from tests.rentals.conftest import make_older
from tests.rentals.rentals_in_states import MAY_RENT
from tests.rentals.state_machine import invariants
from tests.stations import prepared
from tests.stations.conftest import FACTS, seat_bank

OURS = {spec.name for spec in rental_jobs.JOBS} - {"send_rental_reminder"}
STATIONS = ("A", "B")
QUEUES = sorted({spec.queue.value for spec in rental_jobs.JOBS})
LEASES_ARE_OVER = text("""
    UPDATE outbox_jobs SET lease_until = now(), run_after = least(run_after, now())
     WHERE state = 'open' AND job = ANY(:ours)""")
MINUTES = st.sampled_from([0.01, 1, 4, 7, 45, 61, 200, 1500, 8 * 1440])


class World(RuleBasedStateMachine):
    mortality: Mortality
    emptier: Emptier
    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.emptier.empty()
        self.context = self.app.app_context()
        self.context.push()
        queue_redis().flushdb()
        self.worker: Worker | None = None
        self.left_to: dict[str, int] = {}
        self.looked_after = 0
        self.known: dict[str, bool] = {}
        self.known_after = 0
        self.now = utcnow() - timedelta(days=300)
        jobs.rentals.utcnow = lambda: self.now  # type: ignore[attr-defined]
        with self.step() as session:
            for sn in STATIONS:
                made, _ = services.register_station(**FACTS, sn=sn, imei=f"imei-{sn}", slots=6, now=self.now)
                # Whether a station is silent is judged by the database's clock, which no test can move.
                prepared.mark_seen(made.id, at=utcnow(), online=True)
                for slot in (1, 2):
                    seat_bank(made.id, slot, f"{sn}-{slot}", 90 - slot)
            session.flush()
        with self.step() as session:
            self.packages = []
            for model, unit in ((PaymentModel.PREPAID, None), (PaymentModel.POSTPAID, 30)):
                each = Package(
                    name="p",
                    duration_minutes=60,
                    price=50_00,
                    payment_model=model,
                    unit_minutes=unit,
                    unit_price=10_00 if unit else None,
                    active=True,
                )
                session.add(each)
                session.flush()
                self.packages.append(each.id)
        self.people = [make_person(wallet=200_00, points=300) for _ in range(3)]
        with self.step() as session:
            for each in self.people:
                session.execute(MAY_RENT, {"id": each})
        make_custody_old(self.app)

    def new_worker(self) -> Worker:
        """Start a worker under a new name: the name of a dead one remains in Redis, with the message that it had."""
        return Worker(self.app, QUEUES, connect(os.environ["REDIS_URL"]))

    @contextmanager
    def step(self) -> Iterator[Any]:
        """Take one step. A refusal is a valid answer, and a killed process gives none."""
        db.session.rollback()
        try:
            with self.doomed("request"), transaction() as session:
                yield session
        except AppError:
            db.session.rollback()

    def any(self, query: str) -> bool:
        if self.known_after != self.mortality.commits:
            self.known, self.known_after = {}, self.mortality.commits
        if query not in self.known:
            self.known[query] = bool(db.session.scalar(text(f"SELECT EXISTS ({query})")))
            db.session.rollback()
        return self.known[query]

    def somebody_waits(self) -> bool:
        """Tell whether a station has an open command to eject."""
        self.work()
        return self.any("SELECT FROM station_commands WHERE finished_at IS NULL AND serial IS NOT NULL")

    def something_is_out(self) -> bool:
        return self.any("SELECT FROM custody WHERE place IN ('user', 'lost') AND upper_inf(period)")

    def something_ended_otherwise(self) -> bool:
        return self.any("SELECT FROM station_commands WHERE status IN ('failed', 'unknown', 'expired')")

    def something_is_open(self) -> bool:
        return self.any("SELECT FROM rentals WHERE status NOT IN ('cancelled', 'failed')")

    @rule(minutes=MINUTES, swept=st.booleans())
    def wait(self, minutes: float, swept: bool) -> None:
        self.now += timedelta(minutes=minutes)
        if swept:
            self.sweep()

    @rule()
    def work(self) -> None:
        """Let a worker run the jobs that reached the queues. A killed worker takes its message with it."""
        db.session.rollback()
        worker, self.worker = self.worker or self.new_worker(), None
        with self.doomed("worker"):
            while (taken := worker.dequeue_job_and_maintain_ttl(None)) is not None:
                if taken[0].kwargs["job"] in OURS:  # what goes to stations, `answer` plays
                    worker.execute_job(*taken)
            self.worker = worker

    @rule()
    def sweep(self) -> None:
        """Let a minute pass: leases and pauses are over, and no worker of before lives."""
        db.session.rollback()
        with self.doomed("sweep"):
            with transaction() as session:
                session.execute(LEASES_ARE_OVER, {"ours": sorted(OURS)})
            relay.redeliver_stranded()
            run_sweep(
                sweeps.overdue_step(self.now),
                sweeps.loss_step(self.now),
                *sweeps.stuck_steps(self.now),
                sweeps.provisional_return_step(self.now - timedelta(minutes=10)),
                *reservation_steps(self.now),
                *blocked_return_steps(self.now),
            )

    @rule(who=st.sampled_from(["request", "worker", "worker", "sweep"]), moments=st.integers(0, 5))
    def will_be_killed(self, who: str, moments: int) -> None:
        """Kill the next step after so many commits and pushes.

        A batch of messages from a station counts as a request.
        """
        self.left_to[who] = moments

    @contextmanager
    def doomed(self, who: str) -> Iterator[None]:
        with self.mortality.within(self.left_to.pop(who, None)):
            yield
        if self.mortality.left is not None:
            self.left_to[who] = self.mortality.left

    @rule()
    def redis_is_wiped(self) -> None:
        queue_redis().flushdb()

    @invariant()
    def holds(self) -> None:
        if self.mortality.commits != self.looked_after:
            self.looked_after = self.mortality.commits
            invariants.at_any_moment()

    def one(self, which: int) -> Rental | None:
        found = db.session.scalars(select(Rental).order_by(Rental.id.desc())).all()
        db.session.rollback()
        return found[which % len(found)] if found else None


def make_custody_old(app: Flask) -> None:

    db.session.rollback()
    make_older(app, 301 * 1440)
