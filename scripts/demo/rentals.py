"""A part of a day in the past: who takes a power bank where and when, and when it comes back."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.clock import HOME
from powerbank.base.db import open_session, utcnow
from powerbank.base.errors import AppError
from powerbank.ops.now import stocks
from powerbank.payments.options.methods import Method
from powerbank.rentals import queries, sweeps
from powerbank.rentals.end import returns
from powerbank.rentals.models import Rental
from powerbank.rentals.start import ejection, initiation, refusals
from powerbank.rentals.states import OUT
from powerbank.stations.commands.models import StationCommand
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.packages.models import Package
from scripts.demo import past, steps
from scripts.demo.cabinets import IN_TROUBLE, Cabinet, Silence, find_cabinets
from scripts.demo.crew import rounds

# A part is one transaction, in which its rentals begin and end: a sweep that met one of them open would take it for
# late by days. It is short, because what it locks is locked for those who look at the demonstration too.
PARTS = (time(7), time(12), time(17))
CLOSES = time(22, 45)
BUSY = (0.7, 1.0, 1.3)  # how much is going on in a part, beside the average
LEAST, MOST = 26, 44  # rentals of a day
LATE, NEVER_BACK = 0.17, 0.008
GOING_ON = 7  # rentals that are open in the end
LONGEST_PACKAGE = 300  # minutes: who takes a power bank for a day brings it back in the evening too


@dataclass
class Wish:
    """What somebody wants, and how it will go on."""

    user_id: UUID
    at: datetime
    cabinet: Cabinet
    package: Package
    method: Method
    coupon: str | None
    late: bool
    never_back: bool


def part_of(day: date, part: int) -> tuple[datetime, datetime]:
    """Give the begin and the end of a part of a day."""
    ends = (*PARTS[1:], CLOSES)
    return datetime.combine(day, PARTS[part], HOME), datetime.combine(day, ends[part], HOME)


class PartOfDay:
    """A part of a day. The one that is going on now has an `until`, and leaves rentals open."""

    def __init__(
        self, day: date, part: int, people: list[UUID], *, until: datetime | None, dice: random.Random
    ) -> None:
        self._people, self._dice = people, dice
        self._round_dice = random.Random(f"{day} {part}")  # noqa: S311 (nothing here is secret)
        self._part = part
        opens, closes = part_of(day, part)
        self._end = closes if until is None else until
        self._begin = min(opens, self._end)
        self._is_now = until is not None
        self._cabinets = find_cabinets()
        query = select(Package).where(Package.active, Package.duration_minutes <= LONGEST_PACKAGE)
        self._packages = open_session().scalars(query.order_by(Package.price)).all()
        postpaid = select(Package).where(Package.active, Package.payment_model == "postpaid")
        self._postpaid = open_session().scalars(postpaid).first()
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._busy: set[UUID] = set()

    def play(self) -> None:
        """Let the time pass: everything happens in its order."""
        for cabinet in self._cabinets:
            cabinet.be_there()
            if self._part == 0:
                self._show_charged(cabinet)
        at = self._begin
        while at < self._stocks_until():
            self._plan(at, stocks.record_stocks)
            at += timedelta(hours=1)
        for at, act in rounds.list_acts(
            self._part, self._begin, self._end, goes_on=self._is_now, dice=self._round_dice
        ):
            self._plan(at, act)
        span = (self._end - self._begin).total_seconds()
        share = BUSY[self._part] * span / timedelta(hours=15.75).total_seconds()
        for _ in range(round(self._dice.randint(LEAST, MOST) * share)):
            at = self._begin + timedelta(seconds=span * self._dice.betavariate(1.4, 1.4))
            self._plan(at, self._start_one)
        if self._is_now:
            for _ in range(GOING_ON):
                at = self._end - timedelta(minutes=self._dice.randint(2, 100))
                self._plan(at, lambda moment: self._start_one(moment, goes_on=True))
        elif self._dice.random() < 0.5:
            self._plan(self._begin + timedelta(seconds=span * self._dice.random()), self._meet_a_station_that_is_away)
        self._pass()

    def _show_charged(self, cabinet: Cabinet) -> None:
        """Let a station show its power banks as they are after a night."""
        charged = {
            number: (held[0], self._dice.randint(84, 100)) if held else None for number, held in cabinet.slots.items()
        }
        with past.play(self._begin):
            cabinet.show(charged, at=self._begin)

    def _stocks_until(self) -> datetime:
        """Say until when stocks are counted: to the end of this part, and after the last one through the night."""
        if self._is_now or self._part < len(PARTS) - 1:
            return self._end
        return self._begin + timedelta(hours=14)

    def _pass(self) -> None:
        while self._agenda:
            self._agenda.sort(key=lambda each: each[:2])
            at, _, act = self._agenda.pop(0)
            with past.play(at):
                act()

    def _plan(self, at: datetime, act: Callable[[datetime], None]) -> None:
        self._agenda.append((at, len(self._agenda), lambda: act(at)))

    def _start_one(self, at: datetime, *, goes_on: bool = False) -> None:
        free = [each for each in self._people if each not in self._busy]
        dice = self._dice
        postpaid = self._postpaid is not None and dice.random() < 0.12 and not goes_on
        wish = Wish(
            user_id=dice.choice(free),
            at=at,
            cabinet=dice.choice(self._cabinets),
            package=self._postpaid if postpaid and self._postpaid else self._choose_package(goes_on=goes_on),
            method=Method.WALLET_ONLY if dice.random() < 0.8 else Method.COMBINATION,
            coupon="NAMASTE" if dice.random() < 0.04 else None,
            late=dice.random() < LATE,
            never_back=goes_on or (dice.random() < NEVER_BACK and not self._is_now),
        )
        try:
            rental_id = steps.try_out(lambda: start_rental(wish))
        except AppError as refused:
            _keep_refusal(refused, wish, station_sn=wish.cabinet.sn)
            return
        assert isinstance(rental_id, UUID)  # noqa: S101
        self._busy.add(wish.user_id)
        back = at + self._find_span(wish)
        if not wish.never_back and back < self._end:
            self._plan(back, lambda moment: self._bring_back(rental_id, wish, moment))

    def _choose_package(self, *, goes_on: bool) -> Package:
        """Choose a package. Who still has the power bank when the demonstration is complete took the longest one."""
        if goes_on:
            return max(self._packages, key=lambda package: package.duration_minutes)
        return self._dice.choice(self._packages)

    def _find_span(self, wish: Wish) -> timedelta:
        paid_for = min(wish.package.duration_minutes, LONGEST_PACKAGE)
        late = paid_for + self._dice.randint(8, 170)
        span = timedelta(minutes=late if wish.late else max(6.0, paid_for * self._dice.betavariate(3, 1.6)))
        # Everybody brings it back before the part ends, except for those that are lost.
        return span if self._is_now else min(span, self._end - wish.at - timedelta(seconds=1))

    def _bring_back(self, rental_id: UUID, wish: Wish, at: datetime) -> None:
        there = [wish.cabinet, *self._dice.sample(self._cabinets, len(self._cabinets))]
        if self._dice.random() < 0.45:
            there = there[1:]
        # One place stays free at the station that will show a strange power bank.
        cabinet = next(each for each in there if each.free_slots > (each.sn == IN_TROUBLE))
        end_rental(rental_id, cabinet, charge=self._dice.randint(12, 88), at=at)
        self._busy.discard(wish.user_id)

    def _meet_a_station_that_is_away(self, at: datetime) -> None:
        """Somebody stands before the station that is in trouble, as it was at times before."""
        user_id, package = self._dice.choice(self._people), self._dice.choice(self._packages)
        error = AppError("station_offline", 409, "The station does not answer right now.")
        row = refusals.describe_refusal(error, user_id=user_id, station_sn=IN_TROUBLE, package_id=package.id, now=at)
        refusals.write_refusals([row])


def start_rental(wish: Wish) -> UUID:
    """Start a rental up to the power bank in the person's hand."""
    wish.cabinet.be_there()
    rental_id = send_command(wish)
    rental = open_session().get_one(Rental, rental_id)
    command = open_session().get_one(StationCommand, rental.command_id, populate_existing=True)
    at = wish.at + timedelta(seconds=4)
    wish.cabinet.answer(command.id, slot=command.slot_number or 0, serial=command.serial or "", at=at)
    ejection.settle_ejection(command.id, now=utcnow())  # no reminder is left of a time that is over
    return rental_id


def send_command(wish: Wish) -> UUID:
    """Start a rental up to the command that has gone to the station."""
    rental = initiation.initiate_rental(
        user_id=wish.user_id,
        station_sn=wish.cabinet.sn,
        package_id=wish.package.id,
        method=wish.method,
        coupon_code=wish.coupon,
        now=wish.at,
    )
    open_session().flush()
    ejection.begin_ejection(rental.id, now=wish.at, through=Silence("mqtt://127.0.0.1"))
    return rental.id


def end_rental(rental_id: UUID, cabinet: Cabinet, *, charge: int, at: datetime) -> None:
    """Bring a power bank back, as the station tells it. A worker hears of it too, and finds it done."""
    rental = queries.find_rental(rental_id)
    if rental.status not in OUT:
        return
    slot = cabinet.free_slot
    assert slot is not None  # noqa: S101
    serial = open_session().get_one(PowerBank, rental.bank_id).serial
    sweeps.mark_overdue(rental_id, at)
    cabinet.take_back(serial, slot=slot, charge=charge, at=at)
    returns.process_return(
        rental_id=rental_id,
        bank_id=rental.bank_id,
        station_id=cabinet.id,
        slot_number=slot,
        returned_at=at,
        provisional=False,
        how="event",
        now=at,
    )


def _keep_refusal(refused: AppError, wish: Wish, *, station_sn: str) -> None:
    row = refusals.describe_refusal(
        refused, user_id=wish.user_id, station_sn=station_sn, package_id=wish.package.id, now=wish.at
    )
    refusals.write_refusals([row])
