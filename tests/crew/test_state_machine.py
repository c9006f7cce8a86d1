"""Whatever members do, and whatever stations say, hide or make up: a bank is in one place, and work is paid once.

The stations are spoken for by this test, which knows where each power bank really is. A station may answer a command
that it did not carry out, carry one out and say nothing, go silent and come back. At rest, when every station has shown
its slots, custody is where the power banks are, and no task is left whose cause is gone.
"""

from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.crew import unfinished
from powerbank.crew.banks import handing_over, openings
from powerbank.crew.banks.models import Opening
from powerbank.crew.members import services as members
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks import claims, planning, proofs, queries, services, settling
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.proofs import Evidence
from powerbank.crew.tasks.states import HELD, UNDONE
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import StationCommand
from powerbank.stations.custody import registration
from powerbank.stations.registry import services as registry
from powerbank.users import identifiers
from powerbank.users import services as users
from tests.databases import empty, superuser_url
from tests.stations.conftest import FACTS
from tests.stations.talker import Talker

SLOTS = 3
SERIALS = tuple(f"B{number}" for number in range(5))
ANSWERS = ("does it", "does it", "does it and says nothing", "says so and does nothing", "refuses", "says nothing")
WHICH = st.integers(0, 99)


class Field(RuleBasedStateMachine):
    """Two stations, two members, five power banks, and where each of them really is."""

    app: Flask

    @initialize()
    def begin(self) -> None:
        empty(superuser_url(self.app.config["TEST_DATABASE"]))
        self.context = self.app.app_context()
        self.context.push()
        self.now = utcnow()
        self.talkers = [self._make_station(sn) for sn in ("A", "B")]
        self.members = [self._make_member(name) for name in ("ram", "maya")]
        with transaction():
            registration.register_banks(serials=SERIALS, model=None, now=self.now)
        # The place of a bank: a station and its slot, the hands of a member, or the warehouse.
        self.places: dict[str, Any] = {serial: ("slot", 0, number + 1) for number, serial in enumerate(SERIALS[:3])}
        self.places |= {SERIALS[3]: ("slot", 1, 1), SERIALS[4]: ("warehouse",)}
        self.silent = {0: False, 1: False}
        for station in (0, 1):
            self._show(station)
        self.the_planner_passes()

    def teardown(self) -> None:
        if hasattr(self, "context"):
            try:
                self._come_to_rest()
            finally:
                db.session.rollback()
                self.context.pop()

    # What members do.

    @rule(member=st.integers(0, 1), which=WHICH)
    def claims_a_task(self, member: int, which: int) -> None:
        if (task := self._pick(which, *UNDONE)) is not None:
            self._try(lambda: claims.claim_task(self.members[member], task, now=self.now))

    @rule(member=st.integers(0, 1), which=WHICH)
    def begins_a_task(self, member: int, which: int) -> None:
        if (task := self._pick(which, *HELD)) is not None:
            self._try(lambda: claims.begin_task(self.members[member], task, now=self.now))

    @rule(member=st.integers(0, 1), which=WHICH, begins=st.booleans(), how=st.sampled_from(ANSWERS))
    def works_on_a_task(self, member: int, which: int, begins: bool, how: str) -> None:
        """Claim a task, go there, put in what one has, and take out what is to go."""
        if (task_id := self._pick(which, "open", "claimed", "begun")) is None:
            return
        if not self._try(lambda: claims.claim_task(self.members[member], task_id, now=self.now)):
            return
        if begins:
            self._try(lambda: claims.begin_task(self.members[member], task_id, now=self.now))
        task = db.session.get_one(Task, task_id)
        station = [talker.id for talker in self.talkers].index(task.station_id)
        takes, brings = task.take, task.bring
        for serial in [serial for serial, place in sorted(self.places.items()) if place == ("hand", member)][:brings]:
            free = [slot for slot in range(1, SLOTS + 1) if ("slot", station, slot) not in self.places.values()]
            if free:
                self.places[serial] = ("slot", station, free[0])
        self._show(station)
        full = [place[2] for place in sorted(self.places.values(), key=str) if place[:2] == ("slot", station)]
        for slot in full[:takes]:
            self.opens_a_slot(member, station, slot, how)
        self._show(station)

    @rule(station=st.integers(0, 1), kind=st.sampled_from(("clean", "empty", "full")), banks=st.integers(0, 1))
    def staff_make_a_task(self, station: int, kind: str, banks: int) -> None:
        wants = {"empty": {"bring": banks}, "full": {"take": banks}, "clean": {}}[kind]
        sn = self.talkers[station].station.sn
        self._try(lambda: services.make_task(sn, kind=kind, wants=wants, note=None, by="staff:x", now=self.now))

    @rule(member=st.integers(0, 1), which=WHICH)
    def releases_a_task(self, member: int, which: int) -> None:
        if (task := self._pick(which, *HELD)) is not None:
            self._try(lambda: claims.release_task(self.members[member], task, now=self.now))

    @rule(member=st.integers(0, 1), which=WHICH)
    def completes_a_task(self, member: int, which: int) -> None:
        if (task := self._pick(which, *HELD)) is not None:
            self._try(lambda: proofs.complete_task(self.members[member], task, Evidence(scanned=["A"]), now=self.now))

    @rule(member=st.integers(0, 1), station=st.integers(0, 1), slot=st.integers(1, SLOTS), how=st.sampled_from(ANSWERS))
    def opens_a_slot(self, member: int, station: int, slot: int, how: str) -> None:
        sn = self.talkers[station].station.sn
        self._try(lambda: openings.open_slots(self.members[member], sn, serials=[], slot_numbers=[slot], now=self.now))
        self._carry_out(station, member, how)

    @rule(member=st.integers(0, 1), station=st.integers(0, 1), slot=st.integers(1, SLOTS), shows=st.booleans())
    def puts_a_bank_in(self, member: int, station: int, slot: int, shows: bool) -> None:
        mine = sorted(serial for serial, place in self.places.items() if place == ("hand", member))
        if mine and ("slot", station, slot) not in self.places.values():
            self.places[mine[0]] = ("slot", station, slot)
            if shows:
                self._show(station)

    @rule(member=st.integers(0, 1))
    def hands_in_what_they_have(self, member: int) -> None:
        """Only what is really in hand is handed in, but the database may know better where it is."""
        for serial, place in sorted(self.places.items()):
            if place == ("hand", member) and self._try(
                lambda serial=serial: handing_over.drop_in_warehouse(
                    self.members[member], [serial], warehouse_id=None, now=self.now
                )
            ):
                self.places[serial] = ("warehouse",)

    @rule(member=st.integers(0, 1))
    def takes_one_out_of_the_warehouse(self, member: int) -> None:
        for serial, place in sorted(self.places.items()):
            if place == ("warehouse",) and self._try(
                lambda serial=serial: handing_over.take_from_warehouse(
                    self.members[member], [serial], warehouse_id=None, now=self.now
                )
            ):
                self.places[serial] = ("hand", member)
                return

    @rule(member=st.integers(0, 1))
    def ends_the_shift(self, member: int) -> None:
        self._try(lambda: shifts.start_shift(self.members[member], now=self.now))
        ended = self._try(lambda: shifts.end_shift(self.members[member], now=self.now))
        assert not (ended and unfinished.find_unfinished(self.members[member]))

    # What staff, stations and time do.

    @rule(which=WHICH, verify=st.booleans())
    def staff_decide(self, which: int, verify: bool) -> None:
        task = self._pick(which, "to_verify", *(() if verify else ("done",)))
        if task is not None and verify:
            self._try(lambda: services.verify_task(task, reason=None, by="staff:x", now=self.now))
        elif task is not None:
            self._try(lambda: services.reject_task(task, reason="no", by="staff:x", now=self.now))

    @rule()
    def the_planner_passes(self) -> None:
        with transaction():
            planning.plan_tasks(now=self.now)

    @rule(station=st.integers(0, 1))
    def a_station_shows_its_slots(self, station: int) -> None:
        self._show(station)

    @rule(station=st.integers(0, 1), silent=st.booleans())
    def a_station_falls_silent_or_comes_back(self, station: int, silent: bool) -> None:
        self.silent[station] = silent
        self.talkers[station].now = self.now
        if silent:
            self.talkers[station].say("presence", {"online": False})
        else:
            self._show(station)
        self._settle(station)

    @rule(minutes=st.integers(1, 70))
    def time_passes(self, minutes: int) -> None:
        self._pass(minutes * 60)
        with transaction():
            claims.expire_claims(now=self.now)
            openings.expire_openings(now=self.now)

    # What must hold.

    @invariant()
    def each_bank_is_in_one_place(self) -> None:
        if not hasattr(self, "context"):
            return
        assert (
            self._rows("SELECT bank_id FROM custody WHERE upper_inf(period) GROUP BY bank_id HAVING count(*) <> 1")
            == []
        )

    @invariant()
    def each_done_task_is_paid_once(self) -> None:
        if not hasattr(self, "context"):
            return
        wrong = self._rows("""
            SELECT task.id, task.status FROM crew_tasks AS task
              LEFT JOIN crew_earnings AS earned ON earned.task_id = task.id
             GROUP BY task.id HAVING
                   count(*) FILTER (WHERE earned.kind = 'task') <> CASE task.status WHEN 'done' THEN 1 ELSE
                        count(*) FILTER (WHERE earned.kind = 'reversal') END
                OR (task.status <> 'done' AND coalesce(sum(earned.amount), 0) <> 0)""")
        assert wrong == []

    @invariant()
    def what_was_earned_is_what_is_payable(self) -> None:
        if not hasattr(self, "context"):
            return
        wrong = self._rows("""
            SELECT member.id FROM crew_members AS member
             WHERE (SELECT coalesce(sum(amount), 0) FROM crew_earnings WHERE member_id = member.id)
                <> (SELECT coalesce(sum(posting.amount), 0) FROM ledger_accounts AS account
                      JOIN ledger_postings AS posting ON posting.account_id = account.id
                     WHERE account.kind = 'crew_payable' AND account.owner = member.id::text)""")
        assert wrong == []

    @invariant()
    def nobody_has_more_than_their_claims(self) -> None:
        if hasattr(self, "context"):
            assert all(queries.count_held_tasks(member) <= 5 for member in self.members)

    def _come_to_rest(self) -> None:
        """Let every station speak, all commands be settled, and everything be done that waits to be done."""
        for round_ in range(4):
            self._pass(400)
            for station in (0, 1):
                self.silent[station] = False
                self._show(station)
            with transaction():
                openings.expire_openings(now=self.now)
                claims.expire_claims(now=self.now)
            for station in (0, 1):
                self._carry_out(station, round_ % 2, "refuses")
        with transaction():
            planning.plan_tasks(now=self.now)
        self._pass(70)
        for station in (0, 1):
            self._settle(station)
        plan = planning.find_plan(None, now=self.now)
        assert (list(plan.closed), list(plan.held)) == ([], [])
        for serial, place in self.places.items():
            assert self._where_is(serial) == place, serial

    # How it is done.

    def _carry_out(self, station: int, member: int, how: str) -> None:
        """Let a station do what it does with the ejections that are open there."""
        talker = self.talkers[station]
        while (opening := self._open_ejection(station)) is not None:
            talker.now = self.now
            owner = self.members.index(opening.member_id)
            with transaction():
                sent = commands.claim_command(opening.command_id, now=self.now)
            is_there = self.places[opening.serial] == ("slot", station, opening.slot_number)
            if sent is None or self.silent[station] or how in ("says nothing", "does it and says nothing"):
                if sent is not None and is_there and not self.silent[station] and how == "does it and says nothing":
                    self.places[opening.serial] = ("hand", owner)
                self._let_it_run_out(opening)
            else:
                self._pass(1)
                says = {"slot_number": opening.slot_number, "powerbank_sn": opening.serial}
                if how == "refuses" or not is_there:
                    talker.answer(opening.command_id, success=False, error="slot_stuck", **says)
                else:
                    if how == "does it":
                        self.places[opening.serial] = ("hand", owner)
                    talker.answer(opening.command_id, **says)
                self._follow(opening)

    def _let_it_run_out(self, opening: Opening) -> None:
        for _ in range(3):
            self._pass(35)
            with transaction():
                commands.check_overdue_command(opening.command_id, now=self.now)
        self._follow(opening)

    def _follow(self, opening: Opening) -> None:
        with transaction() as session:
            command = session.get_one(StationCommand, opening.command_id, populate_existing=True)
            if not command.is_open:
                openings.follow_command(command.id, command.status, now=self.now)
            else:
                session.query(Opening).filter_by(id=opening.id).update({"status": "unknown", "finished_at": self.now})

    def _open_ejection(self, station: int) -> Opening | None:
        with transaction() as session:
            query = select(Opening).filter_by(station_id=self.talkers[station].id, status="ejecting")
            return session.scalar(query)

    def _show(self, station: int) -> None:
        """Let a station show its slots as they are, unless it is silent, and have what follows done."""
        if self.silent[station]:
            return
        talker = self.talkers[station]
        self._pass(5)
        slots = {place[2]: serial for serial, place in self.places.items() if place[:2] == ("slot", station)}
        talker.snapshot(slots, count=SLOTS)
        for row in self._rows("SELECT id, status FROM station_commands WHERE finished_at IS NOT NULL"):
            with transaction():
                openings.follow_command(row.id, row.status, now=self.now)
        self._settle(station)

    def _settle(self, station: int) -> None:
        with transaction():
            settling.settle_station(self.talkers[station].id, now=self.now)

    def _pass(self, seconds: int) -> None:
        for talker in self.talkers:
            talker.now = self.now
            talker.wait(seconds)
        self.now = self.talkers[0].now

    def _pick(self, which: int, *statuses: str) -> UUID | None:
        """Pick one of the tasks in these statuses, or none where there are none."""
        db.session.rollback()
        found = db.session.scalars(select(Task.id).where(Task.status.in_(statuses)).order_by(Task.id)).all()
        return found[which % len(found)] if found else None

    def _try(self, act: Any) -> bool:
        """Do something that may be refused. A refusal changes nothing."""
        db.session.rollback()
        try:
            with transaction():
                act()
        except AppError:
            return False
        return True

    def _where_is(self, serial: str) -> Any:
        [row] = self._rows(
            "SELECT c.place, c.station_id, c.slot_number, c.holder FROM custody c"
            "  JOIN power_banks b ON b.id = c.bank_id WHERE b.serial = :serial AND upper_inf(c.period)",
            serial=serial,
        )
        if row.place == "slot":
            return "slot", [talker.id for talker in self.talkers].index(row.station_id), row.slot_number
        if row.place == "crew":
            return "hand", self.members.index(UUID(row.holder.removeprefix("crew:")))
        return (row.place,)

    def _rows(self, query: str, **values: Any) -> list[Any]:
        db.session.rollback()
        return list(db.session.execute(text(query), values).all())

    def _make_station(self, sn: str) -> Talker:
        with transaction():
            station, _ = registry.register_station(
                **FACTS | {"sn": sn, "imei": f"imei-{sn}", "slots": SLOTS}, now=self.now
            )
        return Talker(station, now=self.now)

    def _make_member(self, name: str) -> UUID:
        with transaction():
            contact = identifiers.parse_contact_address(f"{name}@example.com")
            user = users.create_user(
                contact=contact, username=name, first_name=None, last_name=None, referral_code=None
            )
            return members.make_member(user_id=user.id, phone=None, email=None, values={}, by="test", now=self.now).id


def test_custody_tasks_and_pay_agree_whatever_happens(app: Flask, clean: None) -> None:
    Field.app = app
    run_state_machine_as_test(
        Field,
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
