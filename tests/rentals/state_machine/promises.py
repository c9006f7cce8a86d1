"""What people do with promises: they reserve power banks, give them back, and report stations that take none back."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select, text

from powerbank.rentals.blocked_returns import services as blocked_returns
from powerbank.rentals.reservations import services as reservations
from powerbank.rentals.reservations.models import Reservation
from powerbank.stations.availability import live_rows
from tests.rentals import rentals_in_states
from tests.rentals.state_machine.world import STATIONS, World

PEOPLE = st.integers(0, 2)
WHICH = st.integers(0, 20)


class Promises(World):
    @rule(person=PEOPLE, sn=st.sampled_from(STATIONS), package=st.integers(0, 1), minutes=st.sampled_from([5, 14, 20]))
    def reserve(self, person: int, sn: str, package: int, minutes: int) -> None:
        with self.step():
            reservations.reserve_bank(
                user_id=self.people[person],
                station_sn=sn,
                package_id=self.packages[package],
                minutes=minutes,
                now=self.now,
            )

    @precondition(lambda self: self.any("SELECT FROM reservations"))
    @rule(which=WHICH)
    def give_back(self, which: int) -> None:
        with self.step() as session:
            found = session.scalars(select(Reservation).order_by(Reservation.id.desc())).all()
            chosen = found[which % len(found)]
            reservations.cancel_by_user(chosen.id, user_id=chosen.user_id, now=self.now)

    @precondition(lambda self: self.any("SELECT FROM rentals WHERE status IN ('active', 'overdue')"))
    @rule(which=WHICH, sn=st.sampled_from(STATIONS), shut=st.booleans(), by_staff=st.sampled_from([False, False, True]))
    def find_it_blocked(self, which: int, sn: str, shut: bool, by_staff: bool) -> None:
        """Report a station, which may have gone into maintenance a moment before."""
        if shut:
            self.set_maintenance(sn, True)
        if (rental := self.one(which)) is None:
            return
        with self.step():
            if by_staff:
                blocked_returns.grant_by_staff(rental.id, station_sn=sn, by="staff:test", now=self.now)
            else:
                blocked_returns.report_blocked_return(
                    rental.id, user_id=rental.user_id, station_sn=sn, lat=None, lng=None, photo=None, now=self.now
                )

    @precondition(lambda self: self.any("SELECT FROM stations WHERE maintenance"))
    @rule(sn=st.sampled_from(STATIONS))
    def serve_again(self, sn: str) -> None:
        self.set_maintenance(sn, False)

    def set_maintenance(self, sn: str, shut: bool) -> None:
        with self.step() as session:
            session.execute(text("UPDATE stations SET maintenance = :shut WHERE sn = :sn"), {"shut": shut, "sn": sn})
            live_rows.refresh_live_rows([rentals_in_states.station_id(sn)])
