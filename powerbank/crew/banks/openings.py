"""Open slots for a member of the crew: ejections like any, without a rental.

A station puts out one bank at a time, so the others wait. Each bank is promised to its opening from the start, by the
same promise of the database as a rental's: nobody is given a bank that is about to go.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError
from powerbank.crew import errors
from powerbank.crew.banks.models import Opening, OpeningStatus
from powerbank.crew.banks.queries import UNDER_WAY
from powerbank.crew.members.models import Member
from powerbank.crew.members.queries import actor_of
from powerbank.crew.members.services import lock_active_member
from powerbank.crew.shifts.services import note_activity
from powerbank.crew.tasks.history import announce_member
from powerbank.crew.tasks.queries import is_in_zones
from powerbank.outbox.catalogue import crew_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.stations import errors as station_errors
from powerbank.stations.availability import live_rows
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandName, CommandStatus
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import BankPromise, Custody, Place, PowerBank
from powerbank.stations.models import Station
from powerbank.stations.registry.queries import find_station

MOST_WAITING = timedelta(minutes=5)
BUSY_PAUSE = timedelta(seconds=2)
NO_ANSWER = "an opening by the crew has no answer"


class BankInSlot(NamedTuple):
    id: UUID
    serial: str
    slot_number: int


def open_slots(
    member_id: UUID, station_sn: str, *, serials: Sequence[str], slot_numbers: Sequence[int], now: datetime
) -> list[Opening]:
    """Have the slots with these banks opened, one after another. All of them are refused if one cannot be."""
    member = lock_active_member(member_id)
    station = find_station(station_sn)
    if not is_in_zones(member, station):
        raise errors.outside_zones()
    if not station.live.online:
        raise station_errors.offline()
    wanted = _find_banks(station, serials, slot_numbers)
    opening = {row.bank_id: row for row in _list_under_way(member, station)}
    fresh = [row for row in wanted if row.id not in opening]
    actor = actor_of(member.id)
    if unclear := command_queries.list_unanswered_serials(station.id, [row.serial for row in fresh], but_for=actor):
        raise errors.not_shown_by_station(serials=unclear)
    made = [
        Opening(
            id=new_id(),
            member_id=member.id,
            station_id=station.id,
            bank_id=row.id,
            serial=row.serial,
            slot_number=row.slot_number,
            status=OpeningStatus.WAITING,
            created_at=now,
        )
        for row in fresh
    ]
    _promise(made)
    open_session().add_all(made)
    open_session().flush()
    live_rows.refresh_live_rows([station.id])
    open_next(station.id, now=now)
    note_activity(member.id, now=now)
    return [opening[row.id] for row in wanted if row.id in opening] + made


def open_next(station_id: UUID, *, now: datetime) -> Opening | None:
    """Have the station eject the bank that has waited longest, unless it is just ejecting another one."""
    session = open_session()
    waiting = select(Opening).where(Opening.station_id == station_id, Opening.status == OpeningStatus.WAITING)
    opening = session.scalar(
        waiting.order_by(Opening.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if opening is None:
        return None
    if command_queries.find_open_ejection(station_id) is not None:
        enqueue(crew_jobs.OPEN_NEXT_SLOT, at=now + BUSY_PAUSE, station_id=str(station_id))
        return None
    try:
        command = commands.request_command(
            station_id=station_id,
            command=CommandName.EJECT,
            parameters={"slot_number": opening.slot_number, "powerbank_sn": opening.serial},
            requested_by=actor_of(opening.member_id),
            now=now,
        )
    except ConflictError:  # a rental was quicker
        enqueue(crew_jobs.OPEN_NEXT_SLOT, at=now + BUSY_PAUSE, station_id=str(station_id))
        return None
    opening.status, opening.command_id = OpeningStatus.EJECTING, command.id
    session.flush()
    return opening


def follow_command(command_id: UUID, status: str, *, now: datetime) -> None:
    """Note what became of the ejection of an opening, also when a late fact changes it, and go on with the next one."""
    opening = open_session().scalar(select(Opening).where(Opening.command_id == command_id).with_for_update())
    if opening is None:
        return
    outcome = {
        CommandStatus.SUCCEEDED: OpeningStatus.OUT,
        CommandStatus.UNKNOWN: OpeningStatus.UNKNOWN,
    }.get(CommandStatus(status), OpeningStatus.FAILED)
    was_under_way = opening.status in UNDER_WAY
    opening.status, opening.finished_at = outcome, now
    opening.error = None if outcome is OpeningStatus.OUT else status
    open_session().flush()
    if was_under_way:
        banks.end_promise(opening.id)
        if outcome is OpeningStatus.UNKNOWN:
            banks.mark_doubtful(opening.bank_id, NO_ANSWER)
    announce_member(opening.member_id)
    open_next(opening.station_id, now=now)


def expire_openings(*, now: datetime, most: int = 200) -> int:
    """Give up openings whose turn did not come in time, so that their banks can be rented again."""
    query = select(Opening).where(Opening.status == OpeningStatus.WAITING, Opening.created_at <= now - MOST_WAITING)
    late = open_session().scalars(query.limit(most).with_for_update(skip_locked=True)).all()
    for opening in late:
        opening.status, opening.finished_at, opening.error = OpeningStatus.EXPIRED, now, "station_busy"
        open_session().flush()
        banks.end_promise(opening.id)
        announce_member(opening.member_id)
    return len(late)


def cancel_openings(member_id: UUID, *, now: datetime) -> int:
    """Give up what waits to be opened for a member whose shift has ended."""
    cancelled = open_session().scalars(
        update(Opening)
        .where(Opening.member_id == member_id, Opening.status == OpeningStatus.WAITING)
        .values(status=OpeningStatus.EXPIRED, finished_at=now, error="shift_ended")
        .returning(Opening.id)
    )
    ids = cancelled.all()
    for opening_id in ids:
        banks.end_promise(opening_id)
    return len(ids)


def _find_banks(station: Station, serials: Sequence[str], slot_numbers: Sequence[int]) -> list[BankInSlot]:
    """Find the banks that the database has in these slots of the station."""
    if bool(serials) == bool(slot_numbers):
        raise InvalidFieldsError({"serials": ["Give serials, or slot_numbers."]})
    query = (
        select(PowerBank.id, PowerBank.serial, Custody.slot_number)
        .join(Custody, Custody.bank_id == PowerBank.id)
        .where(func.upper_inf(Custody.period), Custody.place == Place.SLOT, Custody.station_id == station.id)
    )
    rows = [BankInSlot(row.id, row.serial, row.slot_number or 0) for row in open_session().execute(query)]
    if serials:
        by_serial = {row.serial: row for row in rows}
        if missing := [serial for serial in dict.fromkeys(serials) if serial not in by_serial]:
            raise errors.not_in_station(missing)
        return [by_serial[serial] for serial in dict.fromkeys(serials)]
    by_slot = {row.slot_number: row for row in rows}
    if empty := [number for number in dict.fromkeys(slot_numbers) if number not in by_slot]:
        raise errors.slots_empty(empty)
    return [by_slot[number] for number in dict.fromkeys(slot_numbers)]


def _promise(openings: Sequence[Opening]) -> None:
    """Promise the banks to their openings. The locks are taken in one order, so that nobody waits in a circle."""
    if not openings:
        return
    rows = [{"bank_id": each.bank_id, "rental_id": each.id} for each in sorted(openings, key=lambda each: each.bank_id)]
    table = BankPromise.__table__
    made = insert(table).values(rows).on_conflict_do_nothing(index_elements=["bank_id"]).returning(table.c.bank_id)  # type: ignore[arg-type]
    promised = set(open_session().scalars(made))
    if refused := sorted(each.serial for each in openings if each.bank_id not in promised):
        raise errors.banks_promised(refused)


def _list_under_way(member: Member, station: Station) -> Sequence[Opening]:
    query = select(Opening).where(
        Opening.member_id == member.id, Opening.station_id == station.id, Opening.status.in_(UNDER_WAY)
    )
    return open_session().scalars(query).all()
