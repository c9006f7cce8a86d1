from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from powerbank.api.paging import page
from powerbank.base import money
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.base.money import NPR
from powerbank.content import app_config
from powerbank.ledger.accounts import Kind
from powerbank.ledger.models import Account, Entry, Posting
from powerbank.ledger.points.models import Lot
from powerbank.points.models import Grant

SOONEST = 10  # lots that are shown


@dataclass(frozen=True)
class Points:
    points: int
    held: int
    due: int
    value: int
    expiring: list[tuple[int, datetime]]
    currency: str = NPR


def points_of_user(user_id: UUID) -> Points:
    rows = db.session.execute(select(Account.kind, Account.balance).where(Account.owner == str(user_id)))
    found = {row.kind: row.balance or 0 for row in rows}
    has = found.get(Kind.USER_POINTS, 0)
    lots = (
        select(Lot.available, Lot.expires_at)
        .where(Lot.user_id == user_id, Lot.available > 0)
        .order_by(Lot.expires_at, Lot.id)
        .limit(SOONEST)
    )
    return Points(
        points=has,
        held=found.get(Kind.USER_POINTS_HOLD, 0),
        due=-found.get(Kind.POINTS_DUES_RECEIVABLE, 0),
        value=money.value_of_points(has, app_config.current().points_per_npr),
        expiring=[(row.available, row.expires_at) for row in db.session.execute(lots)],
    )


def history_page(user_id: UUID, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """List every change of the points that a person may spend, newest first, with the balance after it."""
    query = (
        select(Posting)
        .join(Account, Account.id == Posting.account_id)
        .where(Account.owner == str(user_id), Account.kind == Kind.USER_POINTS)
        .options(joinedload(Posting.entry))
    )
    return page(query, Posting.number, limit=limit, cursor=cursor, descending=True)


def grant_page(*, limit: int, cursor: str | None, status: str | None = None) -> dict[str, Any]:
    query = select(Grant)
    if status is not None:
        query = query.where(Grant.status == status)
    return page(query, Grant.id, limit=limit, cursor=cursor, descending=True)


def find_grant(grant_id: UUID) -> Grant:
    found: Grant | None = db.session.get(Grant, grant_id, populate_existing=True)
    if found is None:
        raise NotFoundError("grant")
    return found


def select_awards(given: Grant) -> Select[Entry]:
    """Select the entries by which a grant gave points so far. The key of each ends with the person."""
    return select(Entry).where(Entry.reference_kind == "grant", Entry.reference_id == str(given.id))
