"""The queries of cases, for staff."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from powerbank.api.paging import page
from powerbank.rentals.disputes.models import RentalCase


def case_page(
    *, limit: int, cursor: str | None, status: str | None = None, issue_type: str | None = None
) -> dict[str, Any]:
    """Return one page of cases with their rentals, those first that wait longest."""
    query = select(RentalCase).options(joinedload(RentalCase.rental))
    for column, value in ((RentalCase.status, status), (RentalCase.issue_type, issue_type)):
        if value is not None:
            query = query.where(column == value)
    return page(query, RentalCase.id, limit=limit, cursor=cursor)
