"""What people and staff read of payments."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.paging import page
from powerbank.db import db
from powerbank.errors import NotFoundError
from powerbank.payments.refund_models import Refund


def refund_page(
    *, limit: int, cursor: str | None, status: str | None = None, user_id: UUID | None = None
) -> dict[str, Any]:
    query = select(Refund)
    for column, value in ((Refund.status, status), (Refund.user_id, user_id)):
        if value is not None:
            query = query.where(column == value)
    return page(query, Refund.id, limit=limit, cursor=cursor, descending=True)


def refund(refund_id: UUID) -> Refund:
    found = db.session.get(Refund, refund_id)
    if found is None:
        raise NotFoundError("refund")
    return found


def refund_of_user(refund_id: UUID, user_id: UUID) -> Refund:
    found = refund(refund_id)
    if found.user_id != user_id:
        raise NotFoundError("refund")
    return found
