"""Whatever members do, and whatever stations say, hide or make up: a bank is in one place, and work is paid once.

The stations are spoken for by this test, which knows where each power bank really is. A station may answer a command
that it did not carry out, carry one out and say nothing, go silent and come back. At rest, when every station has shown
its slots, custody is where the power banks are, and no task is left whose cause is gone.
"""

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    rule,
    run_state_machine_as_test,
)

from powerbank.base.db import db, transaction
from powerbank.crew import unfinished
from powerbank.crew.banks import handing_over, openings
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks import claims, planning, proofs, queries, services
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.proofs import Evidence
from powerbank.crew.tasks.states import HELD, UNDONE
from tests.crew.field import ANSWERS, SLOTS, WHICH, Field
from tests.examples import THOROUGH


class CrewAtWork(Field):
    """What members, staff, stations and time do, and what holds after each of it."""

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


def test_custody_tasks_and_pay_agree_whatever_happens(app: Flask, clean: None) -> None:
    CrewAtWork.app = app
    run_state_machine_as_test(
        CrewAtWork,
        settings=settings(
            max_examples=8 * THOROUGH, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
