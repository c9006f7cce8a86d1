"""The field of the state machine: two stations, two members, a warehouse, and what can be done to them."""

from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
)
from sqlalchemy import select, text

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.crew.banks import openings
from powerbank.crew.banks.models import Opening
from powerbank.crew.members import services as members
from powerbank.crew.tasks import claims, planning, settling
from powerbank.crew.tasks.models import Task
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
            assert (serial, self._where_is(serial)) == (serial, place)

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
