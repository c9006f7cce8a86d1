"""The queries of cases, for staff."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.rentals.disputes.models import CaseStatus, RentalCase


def case_page(
    *, limit: int, cursor: str | None, status: str | None = None, issue_type: str | None = None
) -> dict[str, Any]:
    """Return one page of cases with their rentals, those first that wait longest."""
    query = select(RentalCase).options(joinedload(RentalCase.rental))
    for column, value in ((RentalCase.status, status), (RentalCase.issue_type, issue_type)):
        if value is not None:
            query = query.where(column == value)
    return page(query, RentalCase.id, limit=limit, cursor=cursor)


def find_next_open_case(*, after: UUID | None) -> RentalCase | None:
    """Return the open case that follows this one, or else the one that waits longest; None if no other one is open."""
    waiting = select(RentalCase).where(RentalCase.status == CaseStatus.OPEN).order_by(RentalCase.id).limit(1)
    parts = [waiting] if after is None else [waiting.where(RentalCase.id > after), waiting.where(RentalCase.id < after)]
    return next((found for part in parts if (found := db.session.scalar(part)) is not None), None)
