"""The fees of an ended rental, taken once. They come from times, never from when a job ran."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base import money
from powerbank.base.db import open_session
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind
from powerbank.outbox.enqueue import publish
from powerbank.rentals import transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.disputes.models import SYSTEM, CaseStatus, RentalCase
from powerbank.rentals.events import RentalSettled
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status


def settle(rental_id: UUID, *, now: datetime) -> None:
    """Waits while a dispute is open; its decision starts this again."""
    rental = transitions.locked(rental_id)
    services.lock_user_accounts(rental.user_id)
    if rental.status != Status.COMPLETED or rental.settled_at is not None or rental.came_late or disputed(rental):
        return
    assert rental.ended_at is not None  # noqa: S101 (CHECK ended)
    owed = take_fees(rental, until=meter_end(rental, rental.ended_at))
    billing.release(rental)
    rental.settled_at = now
    transitions.note(
        rental,
        "settled",
        cause="rentals",
        at=now,
        overdue=money.format_amount(rental.overdue_amount),
        owed=money.format_amount(owed),
    )
    publish(RentalSettled(**transitions.about(rental), amount=billing.paid(rental) + owed))


def take_fees(rental: Rental, *, until: datetime) -> int:
    """Usage and overdue of the spell that ends; how much is owed comes back. Its keys let a spell be billed once."""
    spell = rental.metered_from.isoformat() if rental.metered_from else ""
    overdue = billing.overdue_fee(rental, until)
    owed = billing.collect(
        rental, billing.usage_fee(rental, until), what=f"usage:{spell}", revenue=Kind.RENTAL_REVENUE
    ) + billing.collect(rental, overdue, what=f"overdue:{spell}", revenue=Kind.OVERDUE_REVENUE)
    rental.overdue_amount += overdue
    return owed


def disputed(rental: Rental) -> bool:
    query = select(RentalCase.id).where(RentalCase.rental_id == rental.id, RentalCase.status == CaseStatus.OPEN)
    return open_session().scalar(query.limit(1)) is not None


def meter_end(rental: Rental, until: datetime) -> datetime:
    """A report that staff upheld ends the meter. What was believed at once has its own way out: a swap, a loss."""
    upheld = open_session().scalar(
        select(func.min(RentalCase.reported_at)).where(
            RentalCase.rental_id == rental.id, RentalCase.status == CaseStatus.UPHELD, RentalCase.decided_by != SYSTEM
        )
    )
    return until if upheld is None else min(until, upheld)
