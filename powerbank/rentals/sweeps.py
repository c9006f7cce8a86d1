"""What time brings about, and what was left lying: each minute, in small transactions."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, func, select
from sqlalchemy.exc import OperationalError

from powerbank.base.db import db, first_id_of, open_session, transaction, utcnow
from powerbank.notifications.staff import services as staff
from powerbank.notifications.staff.kinds import StaffType
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue_again, publish
from powerbank.rentals import queries, transitions
from powerbank.rentals.disputes.models import CaseStatus, RentalCase
from powerbank.rentals.end import losses, returns
from powerbank.rentals.events import AnomalyFound, PaidNotEjected, RentalOverdue
from powerbank.rentals.models import Rental, RentalEvent, RentalLocation
from powerbank.rentals.start import initiation
from powerbank.rentals.states import ENDED, OUT, Status
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody.models import Custody, Discrepancy, DiscrepancyKind, PowerBank

log = structlog.get_logger(__name__)

BATCH = 200
MOST_TOLD = 20  # broken rentals that one step of a sweep tells of: more than these are one mistake of ours
FINAL = (CommandStatus.SUCCEEDED, CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.UNKNOWN)
QUIET = timedelta(minutes=1)  # younger ones are being worked on
KEEP_LOCATIONS = timedelta(days=30)


def mark_overdue(now: datetime) -> int:
    return _each(and_(Rental.status == Status.ACTIVE, Rental.due_at < now), lambda id_: _overdue(id_, now))


def _overdue(rental_id: UUID, now: datetime) -> None:
    rental = queries.lock_rental(rental_id)
    if rental.status == Status.ACTIVE and rental.due_at is not None and rental.due_at < now and not rental.provisional:
        transitions.move_rental(rental, Status.OVERDUE, event="overdue", cause="sweep", at=rental.due_at)
        if not rental.came_late:  # costs nothing until staff decide
            publish(RentalOverdue(**transitions.event_fields(rental), due_at=rental.due_at))


def declare_lost(now: datetime) -> int:
    """Never while a return is under way or disputed, nor where staff have to decide."""
    long_ago = Rental.due_at + func.make_interval(0, 0, 0, Rental.lost_after_days) < now
    wanted = and_(Rental.status == Status.OVERDUE, long_ago, ~Rental.provisional, ~Rental.came_late, ~_disputed())
    return _each(wanted, lambda id_: _lose(id_, now))


def _lose(rental_id: UUID, now: datetime) -> None:
    rental = queries.lock_rental(rental_id)
    waits = rental.provisional or queries.is_disputed(rental) or queries.is_bank_back(rental)
    if rental.status == Status.OVERDUE and not waits:
        losses.declare_lost(rental, cause="sweep", now=now)


def resume_stuck(now: datetime) -> int:
    """Each rental that is not final goes on from its state, whatever was killed."""
    before = now - QUIET
    forgotten = exists().where(
        StationCommand.id == Rental.command_id, StationCommand.status.in_(FINAL), StationCommand.finished_at < before
    )
    known = exists().where(
        StationCommand.id == Rental.command_id,
        StationCommand.finished_at < before,
        StationCommand.status.in_((CommandStatus.SUCCEEDED, CommandStatus.FAILED)),
    )
    back = exists().where(
        Custody.rental_id == Rental.id, Custody.bank_id == Rental.bank_id, func.upper(Custody.period) < before
    )
    return in_turn(
        lambda: _each(
            and_(Rental.status == Status.PENDING, Rental.created_at < now - initiation.PATIENCE), _expire(now)
        ),
        lambda: _each(and_(Rental.status == Status.PENDING, Rental.created_at < before), _begin_again),
        lambda: _each(and_(Rental.status == Status.EJECTING, Rental.command_id.is_(None)), _begin_again),
        lambda: _each(and_(Rental.status == Status.EJECTING, forgotten), _settle_again),
        lambda: _each(and_(Rental.status == Status.UNRESOLVED, known), _settle_again),
        lambda: _each(and_(Rental.status.in_(OUT), ~Rental.provisional, back), _return_again),
        lambda: _each(
            and_(
                Rental.status.in_(ENDED),
                Rental.ended_at < before,
                Rental.settled_at.is_(None),
                ~Rental.came_late,
                ~_disputed(),
            ),
            _bill_again,
        ),
    )


def in_turn(*steps: Callable[[], int]) -> int:
    """All of them, whatever becomes of the one before; what failed is raised at the end."""
    done, failed = 0, list[Exception]()
    for step in steps:
        try:
            done += step()
        except Exception as error:
            failed.append(error)
    if failed:
        raise ExceptionGroup("steps of a sweep that failed", failed)
    return done


def _expire(now: datetime) -> Callable[[UUID], None]:
    return lambda id_: initiation.abandon_initiation(id_, event="initiation_expired", cause="sweep", now=now)


def _begin_again(rental_id: UUID) -> None:
    enqueue_again(rental_jobs.PROCESS_RENTAL_INITIATION, rental_id=str(rental_id))


def _settle_again(rental_id: UUID) -> None:
    rental = queries.find_rental(rental_id)
    if rental.command_id is not None:
        enqueue_again(rental_jobs.SETTLE_EJECTION, command_id=str(rental.command_id), status="")


def _return_again(rental_id: UUID) -> None:
    """The bank was seen coming back, and the job that should have ended the rental is gone."""
    rental = queries.find_rental(rental_id)
    stay = queries.newest_custody(rental)
    if rental.status not in OUT or stay is None or stay.until is None:
        return
    after = open_session().scalar(
        select(Custody).where(Custody.bank_id == rental.bank_id, func.lower(Custody.period) == stay.until)
    )
    if after is None or after.station_id is None:
        return  # staff took it: they decide about the rental
    enqueue_again(
        rental_jobs.PROCESS_RENTAL_RETURN,
        report_id="",
        bank_id=str(rental.bank_id),
        rental_id=str(rental.id),
        station_id=str(after.station_id),
        slot_number=after.slot_number,
        returned_at=stay.until.isoformat(),
        received_at=stay.until.isoformat(),
        provisional=False,
        how="custody",
    )


def _bill_again(rental_id: UUID) -> None:
    enqueue_again(rental_jobs.PROCESS_OVERDUE_PAYMENT, rental_id=str(rental_id))


def finish_provisional(before: datetime) -> int:
    """The self-test never came. A bank that is in its slot and stays there is a return; one that a snapshot has missed
    since is not."""
    noted = select(func.max(RentalEvent.at)).where(
        RentalEvent.rental_id == Rental.id, RentalEvent.event == "return_provisional"
    )
    wanted = and_(Rental.status.in_(OUT), Rental.provisional, noted.scalar_subquery() < before)
    return _each(wanted, lambda id_: returns.finish_provisional_return(id_, passed=_stays_in(id_), now=utcnow()))


def _stays_in(rental_id: UUID) -> bool:
    rental = queries.lock_rental(rental_id)
    missed = (
        select(Discrepancy.id)
        .join(PowerBank, PowerBank.serial == Discrepancy.serial)
        .where(
            PowerBank.id == rental.bank_id,
            Discrepancy.kind == DiscrepancyKind.BANK_MISSING,
            Discrepancy.resolved_at.is_(None),
        )
    )
    return queries.is_bank_back(rental) and open_session().scalar(missed.limit(1)) is None


def tell_paid_not_ejected(now: datetime) -> int:
    """Money is held and nobody knows of the bank: staff are told, once."""
    wanted = and_(Rental.status == Status.UNRESOLVED, Rental.created_at < now - timedelta(minutes=5))
    return _each(wanted, lambda id_: _tell_once(id_, now))


def _tell_once(rental_id: UUID, now: datetime) -> None:
    rental = queries.lock_rental(rental_id)
    if rental.status == Status.UNRESOLVED and queries.time_of_event(rental, "staff_told") is None:
        transitions.note_event(rental, "staff_told", cause="sweep", at=now)
        publish(PaidNotEjected(**transitions.staff_event_fields(rental)))


def forget_locations(now: datetime) -> None:
    """Only old ones can be of a rental that ended so long ago, and those are few: the rest went the day before."""
    before = now - KEEP_LOCATIONS
    over = exists().where(Rental.id == RentalLocation.rental_id, Rental.status.in_(ENDED), Rental.ended_at < before)
    open_session().execute(delete(RentalLocation).where(RentalLocation.id < first_id_of(before), over))


def _disputed() -> ColumnElement[bool]:
    return exists().where(RentalCase.rental_id == Rental.id, RentalCase.status == CaseStatus.OPEN)


def _each(wanted: ColumnElement[bool], do: Callable[[UUID], None]) -> int:
    """One transaction for each rental. One that fails keeps no other from its turn, and the sweep itself goes on: a
    sweep comes each minute, and would otherwise die each minute of the same rental."""
    done, failed, after = 0, 0, UUID(int=0)
    while ids := db.session.scalars(
        select(Rental.id).where(wanted, Rental.id > after).order_by(Rental.id).limit(BATCH)
    ).all():
        db.session.rollback()
        for id_ in ids:
            try:
                with transaction():
                    do(id_)
            except OperationalError as busy:
                db.session.rollback()
                if busy.connection_invalidated:
                    raise
                log.warning("a rental was locked, the next sweep comes to it", rental_id=str(id_))
            except Exception as error:
                db.session.rollback()
                log.exception("a sweep could not move a rental", rental_id=str(id_))
                failed += 1
                if failed <= MOST_TOLD:
                    _tell_broken(id_, error)
        done, after = done + len(ids), ids[-1]
    db.session.rollback()
    return done


def _tell_broken(rental_id: UUID, error: Exception) -> None:
    """Staff hear of it once, by its code, however often the sweep meets it."""
    key = f"rental_broken:{rental_id}"
    if staff.was_told(StaffType.ANOMALY, key):
        return
    with transaction():
        code = queries.find_rental(rental_id).code
        publish(AnomalyFound(key=key, detail=f"rental {code} cannot move on: {type(error).__name__}"))
