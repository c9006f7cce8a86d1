"""The steps of the sweeps, which move rentals on each minute: by the clock, and where a job that should have moved them
is gone.

A step finds rentals and works on one at a time, in the transaction that it is given. `jobs.rentals` runs the steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select

from powerbank.base.db import db, open_session, utcnow
from powerbank.notifications.staff import queries as notification_queries
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue_again, publish
from powerbank.rentals import queries, transitions
from powerbank.rentals.blocked_returns import pauses
from powerbank.rentals.charges import fees
from powerbank.rentals.disputes.models import CaseStatus, RentalCase
from powerbank.rentals.end import losses, returns
from powerbank.rentals.events import AnomalyFound, PaidNotEjected, RentalOverdue
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.rentals.start import initiation
from powerbank.rentals.states import ENDED, OUT, Status
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody.models import Custody, Discrepancy, DiscrepancyKind, PowerBank

BATCH = 200
FINAL = (CommandStatus.SUCCEEDED, CommandStatus.FAILED, CommandStatus.EXPIRED, CommandStatus.UNKNOWN)
QUIET = timedelta(minutes=1)  # jobs still work on what is younger than this
UNRESOLVED_FOR = timedelta(minutes=5)  # then staff are told


@dataclass(frozen=True)
class Step:
    """One step of a sweep: the condition on the rows that it finds, and what it does with each of them.

    The rows are rentals, unless `of` is another model: reservations and blocked returns are swept too.
    """

    condition: ColumnElement[bool]
    work: Callable[[UUID], object]
    of: type[Any] = Rental

    def find(self, after: UUID) -> list[UUID]:
        """Return the ids of the next rows after this one."""
        key = self.of.id
        query = select(key).where(self.condition, key > after).order_by(key).limit(BATCH)
        return list(db.session.scalars(query))

    def describe(self, row_id: UUID) -> str:
        """Name a row for staff."""
        return f"rental {queries.find_rental(row_id).code}" if self.of is Rental else f"{self.of.__name__} {row_id}"


def overdue_step(now: datetime) -> Step:
    """Find active rentals whose due time is over, and mark them overdue."""
    return Step(
        and_(Rental.status == Status.ACTIVE, Rental.due_at < now, pauses.is_not_running(now)),
        lambda rental_id: mark_overdue(rental_id, now),
    )


def mark_overdue(rental_id: UUID, now: datetime) -> None:
    """Mark a rental overdue if it is still active and due. Its power bank is not back provisionally."""
    rental = queries.lock_rental(rental_id)
    is_due = rental.due_at is not None and rental.due_at < fees.meter_time(rental, now)
    if rental.status == Status.ACTIVE and is_due and not rental.provisional:
        assert rental.due_at is not None  # noqa: S101 (it is due)
        transitions.move_rental(rental, Status.OVERDUE, event="overdue", cause="sweep", at=rental.due_at)
        # A rental that came late costs nothing until staff decide, so its person is told nothing.
        if not rental.came_late:
            publish(RentalOverdue(**transitions.event_fields(rental), due_at=rental.due_at))


def loss_step(now: datetime) -> Step:
    """Find rentals that are overdue for so many days that their power bank counts as lost.

    A return that is under way, an open case or a rental that came late keeps a power bank from being lost.
    """
    long_overdue = Rental.due_at + func.make_interval(0, 0, 0, Rental.lost_after_days) < now
    return Step(
        and_(
            Rental.status == Status.OVERDUE,
            long_overdue,
            ~Rental.provisional,
            ~Rental.came_late,
            ~_has_open_case(),
            pauses.is_not_running(now),
        ),
        lambda rental_id: declare_lost(rental_id, now),
    )


def declare_lost(rental_id: UUID, now: datetime) -> None:
    """Declare the power bank of an overdue rental lost, unless it is back or a case is open."""
    rental = queries.lock_rental(rental_id)
    waits = rental.provisional or queries.is_disputed(rental) or queries.is_bank_back(rental)
    if rental.status == Status.OVERDUE and not waits:
        losses.declare_lost(rental, cause="sweep", now=now)


def stuck_steps(now: datetime) -> tuple[Step, ...]:
    """Find rentals that no job moves on any more, and enqueue the job that goes on from their status."""
    before = now - QUIET
    command_ended = exists().where(
        StationCommand.id == Rental.command_id, StationCommand.status.in_(FINAL), StationCommand.finished_at < before
    )
    command_answered = exists().where(
        StationCommand.id == Rental.command_id,
        StationCommand.finished_at < before,
        StationCommand.status.in_((CommandStatus.SUCCEEDED, CommandStatus.FAILED)),
    )
    bank_back = exists().where(
        Custody.rental_id == Rental.id, Custody.bank_id == Rental.bank_id, func.upper(Custody.period) < before
    )
    unsettled = and_(
        Rental.status.in_(ENDED),
        Rental.ended_at < before,
        Rental.settled_at.is_(None),
        ~Rental.came_late,
        ~_has_open_case(),
    )
    pending, ejecting = Rental.status == Status.PENDING, Rental.status == Status.EJECTING
    return (
        Step(
            and_(pending, Rental.created_at < now - initiation.PATIENCE),
            lambda rental_id: initiation.abandon_initiation(
                rental_id, event="initiation_expired", cause="sweep", now=now
            ),
        ),
        Step(and_(pending, Rental.created_at < before), _repeat_initiation),
        Step(and_(ejecting, Rental.command_id.is_(None)), _repeat_initiation),
        Step(and_(ejecting, command_ended), _repeat_ejection_settlement),
        Step(and_(Rental.status == Status.UNRESOLVED, command_answered), _repeat_ejection_settlement),
        Step(and_(Rental.status.in_(OUT), ~Rental.provisional, bank_back), repeat_return),
        Step(unsettled, _repeat_settlement),
    )


def _repeat_initiation(rental_id: UUID) -> None:
    enqueue_again(rental_jobs.PROCESS_RENTAL_INITIATION, rental_id=str(rental_id))


def _repeat_ejection_settlement(rental_id: UUID) -> None:
    rental = queries.find_rental(rental_id)
    if rental.command_id is not None:
        enqueue_again(rental_jobs.SETTLE_EJECTION, command_id=str(rental.command_id), status="")


def repeat_return(rental_id: UUID) -> None:
    """Enqueue the return of a power bank that custody has at a station, although its rental is open."""
    rental = queries.find_rental(rental_id)
    custody = queries.newest_custody(rental)
    if rental.status not in OUT or custody is None or custody.until is None:
        return
    after = open_session().scalar(
        select(Custody).where(Custody.bank_id == rental.bank_id, func.lower(Custody.period) == custody.until)
    )
    if after is None or after.station_id is None:
        return  # Staff took the power bank, and they decide about the rental.
    enqueue_again(
        rental_jobs.PROCESS_RENTAL_RETURN,
        report_id="",
        bank_id=str(rental.bank_id),
        rental_id=str(rental.id),
        station_id=str(after.station_id),
        slot_number=after.slot_number,
        returned_at=custody.until.isoformat(),
        received_at=custody.until.isoformat(),
        provisional=False,
        how="custody",
    )


def _repeat_settlement(rental_id: UUID) -> None:
    enqueue_again(rental_jobs.PROCESS_OVERDUE_PAYMENT, rental_id=str(rental_id))


def provisional_return_step(before: datetime) -> Step:
    """Find provisional returns from before this time whose self-test never came, and decide them by the slot.

    A power bank that is in its slot and stays there is a return. One that a snapshot has missed since is not.
    """
    returned_at = select(func.max(RentalEvent.at)).where(
        RentalEvent.rental_id == Rental.id, RentalEvent.event == "return_provisional"
    )
    return Step(
        and_(Rental.status.in_(OUT), Rental.provisional, returned_at.scalar_subquery() < before),
        lambda rental_id: returns.finish_provisional_return(
            rental_id, passed=_is_bank_in_slot(rental_id), now=utcnow()
        ),
    )


def _is_bank_in_slot(rental_id: UUID) -> bool:
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


def paid_not_ejected_step(now: datetime) -> Step:
    """Find rentals whose money is held while nobody knows where the power bank is, and tell staff once of each."""
    return Step(
        and_(Rental.status == Status.UNRESOLVED, Rental.created_at < now - UNRESOLVED_FOR),
        lambda rental_id: _publish_paid_not_ejected(rental_id, now),
    )


def _publish_paid_not_ejected(rental_id: UUID, now: datetime) -> None:
    rental = queries.lock_rental(rental_id)
    if rental.status == Status.UNRESOLVED and queries.time_of_event(rental, "staff_told") is None:
        transitions.note_event(rental, "staff_told", cause="sweep", at=now)
        publish(PaidNotEjected(**transitions.staff_event_fields(rental)))


def publish_broken_row(step: Step, row_id: UUID, error: Exception) -> None:
    """Tell staff of what a sweep cannot move on. They hear of it once, however often the sweep meets it."""
    key = f"rental_broken:{row_id}"
    if not notification_queries.was_staff_told(StaffNoticeType.ANOMALY, key):
        publish(AnomalyFound(key=key, detail=f"{step.describe(row_id)} cannot move on: {type(error).__name__}"))


def _has_open_case() -> ColumnElement[bool]:
    return exists().where(RentalCase.rental_id == Rental.id, RentalCase.status == CaseStatus.OPEN)
