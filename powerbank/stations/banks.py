"""Power banks: which one is handed out, to whom it is promised, and where each one is.

Whoever changes a bank locks its row first; the live row of the station comes last.
"""

import functools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import Range, insert

from powerbank.db import new_id, open_session
from powerbank.errors import ConflictError, NotFoundError
from powerbank.stations import errors, live
from powerbank.stations.bank_models import Custody, Place, PowerBank, Reservation
from powerbank.stations.models import Slot

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Whereabouts:
    """A place, with what tells it from others of its kind."""

    place: Place
    station_id: UUID | None = None
    slot_number: int | None = None
    rental_id: UUID | None = None
    holder: str | None = None


WAREHOUSE = Whereabouts(Place.WAREHOUSE)
QUARANTINED = Whereabouts(Place.QUARANTINED)


def register(*, serials: Iterable[str], model: str | None, now: datetime) -> tuple[list[str], list[str]]:
    """Takes banks into the stock: those that were new, and those that were known."""
    wanted = list(dict.fromkeys(serials))
    session = open_session()
    rows = [{"id": new_id(), "serial": serial, "model": model} for serial in sorted(wanted)]
    fresh = insert(PowerBank).values(rows).on_conflict_do_nothing().returning(PowerBank.serial, PowerBank.id)
    made = {row.serial: row.id for row in session.execute(fresh)}
    session.add_all(
        Custody(bank_id=bank_id, place=Place.WAREHOUSE, cause="registered", period=Range(now, None))
        for bank_id in made.values()
    )
    session.flush()
    return [serial for serial in wanted if serial in made], [serial for serial in wanted if serial not in made]


def locked(serial: str) -> PowerBank:
    bank = open_session().scalar(
        select(PowerBank).where(PowerBank.serial == serial).with_for_update().execution_options(populate_existing=True)
    )
    if bank is None:
        raise NotFoundError("power bank")
    return bank


def move(bank_id: UUID, to: Whereabouts, *, at: datetime, cause: str, out_of: UUID | None = None) -> bool:
    """Notes that the bank is somewhere else now. False when it is there already, or was not in this station.

    A device's clock may be behind what is known: the new stay then begins a moment after the one before.
    """
    open_session().execute(select(PowerBank.id).where(PowerBank.id == bank_id).with_for_update()).one()
    return move_locked(bank_id, to, at=at, cause=cause, out_of=out_of)


def move_locked(bank_id: UUID, to: Whereabouts, *, at: datetime, cause: str, out_of: UUID | None = None) -> bool:
    """The same, for who holds the bank's row."""
    session = open_session()
    before = session.scalar(
        select(Custody).where(Custody.bank_id == bank_id, func.upper_inf(Custody.period))
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if out_of is not None and (before is None or (before.place, before.station_id) != (Place.SLOT, out_of)):
        return False
    touched = {to.station_id}
    if before is not None:
        if _whereabouts(before) == to:
            return False
        assert before.period.lower is not None  # noqa: S101 (CHECK period)
        at = max(at, before.period.lower + MOMENT)
        before.period = Range(before.period.lower, at)
        touched.add(before.station_id)
        session.flush()
    session.add(
        Custody(
            bank_id=bank_id, place=to.place, station_id=to.station_id, slot_number=to.slot_number,
            rental_id=to.rental_id, holder=to.holder, cause=cause, period=Range(at, None),
        )
    )  # fmt: skip
    live.refresh([each for each in touched if each is not None])
    return True


def whereabouts(bank_id: UUID) -> Whereabouts:
    row = open_session().scalars(
        select(Custody).where(Custody.bank_id == bank_id, func.upper_inf(Custody.period))
    ).one()  # fmt: skip
    return _whereabouts(row)


def _whereabouts(row: Custody) -> Whereabouts:
    return Whereabouts(Place(row.place), row.station_id, row.slot_number, row.rental_id, row.holder)


@dataclass(frozen=True)
class Choice:
    bank_id: UUID
    serial: str
    slot_number: int


def best_bank(station_id: UUID, *, min_battery: int, without: Collection[str] = ()) -> Choice | None:
    """The bank to hand out: highest charge, then fewest cycles. Its row is locked for this transaction; banks that
    others are looking at are passed over, so that two people at one station do not wait for each other."""
    asked = {"station_id": station_id, "min_battery": min_battery, "without": list(without)}
    row = open_session().execute(_best(), asked).one_or_none()
    return None if row is None else Choice(row.id, row.serial, row.number)


@functools.cache
def _best() -> Select[UUID, str, int]:
    return (
        select(PowerBank.id, PowerBank.serial, Slot.number)
        .join(Slot, Slot.bank_serial == PowerBank.serial)
        .where(
            Slot.station_id == bindparam("station_id"), live.rentable(bindparam("min_battery", type_=Integer)),
            PowerBank.serial.not_in(bindparam("without", expanding=True)),
        )
        .order_by(Slot.charge.desc(), PowerBank.cycles, Slot.number)
        .limit(1)
        .with_for_update(of=PowerBank, skip_locked=True)
    )  # fmt: skip


def reserve(bank_id: UUID, *, rental_id: UUID) -> bool:
    """Promises the bank to the rental. False when it is promised to another: the caller takes the next best."""
    made = open_session().execute(
        insert(Reservation)
        .values(bank_id=bank_id, rental_id=rental_id)
        .on_conflict_do_nothing(index_elements=["bank_id"])
        .returning(Reservation.bank_id)
    )
    return made.one_or_none() is not None


def reserve_best(station_id: UUID, *, rental_id: UUID, min_battery: int, without: Collection[str] = ()) -> Choice:
    """Two that race for the last bank: one gets it, the other is told at once. `without`: serials not to be taken."""
    while (choice := best_bank(station_id, min_battery=min_battery, without=without)) is not None:
        # Promised between our look and our lock: the next look sees that promise.
        if reserve(choice.bank_id, rental_id=rental_id):
            live.refresh([station_id])
            return choice
    raise errors.no_bank()


def end_reservation(rental_id: UUID, *, of_bank: UUID | None = None) -> None:
    """The promise is kept, or will not be. Calm when there is none, or when it is of another bank than `of_bank`."""
    promise = delete(Reservation).where(Reservation.rental_id == rental_id)
    if of_bank is not None:
        promise = promise.where(Reservation.bank_id == of_bank)
    bank_id = open_session().scalar(promise.returning(Reservation.bank_id))
    if bank_id is not None:
        _refresh_around(bank_id)


def doubt(bank_id: UUID, reason: str) -> None:
    """Nobody knows whether it came out: not handed out until `settle`."""
    open_session().get_one(PowerBank, bank_id, with_for_update=True, populate_existing=True).doubt = reason
    _refresh_around(bank_id)


def settle(bank_id: UUID) -> None:
    open_session().get_one(PowerBank, bank_id, with_for_update=True, populate_existing=True).doubt = None
    _refresh_around(bank_id)


def quarantine(serial: str, *, reason: str, now: datetime) -> PowerBank:
    """Not rented out any more. In a slot or with a person it stays where it is until somebody takes it away."""
    bank = locked(serial)
    bank.quarantine_reason = reason
    if whereabouts(bank.id).place in (Place.WAREHOUSE, Place.CREW, Place.LOST):
        move(bank.id, QUARANTINED, at=now, cause="quarantined")
    _refresh_around(bank.id)
    return bank


def release(serial: str, *, now: datetime) -> PowerBank:
    """Back into the stock, and out of doubt."""
    bank = locked(serial)
    if bank.quarantine_reason is None and bank.doubt is None:
        raise ConflictError("not_quarantined", "This power bank is not held back.")
    bank.quarantine_reason = bank.doubt = None
    if whereabouts(bank.id).place is Place.QUARANTINED:
        move(bank.id, WAREHOUSE, at=now, cause="released")
    _refresh_around(bank.id)
    return bank


def free_slots(station_id: UUID) -> list[int]:
    """Numbers of the slots into which a bank can be returned."""
    return list(
        open_session().scalars(
            select(Slot.number).where(Slot.station_id == station_id, live.free()).order_by(Slot.number)
        )
    )


def keep_promise(rental_id: UUID, bank_id: UUID) -> None:
    """The bank is out. A late one may come when the next is promised to the same rental. Its station's live row is
    the caller's."""
    kept = delete(Reservation).where(Reservation.rental_id == rental_id, Reservation.bank_id == bank_id)
    open_session().execute(kept)


def _refresh_around(bank_id: UUID) -> None:
    open_session().flush()
    station_id = whereabouts(bank_id).station_id
    live.refresh([station_id] if station_id else [])
