"""The starts that were refused, as staff look for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.base.db import db, first_id_of
from powerbank.ledger.queries import bound_by_time
from powerbank.rentals.start.models import RefusedStart


def refused_start_page(
    *,
    limit: int,
    cursor: str | None,
    station_sn: str | None = None,
    reason: str | None = None,
    user_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:
    """Return one page of the refused starts that match, newest first."""
    query = bound_by_time(select(RefusedStart), RefusedStart, since, until, at=RefusedStart.at)
    for column, value in (
        (RefusedStart.station_sn, station_sn),
        (RefusedStart.reason, reason),
        (RefusedStart.user_id, user_id),
    ):
        if value is not None:
            query = query.where(column == value)
    return page(query, RefusedStart.id, limit=limit, cursor=cursor, descending=True)


def count_refused_starts(station_sn: str, *, since: datetime) -> int:
    query = select(func.count()).where(RefusedStart.station_sn == station_sn, RefusedStart.id >= first_id_of(since))
    return db.session.scalar(query) or 0
