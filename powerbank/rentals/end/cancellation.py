"""A person changes their mind."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.local_time import local_day
from powerbank.ledger import services
from powerbank.rentals import errors, transitions
from powerbank.rentals.end import returns
from powerbank.rentals.models import FreeCancellation, Rental
from powerbank.rentals.start import initiation
from powerbank.rentals.states import Status


def cancel(rental_id: UUID, *, user_id: UUID, now: datetime) -> Rental:
    """Before the ejection at once. After it the bank must be back within the window, before or after asking."""
    rental = transitions.locked_of_user(rental_id, user_id)
    services.lock_user_accounts(user_id)
    if rental.status == Status.CANCELLED:
        return rental
    if rental.status == Status.PENDING:
        initiation.abandon(rental_id, event="cancelled", cause=f"user:{user_id}", now=now)
    elif rental.status in (Status.EJECTING, Status.ACTIVE) and rental.cancel_requested_at is not None:
        return rental
    elif rental.status == Status.EJECTING:
        _ask(rental, now)
    elif rental.status == Status.ACTIVE and _window_open(rental, now):
        if _used_today(rental):
            raise errors.cancelled_today()
        _ask(rental, now)
    elif rental.status == Status.COMPLETED and _window_open(rental, now) and not rental.came_late:
        if not returns.claim_free_day(rental):
            raise errors.cancelled_today()
        _ask(rental, now)
        returns.cancel_completed(rental, now=now)
    else:
        raise errors.not_cancellable(rental.status)
    return rental


def _ask(rental: Rental, now: datetime) -> None:
    rental.cancel_requested_at = now
    transitions.note(rental, "cancel_requested", cause=f"user:{rental.user_id}", at=now)


def _window_open(rental: Rental, now: datetime) -> bool:
    if rental.started_at is None:
        return False
    return now <= rental.started_at + timedelta(minutes=rental.cancel_window_minutes)


def _used_today(rental: Rental) -> bool:
    assert rental.started_at is not None  # noqa: S101
    query = select(FreeCancellation.rental_id).where(
        FreeCancellation.user_id == rental.user_id, FreeCancellation.day == local_day(rental.started_at)
    )
    return open_session().scalar(query) is not None
