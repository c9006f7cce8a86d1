"""The troubles by which staff look for rentals. Each is a condition that an index of its own serves."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, select

from powerbank.rentals.disputes.models import CaseStatus, RentalCase
from powerbank.rentals.models import Rental
from powerbank.rentals.states import BEGINNING, OUT

LONG = timedelta(days=1)
STUCK = timedelta(minutes=5)


class Trouble(StrEnum):
    UNCLEAR = "unclear"  # nobody knows for minutes whether a power bank came out
    LONG_OVERDUE = "long_overdue"  # due for more than a day
    CAME_LATE = "came_late"  # the power bank came out after the end, and staff have not decided
    DISPUTED = "disputed"  # a case is open
    UNSETTLED = "unsettled"  # ended, and not all fees are paid or owed


def in_trouble(trouble: Trouble, *, now: datetime) -> ColumnElement[bool]:
    """Make the condition on rentals that are in a trouble."""
    if trouble is Trouble.UNCLEAR:
        return and_(Rental.status.in_(BEGINNING), Rental.created_at < now - STUCK)
    if trouble is Trouble.LONG_OVERDUE:
        return and_(Rental.status.in_(OUT), Rental.due_at < now - LONG)
    if trouble is Trouble.CAME_LATE:
        return and_(Rental.came_late)  # not `IS TRUE`, which the partial index does not follow from
    if trouble is Trouble.UNSETTLED:
        return and_(Rental.ended_at.is_not(None), Rental.settled_at.is_(None))
    return Rental.id.in_(select(RentalCase.rental_id).where(RentalCase.status == CaseStatus.OPEN))
