"""The cancellation of a rental: everything is given back. A return within the cancel window is free of charge."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import local_day
from powerbank.base.db import open_session
from powerbank.ledger.accounts import REVENUES
from powerbank.outbox.enqueue import publish
from powerbank.promotions import coupons
from powerbank.rentals import errors, queries, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.events import RentalCancelled
from powerbank.rentals.models import FreeCancellation, Rental
from powerbank.rentals.reservations import services as reservations
from powerbank.rentals.start import initiation
from powerbank.rentals.states import OUT, Status


def cancel_by_user(rental_id: UUID, *, user_id: UUID, now: datetime) -> Rental:
    """Cancel a rental for its person: at once before the ejection, and afterwards only with a return within the window.

    The request may come before or after the return. Where the power bank is still out, the request is noted.
    """
    rental = queries.lock_rental_of_user(rental_id, user_id)
    billing.lock_funds(user_id)
    if rental.status == Status.CANCELLED:
        return rental
    if rental.status == Status.PENDING:
        initiation.abandon_initiation(rental_id, event="cancelled", cause=f"user:{user_id}", now=now)
    elif rental.status in (Status.EJECTING, *OUT) and rental.cancel_requested_at is not None:
        return rental
    elif rental.status == Status.EJECTING:
        _note_request(rental, now)
    elif rental.status in OUT and _is_in_window(rental, now):
        if _is_free_day_used(rental):
            raise errors.cancelled_today()
        _note_request(rental, now)
    elif rental.status == Status.COMPLETED and _is_in_window(rental, now) and not rental.came_late:
        if not claim_free_day(rental):
            raise errors.cancelled_today()
        _note_request(rental, now)
        cancel_rental(rental, "cancelled", at=now, cause=f"user:{rental.user_id}", now=now)
    else:
        raise errors.not_cancellable(rental.status)
    return rental


def _note_request(rental: Rental, now: datetime) -> None:
    rental.cancel_requested_at = now
    transitions.note_event(rental, "cancel_requested", cause=f"user:{rental.user_id}", at=now)


def _is_in_window(rental: Rental, at: datetime) -> bool:
    """Tell whether this time lies within the minutes after the start in which a return is free."""
    return rental.cancel_until is not None and at <= rental.cancel_until


def _is_free_day_used(rental: Rental) -> bool:
    """Tell whether the person has had a free cancellation on the local day of this rental."""
    assert rental.started_at is not None  # noqa: S101
    query = select(FreeCancellation.rental_id).where(
        FreeCancellation.user_id == rental.user_id, FreeCancellation.day == local_day(rental.started_at)
    )
    return open_session().scalar(query) is not None


def claim_free_day(rental: Rental) -> bool:
    """Claim the one free cancellation of a person and local day. False if it was claimed before.

    The unique row decides between two that claim it at once.
    """
    assert rental.started_at is not None  # noqa: S101
    made = open_session().execute(
        insert(FreeCancellation)
        .values(user_id=rental.user_id, day=local_day(rental.started_at), rental_id=rental.id)
        .on_conflict_do_nothing()
        .returning(FreeCancellation.rental_id)
    )
    return made.one_or_none() is not None


def cancel_rental(
    rental: Rental, event: str, *, at: datetime, cause: str, now: datetime, keep_coupon: bool = False
) -> None:
    """Cancel a rental, release what is held, waive what is owed and refund what was paid.

    A swap keeps the coupon, since the rental that takes the place of this one uses it.
    """
    transitions.move_rental(rental, Status.CANCELLED, event=event, cause=cause, at=at)
    rental.ended_at = rental.ended_at or at
    released = billing.release_hold(rental)
    refunded = billing.waive_and_refund(rental, None, what=event, actor=billing.ACTOR, now=now, kinds=set(REVENUES))
    reservations.forget_fee(rental)
    if not keep_coupon:
        coupons.give_back_coupons(rental.id, now=now)
    rental.settled_at = now
    publish(RentalCancelled(**transitions.event_fields(rental), reason=event, amount=released + refunded))


def claim_free_return(rental: Rental, ended_at: datetime) -> bool:
    """Tell whether a return at this time is free of charge, and claim the free day if it needs one.

    The person has asked for the cancellation, and the power bank came back within the window. Who asked before the
    power bank came out has it free always, all others once a day.
    """
    if rental.cancel_requested_at is None or rental.started_at is None or not _is_in_window(rental, ended_at):
        return False
    return rental.cancel_requested_at < rental.started_at or claim_free_day(rental)
