"""Record the power banks that come back.

Custody tells a repeat from a return: a bank that is in its slot already cannot come back into it.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.outbox.enqueue import publish
from powerbank.stations.availability import presence
from powerbank.stations.commands import ejections
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import services as commands
from powerbank.stations.custody import discrepancies
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Custody, DiscrepancyKind, Place, PowerBank, Whereabouts
from powerbank.stations.events import EjectionUndone, PowerbankReturned, ReturnSelfTested, StationAlarm
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages.message import StationIdentity
from powerbank.stations.models import Station
from powerbank.stations.protocols.events import Order, ReturnSelfTest

STAYED_WITHIN = timedelta(seconds=60)
RETURN_REFUSED = "return refused"


class TestedReturn(NamedTuple):
    """The stay in a slot whose bank a station has tested, and the rental before it."""

    stay_id: UUID
    bank_id: UUID
    rental_id: UUID | None


def estimate_return_time(order: Order, station: StationIdentity, *, last: datetime | None) -> datetime:
    """Estimate when a bank came back.

    It is the device's time if that lies between the station's last message and the receipt of this one. Otherwise it is
    the receipt, or the last message if the station has been offline since.
    """
    received, device_time = order.received_at, order.device_time
    if last is None:
        return received
    if device_time is not None and last <= device_time <= received:
        return device_time
    return last if received - last > presence.find_silence_limit(station.heartbeat) else received


def record_return(
    station_id: UUID,
    slot_number: int,
    serial: str,
    *,
    at: datetime,
    received_at: datetime,
    message_id: UUID,
    how: str,
    provisional: bool = False,
    is_surely_newest: bool = False,
    is_overtaken: bool = False,
) -> bool:
    """Record that a bank is in a slot. False if that is known already.

    `is_surely_newest`: by its own numbers the message is newer than all before it, and not merely the last to arrive.
    `is_overtaken`: by its own numbers the message is older than one that was applied.
    """
    session = open_session()
    bank = session.scalar(select(PowerBank).where(PowerBank.serial == serial).with_for_update())
    if bank is None:
        _open_discrepancy(DiscrepancyKind.UNKNOWN_SERIAL, serial, station_id, slot_number, how=how, now=received_at)
        return True
    here = Whereabouts(Place.SLOT, station_id, slot_number)
    stay = _find_proven_stay(bank, here, how=how, is_surely_newest=is_surely_newest, now=received_at)
    if stay.place == Place.SLOT and (stay.station_id, stay.slot_number) == (station_id, slot_number):
        return False
    rental_id, moves = _find_rental(stay, at=at, is_overtaken=is_overtaken)
    is_announced = rental_id is not None or (how == "event" and moves)
    if not moves:  # the message is old, and a snapshot tells whether the bank is in the slot now
        commands.request_snapshot(station_id, now=received_at)
    if moves and stay.place == Place.SLOT and not _has_left_its_slot(bank, stay, station_id):
        _open_discrepancy(DiscrepancyKind.BANK_ELSEWHERE, serial, station_id, slot_number, how=how, now=received_at)
        moves = False
    if moves:
        assert stay.since is not None  # noqa: S101 (CHECK period)
        at = max(at, stay.since + banks.SHORTEST_STAY)
        banks.move_bank(bank.id, here, at=at, cause="returned" if stay.place == Place.USER else how)
        discrepancies.close_discrepancies(serial, resolution=f"seen in slot {slot_number}", now=received_at)
        if stay.cause.startswith(banks.WRITTEN_OFF):
            _announce_found_bank(serial, station_id, slot_number)
    if is_announced:
        publish(
            PowerbankReturned(
                report_id=message_id,
                bank_id=bank.id,
                station_id=station_id,
                slot_number=slot_number,
                rental_id=rental_id,
                returned_at=at,
                received_at=received_at,
                provisional=provisional,
                how=how,
            )
        )
    return True


def _open_discrepancy(
    kind: DiscrepancyKind, serial: str, station_id: UUID, slot_number: int, *, how: str, now: datetime
) -> None:
    discrepancies.open_discrepancy(
        kind=kind, serial=serial, station_id=station_id, slot_number=slot_number, detail={"how": how}, now=now
    )


def _announce_found_bank(serial: str, station_id: UUID, slot_number: int) -> None:
    publish(
        StationAlarm(
            station_sn=open_session().get_one(Station, station_id).sn,
            kind="written_off_is_back",
            slot_number=slot_number,
            serial=serial,
            report_id=None,
            detail=f"power bank {serial}, which was written off, is back in slot {slot_number}",
        )
    )


def undo_ejection(station_id: UUID, slot_number: int, serial: str, *, seen_at: datetime) -> bool:
    """Undo the ejection of a rented bank that a snapshot shows in its slot a moment later: it never left the slot."""
    session = open_session()
    bank = session.scalar(select(PowerBank).where(PowerBank.serial == serial).with_for_update())
    if bank is None:
        return False
    stay, before = custody_queries.find_last_stays(bank.id)
    if (
        stay.place != Place.USER
        or before is None
        or (before.place, before.station_id, before.slot_number) != (Place.SLOT, station_id, slot_number)
        or stay.cause == RETURN_REFUSED  # the bank did come out, and was brought back
        or stay.since is None
        or seen_at - stay.since > STAYED_WITHIN
    ):
        return False
    assert stay.rental_id is not None  # noqa: S101 (CHECK rental)
    banks.move_bank(bank.id, Whereabouts(Place.SLOT, station_id, slot_number), at=seen_at, cause="never came out")
    publish(
        EjectionUndone(
            bank_id=bank.id, rental_id=stay.rental_id, station_id=station_id, slot_number=slot_number, seen_at=seen_at
        )
    )
    return True


def find_tested_return(station_id: UUID, serial: str) -> TestedReturn | None:
    """Find the return that a self-test of this bank ends. None if the bank is not in a slot of the station."""
    bank = open_session().scalar(select(PowerBank).where(PowerBank.serial == serial))
    if bank is None:
        return None
    stay, before = custody_queries.find_last_stays(bank.id)
    if stay.place != Place.SLOT or stay.station_id != station_id:
        return None
    return TestedReturn(stay.id, bank.id, before.rental_id if before is not None else None)


def record_self_test(station_id: UUID, event: ReturnSelfTest, tested: TestedReturn, *, now: datetime) -> None:
    """Record how a provisional return ends, and hold the bank back if it failed its test."""
    bank = open_session().get_one(PowerBank, tested.bank_id)
    if not event.passed:
        banks.quarantine_bank(bank.serial, reason=f"self-test after return: {event.reason}", now=now)
    bank = custody_queries.lock_bank(bank.serial)
    publish(
        ReturnSelfTested(
            bank_id=bank.id,
            station_id=station_id,
            slot_number=custody_queries.find_whereabouts(bank.id).slot_number,
            rental_id=tested.rental_id,
            passed=event.passed,
        )
    )


def refuse_return(bank_id: UUID, rental_id: UUID, *, now: datetime) -> None:
    """Give the bank back to its rental because the self-test after its return failed.

    A snapshot is requested and compared slot by slot, and ends the rental if it shows the bank in a slot. The station's
    state is locked before the bank, in the same order as when a message of the station is applied.
    """
    here = custody_queries.find_whereabouts(bank_id)
    if here.place is not Place.SLOT or here.station_id is None:
        return  # somebody has taken the bank away meanwhile
    message_queries.lock_station_state(here.station_id).contents = None
    serial = open_session().get_one(PowerBank, bank_id, with_for_update=True, populate_existing=True).serial
    if custody_queries.find_whereabouts(bank_id) == here:
        banks.move_bank(bank_id, Whereabouts(Place.USER, rental_id=rental_id), at=now, cause=RETURN_REFUSED)
        discrepancies.close_discrepancies(serial, resolution="its return was refused", now=now)
        commands.request_snapshot(here.station_id, now=now)


def _find_proven_stay(
    bank: PowerBank, here: Whereabouts, *, how: str, is_surely_newest: bool, now: datetime
) -> Custody:
    """Find where the bank was before this return. A bank that comes back was out, which may prove an ejection."""
    stay, _ = custody_queries.find_last_stays(bank.id)
    if stay.place != Place.SLOT:
        return stay
    command = command_queries.find_ejection_in_play(bank.serial, now=now)
    if command is None or command.station_id != stay.station_id or command.sent_at is None:
        return stay
    is_same_slot = (stay.station_id, stay.slot_number) == (here.station_id, here.slot_number)
    # That the bank had left this very slot is proven by an event only, and only by one that is surely new.
    if is_same_slot and not (how == "event" and is_surely_newest):
        return stay
    if command.station_id != here.station_id:
        message_queries.lock_station_state(command.station_id)
    ejections.conclude_bank_left(command, at=command.sent_at, proof="returned", now=now)
    return custody_queries.find_last_stays(bank.id)[0]


def _find_rental(stay: Custody, *, at: datetime, is_overtaken: bool) -> tuple[UUID | None, bool]:
    """Find the rental that held the bank at that time, and whether the bank is to be moved for it."""
    is_overtaken = is_overtaken and stay.place == Place.USER
    if is_overtaken or (stay.since is not None and at < stay.since):
        earlier = _find_earlier_rental(stay, at=at)
        if earlier is not None or is_overtaken:
            return earlier, False  # the message is old: the bank has been out again since
    if stay.place == Place.LOST:
        _, before = custody_queries.find_last_stays(stay.bank_id)
        return (before.rental_id if before is not None else None), True
    return stay.rental_id, True


def _find_earlier_rental(stay: Custody, *, at: datetime) -> UUID | None:
    """Find who had the bank at that time, before this stay; without a usable time, who had it last."""
    query = select(Custody.rental_id).where(Custody.bank_id == stay.bank_id)
    if stay.since is not None and at < stay.since:
        return open_session().scalar(query.where(Custody.period.contains(at)))
    rented = query.where(Custody.id != stay.id, Custody.rental_id.is_not(None))
    return open_session().scalar(rented.order_by(func.lower(Custody.period).desc()).limit(1))


def _has_left_its_slot(bank: PowerBank, stay: Custody, station_id: UUID) -> bool:
    """Tell whether the bank may have left the slot where the database has it.

    Within a station, people move banks by hand. A bank of another station is believed only if that station misses it.
    """
    return stay.station_id == station_id or discrepancies.is_bank_missing(bank.serial, station_id=stay.station_id)
