"""The rounds of the past fortnight: a shift in each part of a day, with a break, and power banks that go from
where many are to where few are. What happens at stations they say word by word, as they do for rentals.
"""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from powerbank.base.errors import AppError
from powerbank.crew.members.queries import actor_of
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks import claims, queries, services, settling
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandName
from scripts.demo import steps
from scripts.demo.cabinets import IN_TROUBLE, Cabinet, Silence, find_cabinets
from scripts.demo.crew.members import BY, CREW

ON_DUTY = ((0, 4), (1,), (2, 3))  # who may have the shift of each part of a day
SHORTEST = timedelta(minutes=90)
ERRAND = timedelta(minutes=35)
MOST_BANKS = 3

Act = tuple[datetime, Callable[[datetime], None]]


def list_acts(part: int, begin: datetime, end: datetime, *, goes_on: bool, dice: random.Random) -> Iterator[Act]:
    """List what the member of this part of a day does, and when. A shift that `goes_on` is not ended."""
    hired = CREW[dice.choice(ON_DUTY[part])]
    member_id = hired.find()
    if member_id is None or end - begin < SHORTEST:
        return
    at = begin + timedelta(minutes=dice.randint(3, 20))
    last = end - timedelta(minutes=15)
    yield at, partial(_at, shifts.start_shift, member_id)
    at += timedelta(minutes=dice.randint(5, 15))
    errands = 0
    while at + ERRAND < last:
        yield from Errand(member_id, hired.depot.city, dice).list_acts(at)
        at += ERRAND + timedelta(minutes=dice.randint(15, 50))
        errands += 1
        if errands == 1 and at + timedelta(minutes=25) < last:
            yield at, partial(_at, shifts.start_break, member_id)
            at += timedelta(minutes=dice.randint(11, 20))
            yield at, partial(_at, shifts.end_break, member_id)
            at += timedelta(minutes=3)
    if not goes_on:
        yield last, partial(_at, shifts.end_shift, member_id)


class Errand:
    """Two tasks of one way: take power banks out of the fullest station of a city, and bring them to the emptiest."""

    def __init__(self, member_id: UUID, city: str, dice: random.Random) -> None:
        self._member_id, self._city, self._dice = member_id, city, dice
        self._source: Cabinet | None = None
        self._target: Cabinet | None = None
        self._charges: dict[str, int] = {}

    def list_acts(self, at: datetime) -> Iterator[Act]:
        yield at, self._order
        yield at + timedelta(minutes=12), self._take
        yield at + ERRAND - timedelta(minutes=8), self._bring

    def _order(self, now: datetime) -> None:
        """Have staff order what evens the stations out, and claim it. Do nothing if it is ordered already."""
        cabinets = [each for each in find_cabinets() if each.city == self._city and each.sn != IN_TROUBLE]
        by_banks = sorted(cabinets, key=lambda each: (-each.free_slots, self._dice.random()))
        target, source = by_banks[0], by_banks[-1]
        wanted = min(MOST_BANKS, (target.free_slots - source.free_slots) // 2)
        if wanted < 1:
            return
        try:
            steps.try_out(partial(self._order_from_to, source, target, wanted, now))
        except AppError:
            return
        self._source, self._target = source, target

    def _order_from_to(self, source: Cabinet, target: Cabinet, wanted: int, now: datetime) -> None:
        for sn, kind, wants in ((source.sn, "full", {"take": wanted}), (target.sn, "empty", {"bring": wanted})):
            task = services.make_task(sn, kind=kind, wants=wants, note=None, by=BY, now=now)
            claims.claim_task(self._member_id, task.id, now=now + timedelta(minutes=1))
            claims.begin_task(self._member_id, task.id, now=now + timedelta(minutes=2))
        held = sorted((held for held in source.slots.values() if held), key=lambda held: -held[1])
        self._charges = dict(held[:wanted])

    def _take(self, now: datetime) -> None:
        """Open the slots. Who was quicker with a rental has what they took; as many others come out instead."""
        if self._source is None:
            return
        there = {held[0]: (number, held[1]) for number, held in self._source.slots.items() if held}
        chosen = sorted(there, key=lambda serial: (serial not in self._charges, -there[serial][1]))
        self._charges = {serial: there[serial][1] for serial in chosen[: len(self._charges)]}
        for number, serial in enumerate(self._charges):
            put_out(self._source, self._member_id, there[serial][0], serial, at=now + timedelta(seconds=20 * number))
        settling.settle_station(self._source.id, now=now + timedelta(minutes=2))

    def _bring(self, now: datetime) -> None:
        """Put in what fits, and the rest back where it came from."""
        if self._source is None or self._target is None:
            return
        for serial, charge in self._charges.items():
            cabinet = self._target if self._target.free_slots else self._source
            slot = cabinet.free_slot
            assert slot is not None  # noqa: S101 (the source had it there before)
            cabinet.take_back(serial, slot=slot, charge=charge, at=now)
            now += timedelta(seconds=15)
        for cabinet in (self._source, self._target):
            settling.settle_station(cabinet.id, now=now + settling.QUIET)
        for task in queries.list_held_tasks(self._member_id):
            claims.release_task(self._member_id, task.id, now=now + settling.QUIET)


def put_out(cabinet: Cabinet, member_id: UUID, slot: int, serial: str, *, at: datetime) -> None:
    """Have a station put a power bank into the hands of a member, as it does for an opening."""
    cabinet.be_there()
    command = commands.request_command(
        station_id=cabinet.id,
        command=CommandName.EJECT,
        parameters={"slot_number": slot, "powerbank_sn": serial},
        requested_by=actor_of(member_id),
        now=at,
        through=Silence("mqtt://127.0.0.1"),
    )
    cabinet.answer(command.id, slot=slot, serial=serial, at=at + timedelta(seconds=4))


def _at(act: Callable[..., object], member_id: UUID, now: datetime) -> None:
    act(member_id, now=now)
