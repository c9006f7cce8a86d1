"""The return of a power bank to any slot. Stations may tell of it early, late or twice.

The time of a return is the station's own where it can be believed. Whoever applied the message has decided that.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.rentals import queries, transitions
from powerbank.rentals.blocked_returns import pauses
from powerbank.rentals.blocked_returns.queries import find_rental_of_block
from powerbank.rentals.charges import billing
from powerbank.rentals.end import completion, losses
from powerbank.rentals.events import UnmatchedReturn
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.rentals.start import ejection
from powerbank.rentals.states import OUT, Status
from powerbank.stations.availability import kept_slots
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.messages import returns as station_returns
from powerbank.stations.models import Station

STATION = "station"
# After a failed self-test, a snapshot within this time may show that the power bank is in the slot all the same.
SNAPSHOT_AFTER_REFUSAL = timedelta(minutes=5)
# A lost power bank that comes back within this time is paid back.
FOUND_WITHIN = timedelta(days=30)


class EjectionOpenError(Exception):
    """The return came before the end of the eject command. The job is tried again once the command has ended."""


def process_return(
    *,
    rental_id: UUID,
    bank_id: UUID,
    station_id: UUID,
    slot_number: int,
    returned_at: datetime,
    provisional: bool,
    how: str,
    now: datetime,
) -> None:
    """Apply the return of a power bank to its rental, whatever the status of the rental is.

    `how` says what told of the return: an event of the station, a snapshot, or the custody.
    """
    rental = queries.lock_rental(rental_id)
    billing.lock_funds(rental.user_id)
    _ask_for_another_slot(rental, station_id, slot_number)
    if rental.status in (Status.EJECTING, Status.FAILED, Status.CANCELLED) and rental.started_at is None:
        ejection.apply_finished_commands(rental, now=now)
    if rental.status == Status.EJECTING:
        raise EjectionOpenError(str(rental.id))
    if bank_id != rental.bank_id:
        transitions.note_event(rental, "second_bank_returned", cause=STATION, at=returned_at, bank_id=str(bank_id))
    elif provisional and rental.status in OUT:
        if not rental.provisional:
            rental.provisional = True
            _note_place(rental, station_id, slot_number)
            sn = open_session().get_one(Station, station_id).sn
            transitions.note_event(
                rental, "return_provisional", cause=STATION, at=returned_at, slot=slot_number, station=sn
            )
    elif rental.status in OUT or rental.status == Status.UNRESOLVED:
        _note_place(rental, station_id, slot_number)
        refused_at = _time_of_refused_return(rental, now) if how == "snapshot" else None
        returned_at = refused_at or returned_at
        ends_at = pauses.end_of_billing(rental, station_id=station_id, returned_at=returned_at)
        completion.end_rental(rental, at=ends_at, cause=STATION, now=now, how=how)
    elif _is_found_in_time(rental, returned_at):
        _note_place(rental, station_id, slot_number)
        losses.return_found_bank(rental, at=returned_at, cause=STATION, now=now)
    elif rental.status == Status.LOST:
        publish_unmatched_return(bank_id, station_id, slot_number)


def complete_found_rental(
    bank_id: UUID, *, station_id: UUID | None, slot_number: int | None, found_at: datetime, found_by: str, now: datetime
) -> None:
    """Complete the rental that lost a power bank, because staff have it again: it came back as by a slot."""
    lost = select(Rental.id).where(Rental.bank_id == bank_id, Rental.status == Status.LOST)
    rental_id = open_session().scalar(lost.order_by(Rental.id.desc()).limit(1))
    if rental_id is None:
        return
    rental = queries.lock_rental(rental_id)
    billing.lock_funds(rental.user_id)
    if _is_found_in_time(rental, found_at):
        rental.return_station_id, rental.return_slot = station_id, slot_number
        losses.return_found_bank(rental, at=found_at, cause=found_by, now=now)


def _is_found_in_time(rental: Rental, at: datetime) -> bool:
    return rental.status == Status.LOST and rental.lost_at is not None and at - rental.lost_at <= FOUND_WITHIN


def publish_unmatched_return(bank_id: UUID, station_id: UUID, slot_number: int) -> None:
    """Publish that a power bank came back which no open rental has. What the crew brings belongs to none."""
    session = open_session()
    stay, _ = custody_queries.find_last_stays(bank_id)
    if stay.came_from is not None:
        return
    bank, station = session.get_one(PowerBank, bank_id), session.get_one(Station, station_id)
    publish(UnmatchedReturn(powerbank_sn=bank.serial, station_sn=station.sn, slot_number=slot_number))


def find_waiting_rental(bank_id: UUID) -> UUID | None:
    """Return the rental of a power bank that came back although custody had it with nobody.

    Nobody saw it leave, or it was lost.
    """
    waiting = (Status.UNRESOLVED, Status.EJECTING, Status.LOST)
    query = select(Rental.id).where(Rental.bank_id == bank_id, Rental.status.in_(waiting), Rental.attempts > 0)
    found: UUID | None = open_session().scalar(query.order_by(Rental.id.desc()).limit(1))
    return found


def finish_provisional_return(rental_id: UUID, *, passed: bool, now: datetime) -> None:
    """Apply the result of the self-test to a provisional return. The rental ends at the time of the return."""
    rental = queries.lock_rental(rental_id)
    billing.lock_funds(rental.user_id)
    if not rental.provisional or rental.status not in OUT:
        return
    rental.provisional = False
    if passed:
        assert rental.return_station_id is not None  # noqa: S101 (it is provisional)
        returned_at = queries.time_of_event(rental, "return_provisional") or now
        ends_at = pauses.end_of_billing(rental, station_id=rental.return_station_id, returned_at=returned_at)
        completion.end_rental(rental, at=ends_at, cause=STATION, now=now, how="self_test")
    else:
        rental.return_station_id = rental.return_slot = None
        transitions.note_event(rental, "return_refused", cause=STATION, at=now)
        station_returns.refuse_return(rental.bank_id, rental.id, now=now)


def undo_ejection(rental_id: UUID, *, bank_id: UUID, seen_at: datetime, now: datetime) -> None:
    """Cancel a rental whose station confirmed the ejection and then shows the power bank in the same slot."""
    rental = queries.lock_rental(rental_id)
    billing.lock_funds(rental.user_id)
    if bank_id != rental.bank_id:
        return
    if rental.status in (Status.EJECTING, Status.UNRESOLVED):
        ejection.apply_finished_commands(rental, now=now)
    if rental.status in (*OUT, Status.COMPLETED):
        completion.cancel_in_full(rental, "never_came_out", cause=STATION, now=now, at=seen_at)


def _time_of_refused_return(rental: Rental, now: datetime) -> datetime | None:
    """Return the time of a return whose self-test failed, if a snapshot now shows the power bank in the same slot."""
    last = (
        open_session()
        .scalars(
            select(RentalEvent)
            .where(RentalEvent.rental_id == rental.id, RentalEvent.event.in_(["return_provisional", "return_refused"]))
            .order_by(RentalEvent.id.desc())
            .limit(2)
        )
        .all()
    )
    if [each.event for each in last] != ["return_refused", "return_provisional"] or now - last[
        0
    ].at > SNAPSHOT_AFTER_REFUSAL:
        return None
    assert rental.return_station_id is not None  # noqa: S101
    sn = open_session().get_one(Station, rental.return_station_id).sn
    detail = last[1].detail
    return last[1].at if (detail.get("station"), detail.get("slot")) == (sn, rental.return_slot) else None


def _ask_for_another_slot(rental: Rental, station_id: UUID, slot_number: int) -> None:
    """Have another slot kept for whoever was promised the one into which this power bank came back."""
    holder = kept_slots.find_holder(station_id, slot_number)
    if holder is not None and find_rental_of_block(holder) != rental.id:
        enqueue(rental_jobs.MOVE_KEPT_SLOT, block_id=str(holder))


def _note_place(rental: Rental, station_id: UUID, slot_number: int) -> None:
    rental.return_station_id, rental.return_slot = station_id, slot_number
