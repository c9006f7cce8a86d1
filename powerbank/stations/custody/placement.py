"""Let staff say where a power bank is, or that it is gone. That settles the discrepancies about it."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.outbox.enqueue import publish
from powerbank.stations.custody import discrepancies
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import BankPromise, Custody, Place, PowerBank, Whereabouts
from powerbank.stations.events import LostBankFound
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.models import Slot, StationLive
from powerbank.stations.registry import queries
from powerbank.stations.warehouses import queries as warehouses

Placed = tuple[PowerBank, dict[str, Any]]  # the bank, and where it was before


def write_off_bank(serial: str, *, reason: str, by: str, now: datetime) -> Placed:
    """Write off a bank. If a station ever shows it again, it is back in the stock."""
    bank, here = _lock_bank_at_rest(serial)
    if here.place is Place.LOST:
        raise ConflictError("already_written_off", "This power bank is written off or lost already.")
    gone = Whereabouts(Place.LOST, holder=by)
    return _move_bank(bank, here, gone, cause=f"{banks.WRITTEN_OFF}: {reason}", by=by, now=now)


def record_found_bank(
    serial: str,
    *,
    reason: str,
    place: str | None,
    station_sn: str | None,
    slot_number: int | None,
    holder: str | None,
    by: str,
    now: datetime,
) -> Placed:
    """Record where a bank was found that was lost, or that its station misses."""
    if place is None:
        place = Place.WAREHOUSE if custody_queries.find_bank(serial).quarantine_reason is None else Place.QUARANTINED
    there = _find_place(place, station_sn, slot_number, holder)
    bank, here = _lock_bank_at_rest(serial, there)
    if here.place is not Place.LOST and not (here.place is Place.SLOT and discrepancies.is_bank_missing(serial)):
        raise ConflictError("not_lost", "This power bank is neither lost nor missing.")
    return _move_bank(bank, here, there, cause=f"found: {reason}", by=by, now=now)


def place_bank(
    serial: str,
    *,
    reason: str,
    place: str,
    station_sn: str | None,
    slot_number: int | None,
    holder: str | None,
    by: str,
    now: datetime,
) -> Placed:
    """Place a bank where staff say that it is."""
    there = _find_place(place, station_sn, slot_number, holder)
    bank, here = _lock_bank_at_rest(serial, there)
    return _move_bank(bank, here, there, cause=f"placed: {reason}", by=by, now=now)


def _lock_bank_at_rest(serial: str, there: Whereabouts | None = None) -> tuple[PowerBank, Whereabouts]:
    """Lock a bank, after the states of both stations, and refuse one about which staff have no say now."""
    here = custody_queries.find_whereabouts(custody_queries.find_bank(serial).id)
    stations = {each.station_id for each in (here, there) if each is not None and each.station_id is not None}
    for station_id in sorted(stations):
        message_queries.lock_station_state(station_id).contents = None  # its next snapshot is compared slot by slot
    bank = custody_queries.lock_bank(serial)
    if custody_queries.find_whereabouts(bank.id) != here:
        raise ConflictError("power_bank_moved", "It has just moved; look at it again.")
    if here.place is Place.USER:
        raise ConflictError("power_bank_rented", "A rental has this power bank; end that first.")
    if open_session().get(BankPromise, bank.id) is not None:
        raise ConflictError("power_bank_promised", "This power bank is being rented out just now.")
    if here.place is Place.SLOT and _is_shown_by_station(serial, here):
        raise ConflictError("power_bank_in_its_slot", "Its station shows this power bank in its slot.")
    return bank, here


def _is_shown_by_station(serial: str, here: Whereabouts) -> bool:
    """Tell whether an online station shows the bank in its slot. An offline one may be gone with all that it holds."""
    shown = (
        select(Slot.bank_serial)
        .join(StationLive, StationLive.station_id == Slot.station_id)
        .where(Slot.station_id == here.station_id, Slot.number == here.slot_number, StationLive.online)
    )
    return open_session().scalar(shown) == serial


def _find_place(place: str, station_sn: str | None, slot_number: int | None, holder: str | None) -> Whereabouts:
    if place != Place.SLOT:
        named = warehouses.find_holder(holder) if holder and place in warehouses.IN_A_WAREHOUSE else None
        return Whereabouts(Place(place), holder=named or holder)
    assert station_sn is not None  # noqa: S101 (the schema)
    station = queries.find_station(station_sn)
    if open_session().get(Slot, (station.id, slot_number)) is None:
        problem = "The station has no such slot."
        raise InvalidFieldsError({"slot_number": [problem]}, detail=problem)
    return Whereabouts(Place.SLOT, station.id, slot_number)


def _is_taken(slot: Whereabouts) -> bool:
    here = (Custody.station_id == slot.station_id, Custody.slot_number == slot.slot_number)
    return bool(open_session().scalar(select(func.count()).where(*here, func.upper_inf(Custody.period))))


def _move_bank(bank: PowerBank, here: Whereabouts, there: Whereabouts, *, cause: str, by: str, now: datetime) -> Placed:
    if there.place is Place.SLOT and there != here and _is_taken(there):
        raise ConflictError("slot_occupied", "The database has another power bank in this slot.")
    bank.doubt = None
    banks.move_locked_bank(bank.id, there, at=now, cause=cause)
    discrepancies.close_discrepancies(bank.serial, resolution=cause, by=by, now=now)
    if here.place is Place.LOST:
        publish(
            LostBankFound(
                bank_id=bank.id,
                station_id=there.station_id,
                slot_number=there.slot_number,
                found_at=now,
                found_by=by,
            )
        )
    before = {"place": here.place, "station_id": here.station_id, "slot_number": here.slot_number}
    return bank, {name: str(value) if value is not None else None for name, value in before.items()}
