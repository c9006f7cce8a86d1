"""Power banks that come back. Custody tells repeats apart: a bank that is in its slot already cannot come back."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.outbox.enqueue import publish
from powerbank.stations.commands import ejections
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import services as commands
from powerbank.stations.custody import discrepancies
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Custody, Discrepancy, DiscrepancyKind, Place, PowerBank, Whereabouts
from powerbank.stations.custody.services import SHORTEST_STAY
from powerbank.stations.events import EjectionUndone, PowerbankReturned, ReturnSelfTested, StationAlarm
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.models import Station
from powerbank.stations.protocols.events import Order, ReturnSelfTest

STAYED_WITHIN = timedelta(seconds=60)
RETURN_REFUSED = "return refused"


def moment(order: Order, *, last: datetime | None, offline_after: timedelta) -> datetime:
    """When it happened: the device's time between the station's last word and ours of this one; else the receipt, or
    that last word if the station was offline since."""
    received, said = order.received_at, order.device_time
    if last is None:
        return received
    if said is not None and last <= said <= received:
        return said
    return last if received - last > offline_after else received


def returned(
    station_id: UUID,
    slot_number: int,
    serial: str,
    *,
    at: datetime,
    received_at: datetime,
    report_id: UUID,
    how: str,
    provisional: bool = False,
    ordered: bool = False,
    overtaken: bool = False,
) -> bool:
    """A bank is seen in a slot. False if that is nothing new.

    `ordered`: by its own numbers the report is newer than all before it, not merely the last to arrive; `overtaken`:
    by its own numbers it is older.
    """
    session = open_session()
    bank = session.scalar(select(PowerBank).where(PowerBank.serial == serial).with_for_update())
    if bank is None:
        discrepancies.open_discrepancy(
            kind=DiscrepancyKind.UNKNOWN_SERIAL,
            serial=serial,
            station_id=station_id,
            slot_number=slot_number,
            detail={"how": how},
            now=received_at,
        )
        return True
    here = Whereabouts(Place.SLOT, station_id, slot_number)
    stay = _settled_stay(bank, here, how=how, ordered=ordered, now=received_at)
    if stay.place == Place.SLOT and (stay.station_id, stay.slot_number) == (station_id, slot_number):
        return False
    rental_id, moves = _whose(stay, at=at, overtaken=overtaken)
    told = rental_id is not None or (how == "event" and moves)
    if not moves:  # an old word: whether the bank is there now, a snapshot tells
        commands.request_snapshot(station_id, now=received_at)
    if moves and stay.place == Place.SLOT and not _left_its_slot(bank, stay, station_id):
        discrepancies.open_discrepancy(
            kind=DiscrepancyKind.BANK_ELSEWHERE,
            serial=serial,
            station_id=station_id,
            slot_number=slot_number,
            detail={"how": how},
            now=received_at,
        )
        moves = False
    if moves:
        assert stay.since is not None  # noqa: S101 (CHECK period)
        at = max(at, stay.since + SHORTEST_STAY)
        banks.move_bank(bank.id, here, at=at, cause="returned" if stay.place == Place.USER else how)
        discrepancies.close_discrepancies(serial, resolution=f"seen in slot {slot_number}", now=received_at)
        if stay.cause.startswith(banks.WRITTEN_OFF):
            _tell_it_is_back(serial, station_id, slot_number)
    if told:
        publish(
            PowerbankReturned(
                report_id=report_id,
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


def _tell_it_is_back(serial: str, station_id: UUID, slot_number: int) -> None:
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
    """A rented bank in the slot that it was said to have left a moment ago never left it."""
    session = open_session()
    bank = session.scalar(select(PowerBank).where(PowerBank.serial == serial).with_for_update())
    if bank is None:
        return False
    now_at, before = _last_stays(bank.id)
    if (
        now_at.place != Place.USER
        or before is None
        or (before.place, before.station_id, before.slot_number) != (Place.SLOT, station_id, slot_number)
        or now_at.cause == RETURN_REFUSED  # it did come out, and was brought back
        or now_at.since is None
        or seen_at - now_at.since > STAYED_WITHIN
    ):
        return False
    assert now_at.rental_id is not None  # noqa: S101 (CHECK rental)
    banks.move_bank(bank.id, Whereabouts(Place.SLOT, station_id, slot_number), at=seen_at, cause="never came out")
    publish(
        EjectionUndone(
            bank_id=bank.id, rental_id=now_at.rental_id, station_id=station_id, slot_number=slot_number, seen_at=seen_at
        )
    )
    return True


def self_tested(station_id: UUID, event: ReturnSelfTest, *, serial: str | None, now: datetime) -> str | None:
    """The end of a provisional return; what it is known by, or None if no bank is meant."""
    session = open_session()
    bank = session.scalar(select(PowerBank).where(PowerBank.serial == (event.serial or serial)))
    if bank is None:
        return None
    stay, before = _last_stays(bank.id)
    if stay.place != Place.SLOT or stay.station_id != station_id:
        return None
    rental_id = before.rental_id if before is not None else None
    return f"self-test:{stay.id}:{rental_id or ''}"


def tell_self_test(
    station_id: UUID, event: ReturnSelfTest, *, serial: str, rental_id: UUID | None, now: datetime
) -> None:
    if not event.passed:
        banks.quarantine_bank(serial, reason=f"self-test after return: {event.reason}", now=now)
    bank = custody_queries.lock_bank(serial)
    slot_number = custody_queries.find_whereabouts(bank.id).slot_number
    publish(
        ReturnSelfTested(
            bank_id=bank.id, station_id=station_id, slot_number=slot_number, rental_id=rental_id, passed=event.passed
        )
    )


def refuse(bank_id: UUID, rental_id: UUID, *, now: datetime) -> None:
    """The self-test after a return failed: the bank is its person's still, until a snapshot shows it in a slot. One is
    asked for, and looked at closely. The station's row is locked before the bank's, as its own words do."""
    here = custody_queries.find_whereabouts(bank_id)
    if here.place is not Place.SLOT or here.station_id is None:
        return  # somebody has taken it away meanwhile
    message_queries.lock(here.station_id).contents = None
    serial = open_session().get_one(PowerBank, bank_id, with_for_update=True, populate_existing=True).serial
    if custody_queries.find_whereabouts(bank_id) == here:
        banks.move_bank(bank_id, Whereabouts(Place.USER, rental_id=rental_id), at=now, cause=RETURN_REFUSED)
        discrepancies.close_discrepancies(serial, resolution="its return was refused", now=now)
        commands.request_snapshot(here.station_id, now=now)


def _settled_stay(bank: PowerBank, here: Whereabouts, *, how: str, ordered: bool, now: datetime) -> Custody:
    """Where the database has it, after what this return proves: a bank that comes back was out."""
    stay, _ = _last_stays(bank.id)
    if stay.place != Place.SLOT:
        return stay
    command = command_queries.find_ejection_in_play(bank.serial, now=now)
    if command is None or command.station_id != stay.station_id or command.sent_at is None:
        return stay
    same_slot = (stay.station_id, stay.slot_number) == (here.station_id, here.slot_number)
    # In its own slot only an event that is surely new proves that it had left.
    if same_slot and not (how == "event" and ordered):
        return stay
    if command.station_id != here.station_id:
        message_queries.lock(command.station_id)
    ejections.conclude_bank_left(command, at=command.sent_at, proof="returned", now=now)
    return _last_stays(bank.id)[0]


def _whose(stay: Custody, *, at: datetime, overtaken: bool) -> tuple[UUID | None, bool]:
    """The rental that held the bank at that time, and whether the bank is to be moved for it."""
    overtaken = overtaken and stay.place == Place.USER
    if overtaken or (stay.since is not None and at < stay.since):
        earlier = _rental_before(stay, at=at)
        if earlier is not None or overtaken:
            return earlier, False  # an old report: the bank has been out again since
    if stay.place == Place.LOST:
        _, before = _last_stays(stay.bank_id)
        return (before.rental_id if before is not None else None), True
    return stay.rental_id, True


def _rental_before(stay: Custody, *, at: datetime) -> UUID | None:
    """Who had the bank at that time, before this stay. A report without a time that can be is of the last one."""
    query = select(Custody.rental_id).where(Custody.bank_id == stay.bank_id)
    if stay.since is not None and at < stay.since:
        return open_session().scalar(query.where(Custody.period.contains(at)))
    rented = query.where(Custody.id != stay.id, Custody.rental_id.is_not(None))
    return open_session().scalar(rented.order_by(func.lower(Custody.period).desc()).limit(1))


def _left_its_slot(bank: PowerBank, stay: Custody, station_id: UUID) -> bool:
    """Within a station banks are moved by hand. From another, its own station must have missed it."""
    if stay.station_id == station_id:
        return True
    return bool(
        open_session().scalar(
            select(func.count())
            .select_from(Discrepancy)
            .where(
                Discrepancy.serial == bank.serial,
                Discrepancy.kind == DiscrepancyKind.BANK_MISSING,
                Discrepancy.station_id == stay.station_id,
                Discrepancy.resolved_at.is_(None),
            )
        )
    )


def _last_stays(bank_id: UUID) -> tuple[Custody, Custody | None]:
    """Where the bank is, and where it was before."""
    session = open_session()
    fresh = {"populate_existing": True}
    mine = select(Custody).where(Custody.bank_id == bank_id)
    now_at = session.scalars(mine.where(func.upper_inf(Custody.period)), execution_options=fresh).one()
    before = session.scalars(mine.where(func.upper(Custody.period) == now_at.since), execution_options=fresh).first()
    return now_at, before
