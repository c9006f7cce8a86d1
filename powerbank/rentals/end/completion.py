"""The completion of a rental: it ends with a return, and rewards follow once it cannot be cancelled free of charge."""

from datetime import datetime, timedelta

from powerbank.base.db import open_session
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.rentals import queries, transitions
from powerbank.rentals.blocked_returns import pauses
from powerbank.rentals.charges import billing, settlement
from powerbank.rentals.end import swaps
from powerbank.rentals.end.cancellation import cancel_rental, claim_free_return
from powerbank.rentals.events import RentalCompleted
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.commands.models import StationCommand


def end_rental(rental: Rental, *, at: datetime, cause: str, now: datetime, how: str) -> None:
    """End an active, overdue or unresolved rental at this time.

    It is settled at once where nothing is left to take or to release. Otherwise its settlement is enqueued, so that a
    return is written down whatever becomes of the money.
    """
    if rental.status == Status.UNRESOLVED:
        billing.start_meter(rental, _time_of_ejection(rental), now)
    pauses.end_pause(rental, now=now)
    assert rental.started_at is not None  # noqa: S101 (CHECK started)
    assert rental.due_at is not None  # noqa: S101
    rental.ended_at = max(at, rental.started_at)
    rental.was_overdue = rental.was_overdue or rental.ended_at > rental.due_at
    rental.provisional = False
    if swaps.is_swap_due(rental):
        _cancel_returned(rental, "swapped", cause=cause, now=now, how=how, keep_coupon=True)
        enqueue(rental_jobs.SWAP_RENTAL, rental_id=str(rental.id))
        return
    if claim_free_return(rental, rental.ended_at):
        _cancel_returned(rental, "cancelled", cause=f"user:{rental.user_id}", now=now, how=how)
        return
    _note_return(rental, cause=cause, how=how)
    conclude_after_window(rental, now=now)
    if not settlement.settle_if_paid(rental, now=now):
        enqueue(rental_jobs.PROCESS_OVERDUE_PAYMENT, rental_id=str(rental.id))


def _note_return(rental: Rental, *, cause: str, how: str) -> None:
    assert rental.ended_at is not None  # noqa: S101 (the caller has set it)
    transitions.move_rental(
        rental, Status.COMPLETED, event="returned", cause=cause, at=rental.ended_at, how=how, slot=rental.return_slot
    )


def _cancel_returned(
    rental: Rental, event: str, *, cause: str, now: datetime, how: str, keep_coupon: bool = False
) -> None:
    """Cancel a rental whose power bank is back in time for that.

    A short package may have run out by then, or nobody knew that the power bank was out. `states.MOVES` has such a
    rental completed first.
    """
    assert rental.ended_at is not None  # noqa: S101 (the caller has set it)
    if rental.status != Status.ACTIVE:
        _note_return(rental, cause=cause, how=how)
    cancel_rental(rental, event, at=rental.ended_at, cause=cause, now=now, keep_coupon=keep_coupon)


def conclude_after_window(rental: Rental, *, now: datetime) -> None:
    """Conclude a rental now if its cancel window is over, or by a job at the end of the window."""
    assert rental.started_at is not None  # noqa: S101
    window_ends = rental.started_at + timedelta(minutes=rental.cancel_window_minutes)
    if now > window_ends:
        conclude_rental(rental)
    else:
        enqueue(rental_jobs.CONCLUDE_RENTAL, at=window_ends + timedelta(seconds=1), rental_id=str(rental.id))


def conclude_rental(rental: Rental) -> None:
    """Publish that a rental is completed, so that points, referrals and ranks follow.

    A power bank that came out late was not asked for, so its rental earns nothing.
    """
    if rental.status == Status.COMPLETED and not rental.came_late:
        publish(
            RentalCompleted(**transitions.event_fields(rental), on_time=not rental.was_overdue, late=rental.was_overdue)
        )


def cancel_in_full(rental: Rental, event: str, *, cause: str, now: datetime, at: datetime | None = None) -> None:
    """Cancel a rental that is out or completed. One that is overdue is completed first, as `states.MOVES` demands."""
    pauses.end_pause(rental, now=now)
    if rental.status == Status.OVERDUE:
        assert rental.started_at is not None  # noqa: S101 (CHECK started)
        rental.ended_at, rental.was_overdue = max(at or now, rental.started_at), True
        _note_return(rental, cause=cause, how=event)
    cancel_rental(rental, event, at=at or now, cause=cause, now=now)


def _time_of_ejection(rental: Rental) -> datetime:
    """Return when the power bank came out: by its custody, or by the time of the command if nobody saw it."""
    custody = queries.newest_custody(rental)
    if custody is not None and custody.since is not None:
        return custody.since
    command = open_session().get(StationCommand, rental.command_id) if rental.command_id else None
    return (command.sent_at if command else None) or rental.created_at
