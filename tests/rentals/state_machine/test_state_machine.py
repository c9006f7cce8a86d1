"""People, cabinets and time do what they like, in any order, and whoever works on it may be killed at any moment; what
must hold of rentals, banks and money is looked at after every step, and at the end, when everybody behaves, everything
comes to its end."""

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

import jobs.rentals
from powerbank.base.db import db, open_session, utcnow
from powerbank.ledger.wallet_models import Due, Progress
from powerbank.outbox.enqueue import publish
from powerbank.outbox.policy import JobSpec
from powerbank.payments.options import payment_sources
from powerbank.payments.options.methods import Method
from powerbank.rentals.charges import extension
from powerbank.rentals.disputes import services as cases
from powerbank.rentals.disputes.models import IssueType
from powerbank.rentals.end import cancellation
from powerbank.rentals.models import Rental
from powerbank.rentals.start import initiation
from powerbank.stations.availability import kept_slots
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody.models import Custody, Place, PowerBank
from powerbank.stations.events import PowerbankReturned, ReturnSelfTested
from powerbank.subscriptions import SUBSCRIPTIONS
from tests.databases import Emptier
from tests.dying import Mortality
from tests.examples import THOROUGH
from tests.ledger.conftest import top_up
from tests.rentals import rentals_in_states
from tests.rentals.state_machine import invariants
from tests.rentals.state_machine.promises import PEOPLE, WHICH, Promises
from tests.rentals.state_machine.world import OURS, STATIONS, World
from tests.stations import prepared

METHODS = st.sampled_from([Method.WALLET_ONLY, Method.COMBINATION, Method.POINTS_ONLY])
ANSWERS = ("eject", "eject", "refuse", "still_in", "silent", "expire")


class Network(Promises):
    @initialize(package=st.integers(0, 1), method=METHODS)
    def somebody_has_rented(self, package: int, method: Method) -> None:
        self.initiate(person=0, sn="A", package=package, method=method)
        self.work()
        self.answer(sn="A", what="eject")
        self.work()

    @rule(person=PEOPLE, sn=st.sampled_from(STATIONS), package=st.integers(0, 1), method=METHODS)
    def initiate(self, person: int, sn: str, package: int, method: Method) -> None:
        with self.step():
            initiation.initiate_rental(
                user_id=self.people[person],
                station_sn=sn,
                package_id=self.packages[package],
                method=method,
                now=self.now,
            )

    @precondition(World.something_is_open)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        if (rental := self.one(which)) is not None:
            with self.step():
                cancellation.cancel_by_user(rental.id, user_id=rental.user_id, now=self.now)

    @precondition(World.something_is_open)
    @rule(which=WHICH, package=st.integers(0, 1))
    def extend(self, which: int, package: int) -> None:
        if (rental := self.one(which)) is not None:
            with self.step():
                extension.extend_rental(
                    rental.id, user_id=rental.user_id, package_id=self.packages[package], method=None, now=self.now
                )

    @precondition(World.something_is_open)
    @rule(which=WHICH, issue=st.sampled_from([IssueType.LOST, IssueType.NOT_CHARGING, IssueType.RETURNED]))
    def complain(self, which: int, issue: IssueType) -> None:
        if (rental := self.one(which)) is not None:
            with self.step():
                cases.report_issue(rental.id, user_id=rental.user_id, issue_type=issue, description=None, now=self.now)

    @rule(person=PEOPLE, amount=st.sampled_from([20_00, 4000_00]))
    def pay(self, person: int, amount: int) -> None:
        with self.step():
            top_up(self.people[person], amount)
        with self.step():
            user_id = self.people[person]
            owed = select(Due.id).where(Due.user_id == user_id, Due.status == Progress.OPEN)
            for due_id in open_session().scalars(owed).all():
                payment_sources.pay_due(user_id=user_id, due_id=due_id, method=Method.WALLET_ONLY, now=self.now)

    @precondition(World.somebody_waits)
    @rule(sn=st.sampled_from(STATIONS), what=st.sampled_from(ANSWERS))
    def answer(self, sn: str, what: str) -> None:
        with self.step() as session:
            command = session.scalar(
                select(StationCommand)
                .where(
                    StationCommand.finished_at.is_(None),
                    StationCommand.command == "eject_powerbank",
                )
                .order_by((StationCommand.station_id == rentals_in_states.station_id(sn)).desc())
            )
            if command is None:
                return
            if what == "eject":
                rentals_in_states.eject(command, self.now)
            else:
                status, told = {
                    "refuse": (CommandStatus.FAILED, {"proof": "refused"}),
                    "still_in": (CommandStatus.FAILED, {"proof": "still_in"}),
                    "silent": (CommandStatus.UNKNOWN, {}),
                    "expire": (CommandStatus.EXPIRED, {}),
                }[what]
                commands.settle_command(command, status, told, now=self.now)

    @precondition(World.something_ended_otherwise)
    @rule(which=WHICH)
    def eject_late(self, which: int) -> None:
        """Let a command that ended otherwise turn out to have succeeded. Its bank is in its slot until then."""
        with self.step() as session:
            ended = (CommandStatus.FAILED, CommandStatus.UNKNOWN, CommandStatus.EXPIRED)
            found = session.scalars(
                select(StationCommand)
                .where(StationCommand.status.in_(ended), StationCommand.serial.is_not(None))
                .order_by(StationCommand.id.desc())
            ).all()
            if not found:
                return
            command = found[which % len(found)]
            here = custody_queries.find_whereabouts(custody_queries.lock_bank(command.serial or "").id)
            promised = session.scalar(
                text(
                    "SELECT rental_id FROM bank_reservations r JOIN power_banks b ON b.id = bank_id WHERE serial = :s"
                ),
                {"s": command.serial},
            )
            if (
                here.place is Place.SLOT
                and here.station_id == command.station_id
                and promised in (None, command.rental_id)
            ):
                rentals_in_states.eject(command, self.now)

    @precondition(World.something_is_out)
    @rule(
        which=WHICH,
        sn=st.sampled_from(STATIONS),
        late=st.sampled_from([0, 0, 3, 90]),
        times=st.integers(1, 2),
        provisional=st.sampled_from([False, False, True]),
        kept=st.booleans(),
    )
    def bring_back(
        self, which: int, sn: str, late: int, times: int, provisional: bool = False, kept: bool = False
    ) -> None:
        """Bring a power bank back, into a slot that is kept for somebody if there is one and `kept` says so."""
        with self.step() as session:
            out = session.scalars(
                select(Custody)
                .where(Custody.place.in_([Place.USER, Place.LOST]), text("upper_inf(period)"))
                .order_by(Custody.id)
            ).all()
            station_id = rentals_in_states.station_id(sn)
            free = sorted(kept_slots.list_kept_numbers(station_id)) if kept else []
            free = free or prepared.list_free_slots(station_id)
            if not out or not free:
                return
            stay = out[which % len(out)]
            assert stay.since is not None
            at = max(self.now - timedelta(minutes=late), stay.since + timedelta(seconds=1))
            serial = session.get_one(PowerBank, stay.bank_id).serial
            rental_id = str(stay.rental_id) if stay.rental_id else ""
            rentals_in_states.put_back(serial, station_id, free[0], at)
            for _ in range(times):
                publish(
                    PowerbankReturned(
                        report_id=uuid4(),
                        bank_id=stay.bank_id,
                        station_id=station_id,
                        slot_number=free[0],
                        rental_id=rental_id,
                        returned_at=at,
                        received_at=self.now,
                        provisional=provisional,
                        how="event",
                    )
                )

    @precondition(World.something_is_open)
    @rule(which=WHICH)
    def say_again(self, which: int) -> None:
        """Repeat the event of a return, of any rental that ever ended by one."""
        if (rental := self.one(which)) is not None and rental.return_station_id is not None and rental.ended_at:
            with self.step():
                publish(
                    PowerbankReturned(
                        report_id=uuid4(),
                        bank_id=rental.bank_id,
                        rental_id=rental.id,
                        station_id=rental.return_station_id,
                        slot_number=rental.return_slot,
                        returned_at=rental.ended_at,
                        received_at=self.now,
                        provisional=False,
                        how="event",
                    )
                )

    @precondition(lambda self: self.any("SELECT FROM rentals WHERE provisional"))
    @rule()
    def self_test(self) -> None:
        with self.step() as session:
            rental = session.scalar(select(Rental).where(Rental.provisional).limit(1))
            if rental is not None:
                publish(
                    ReturnSelfTested(
                        bank_id=rental.bank_id,
                        station_id=rental.return_station_id,
                        slot_number=rental.return_slot,
                        rental_id=rental.id,
                        passed=True,
                    )
                )

    def teardown(self) -> None:
        try:
            self.everything_comes_to_its_end()
        finally:
            db.session.rollback()
            jobs.rentals.utcnow = utcnow
            self.context.pop()

    def everything_comes_to_its_end(self) -> None:
        """End the faults: stations answer, banks are brought back, sweeps run."""
        self.left_to.clear()
        for sn in STATIONS:
            self.set_maintenance(sn, False)
        for _ in range(8):
            self.sweep()
            self.work()
            self.now += timedelta(minutes=4)
            for sn in STATIONS:
                self.answer(sn=sn, what="eject")
            with self.step() as session:
                for command in session.scalars(select(StationCommand).filter_by(status=CommandStatus.UNKNOWN)):
                    commands.settle_command(command, CommandStatus.FAILED, {"proof": "still_in"}, now=self.now)
            self.work()
            for number in range(4):
                self.bring_back(which=number, sn=STATIONS[number % 2], late=0, times=1)
            self.now += timedelta(minutes=4)
            self.work()
            self.sweep()
            self.work()
            if invariants.unended() == [] and not self.something_is_out() and not self.somebody_waits():
                break
        invariants.at_the_end()


def test_invariants_hold_whatever_happens(
    app: Flask, clean: None, emptier: Emptier, monkeypatch: pytest.MonkeyPatch
) -> None:
    for event, followers in [*SUBSCRIPTIONS.items()]:  # what others make of the news is not looked at here
        ours = tuple(each for each in followers if isinstance(each, JobSpec) and each.name in OURS)
        monkeypatch.setitem(SUBSCRIPTIONS, event, ours)

    class Ours(Network):
        pass

    Ours.app, Ours.emptier, Ours.mortality = app, emptier, Mortality(monkeypatch)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Ours,
        settings=settings(
            max_examples=12 * THOROUGH,
            stateful_step_count=40,
            deadline=None,
            report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    assert Ours.mortality.deaths
