"""A bank came back, anywhere, reported early, late or twice. Times are the device's where they can be believed;
whoever applied the report has decided that."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import open_session
from powerbank.base.local_time import local_day
from powerbank.ledger import services
from powerbank.ledger.accounts import REVENUES, Kind
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.promotions import coupons
from powerbank.rentals import times, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.end import swaps
from powerbank.rentals.events import RentalCancelled, RentalCompleted, RentalRefunded, UnmatchedReturn
from powerbank.rentals.models import FreeCancellation, Rental, RentalEvent
from powerbank.rentals.start import ejection
from powerbank.rentals.states import OUT, Status
from powerbank.stations.commands.models import StationCommand
from powerbank.stations.custody.models import PowerBank
from powerbank.stations.messages import returns
from powerbank.stations.models import Station

STATION = "station"
LOOKED_AT_AGAIN = timedelta(minutes=5)  # after a failed self-test
FOUND_AGAIN = timedelta(days=30)  # a lost bank that comes back within these is paid back


class EjectionOpenError(Exception):
    """The return is known before the ejection is: tried again once the command has ended."""


def returned(
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
    rental = transitions.locked(rental_id)
    services.lock_user_accounts(rental.user_id)
    if rental.status in (Status.EJECTING, Status.FAILED, Status.CANCELLED) and rental.started_at is None:
        ejection.catch_up(rental, now=now)
    if rental.status == Status.EJECTING:
        raise EjectionOpenError(str(rental.id))
    if bank_id != rental.bank_id:
        transitions.note(rental, "second_bank_returned", cause=STATION, at=returned_at, bank_id=str(bank_id))
    elif provisional and rental.status in OUT:
        if not rental.provisional:
            rental.provisional = True
            _note_place(rental, station_id, slot_number)
            sn = open_session().get_one(Station, station_id).sn
            transitions.note(rental, "return_provisional", cause=STATION, at=returned_at, slot=slot_number, station=sn)
    elif rental.status in OUT or rental.status == Status.UNRESOLVED:
        _note_place(rental, station_id, slot_number)
        refused_at = _refused_there(rental, now) if how == "snapshot" else None
        end(rental, at=refused_at or returned_at, cause=STATION, now=now, how=how)
    elif rental.status == Status.LOST and rental.lost_at is not None and returned_at - rental.lost_at <= FOUND_AGAIN:
        _note_place(rental, station_id, slot_number)
        found(rental, at=returned_at, now=now)
    elif rental.status == Status.LOST:
        unmatched(bank_id, station_id, slot_number)


def unmatched(bank_id: UUID, station_id: UUID, slot_number: int) -> None:
    """A bank came back that nobody had, or nobody has any more."""
    session = open_session()
    bank, station = session.get_one(PowerBank, bank_id), session.get_one(Station, station_id)
    publish(UnmatchedReturn(powerbank_sn=bank.serial, station_sn=station.sn, slot_number=slot_number))


def rental_of(bank_id: UUID) -> UUID | None:
    """Of a bank that came back although nobody saw it leave, or that had been given up."""
    waiting = (Status.UNRESOLVED, Status.EJECTING, Status.LOST)
    query = select(Rental.id).where(Rental.bank_id == bank_id, Rental.status.in_(waiting), Rental.attempts > 0)
    found: UUID | None = open_session().scalar(query.order_by(Rental.id.desc()).limit(1))
    return found


def self_tested(rental_id: UUID, *, passed: bool, now: datetime) -> None:
    """The end of a provisional return. The time that counts is that of the return."""
    rental = transitions.locked(rental_id)
    services.lock_user_accounts(rental.user_id)
    if not rental.provisional or rental.status not in OUT:
        return
    rental.provisional = False
    if passed:
        end(
            rental, at=transitions.time_of(rental, "return_provisional") or now, cause=STATION, now=now, how="self_test"
        )
    else:
        rental.return_station_id = rental.return_slot = None
        transitions.note(rental, "return_refused", cause=STATION, at=now)
        returns.refuse(rental.bank_id, rental.id, now=now)


def never_came_out(rental_id: UUID, *, bank_id: UUID, seen_at: datetime, now: datetime) -> None:
    """The station said ejected, and shows the bank in the same slot: nobody ever had it."""
    rental = transitions.locked(rental_id)
    services.lock_user_accounts(rental.user_id)
    if bank_id != rental.bank_id:
        return
    if rental.status in (Status.EJECTING, Status.UNRESOLVED):
        ejection.catch_up(rental, now=now)
    if rental.status in (*OUT, Status.COMPLETED):
        cancel_in_full(rental, "never_came_out", cause=STATION, now=now, at=seen_at)


def end(rental: Rental, *, at: datetime, cause: str, now: datetime, how: str) -> None:
    """Ends an active, overdue or unresolved rental at that time, and has its fees taken."""
    if rental.status == Status.UNRESOLVED:
        times.start(rental, _left_at(rental), now)
    assert rental.started_at is not None  # noqa: S101 (CHECK started)
    assert rental.due_at is not None  # noqa: S101
    rental.ended_at = max(at, rental.started_at)
    rental.was_overdue = rental.was_overdue or rental.ended_at > rental.due_at
    rental.provisional = False
    if rental.status == Status.ACTIVE and swaps.wanted(rental):
        _cancel(rental, "swapped", at=rental.ended_at, cause=cause, now=now, keep_coupon=True)
        enqueue(rental_jobs.SWAP_RENTAL, rental_id=str(rental.id))
        return
    if rental.status == Status.ACTIVE and _in_window(rental, rental.ended_at) and _is_free(rental):
        _cancel(rental, "cancelled", at=rental.ended_at, cause=f"user:{rental.user_id}", now=now)
        return
    transitions.move(
        rental, Status.COMPLETED, event="returned", cause=cause, at=rental.ended_at, how=how, slot=rental.return_slot
    )
    conclude_in_time(rental, now=now)
    enqueue(rental_jobs.PROCESS_OVERDUE_PAYMENT, rental_id=str(rental.id))


def found(rental: Rental, *, at: datetime, now: datetime) -> None:
    """A lost one: what was paid above the fees up to the return goes back, or all of it where any return would have
    been free of charge."""
    assert rental.lost_at is not None  # noqa: S101
    assert rental.started_at is not None  # noqa: S101 (CHECK started)
    assert rental.due_at is not None  # noqa: S101
    price = max(0, rental.replacement_price - rental.overdue_amount)
    # Less than nothing if it was back before it was given up, and the news came late.
    further = billing.overdue_fee(rental, at) - billing.overdue_fee(rental, rental.lost_at)
    rental.ended_at = max(at, rental.started_at)
    rental.was_overdue = rental.was_overdue or rental.ended_at > rental.due_at
    transitions.move(rental, Status.COMPLETED, event="found", cause=STATION, at=at)
    if _in_window(rental, rental.ended_at) and _is_free(rental):
        _cancel(rental, "cancelled", at=rental.ended_at, cause=f"user:{rental.user_id}", now=now)
        return
    kinds = {Kind.SALES_REVENUE, Kind.OVERDUE_REVENUE} if further < 0 else {Kind.SALES_REVENUE}
    back = billing.give_back(rental, max(0, price - further), what="found", actor=billing.ACTOR, now=now, kinds=kinds)
    rental.overdue_amount += min(0, further)
    conclude_in_time(rental, now=now)
    if back:
        publish(RentalRefunded(**transitions.about(rental), amount=back))


def conclude_in_time(rental: Rental, *, now: datetime) -> None:
    """It counts for its person once it cannot be given back free of charge any more."""
    assert rental.started_at is not None  # noqa: S101
    settled_by = rental.started_at + timedelta(minutes=rental.cancel_window_minutes)
    if now > settled_by:
        conclude(rental)
    else:
        enqueue(rental_jobs.CONCLUDE_RENTAL, at=settled_by + timedelta(seconds=1), rental_id=str(rental.id))


def conclude(rental: Rental) -> None:
    """Points, referrals and ranks follow. A bank that came late was asked for by nobody, and earns nothing."""
    if rental.status == Status.COMPLETED and not rental.came_late:
        publish(RentalCompleted(**transitions.about(rental), on_time=not rental.was_overdue, late=rental.was_overdue))


def cancel_completed(rental: Rental, *, now: datetime) -> None:
    """Asked for after the bank was back, both within the window."""
    _cancel(rental, "cancelled", at=now, cause=f"user:{rental.user_id}", now=now)


def cancel_in_full(rental: Rental, event: str, *, cause: str, now: datetime, at: datetime | None = None) -> None:
    """Nothing was owed at all. What is overdue has to end before it can be cancelled."""
    if rental.status == Status.OVERDUE:
        end(rental, at=at or now, cause=cause, now=now, how=event)
    _cancel(rental, event, at=at or now, cause=cause, now=now)


def claim_free_day(rental: Rental) -> bool:
    """Once for each person and local day. The row decides."""
    assert rental.started_at is not None  # noqa: S101
    made = open_session().execute(
        insert(FreeCancellation)
        .values(user_id=rental.user_id, day=local_day(rental.started_at), rental_id=rental.id)
        .on_conflict_do_nothing()
        .returning(FreeCancellation.rental_id)
    )
    return made.one_or_none() is not None


def _cancel(rental: Rental, event: str, *, at: datetime, cause: str, now: datetime, keep_coupon: bool = False) -> None:
    transitions.move(rental, Status.CANCELLED, event=event, cause=cause, at=at)
    rental.ended_at = rental.ended_at or at
    back = billing.release(rental)
    back += billing.give_back(rental, None, what=event, actor=billing.ACTOR, now=now, kinds=set(REVENUES))
    if not keep_coupon:
        coupons.give_back_coupons(rental.id, now=now)
    rental.settled_at = now
    publish(RentalCancelled(**transitions.about(rental), reason=event, amount=back))


def _in_window(rental: Rental, ended_at: datetime) -> bool:
    if rental.cancel_requested_at is None or rental.started_at is None:
        return False
    return ended_at <= rental.started_at + timedelta(minutes=rental.cancel_window_minutes)


def _is_free(rental: Rental) -> bool:
    """Asked for before it came out: always. After that: once a day."""
    assert rental.cancel_requested_at is not None  # noqa: S101
    assert rental.started_at is not None  # noqa: S101
    return rental.cancel_requested_at < rental.started_at or claim_free_day(rental)


def _left_at(rental: Rental) -> datetime:
    """Nobody saw it leave: from the time of the command."""
    stay = times.stay(rental)
    if stay is not None and stay.since is not None:
        return stay.since
    command = open_session().get(StationCommand, rental.command_id) if rental.command_id else None
    return (command.sent_at if command else None) or rental.created_at


def _refused_there(rental: Rental, now: datetime) -> datetime | None:
    """When it was first put into the slot in which a look after its failed self-test finds it."""
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
    if [each.event for each in last] != ["return_refused", "return_provisional"] or now - last[0].at > LOOKED_AT_AGAIN:
        return None
    assert rental.return_station_id is not None  # noqa: S101
    sn = open_session().get_one(Station, rental.return_station_id).sn
    told = last[1].detail
    return last[1].at if (told.get("station"), told.get("slot")) == (sn, rental.return_slot) else None


def _note_place(rental: Rental, station_id: UUID, slot_number: int) -> None:
    rental.return_station_id, rental.return_slot = station_id, slot_number
