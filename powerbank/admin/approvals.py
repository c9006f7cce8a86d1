"""The second person: acts of worth that wait, and what follows when one is approved."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.auth import Staff
from powerbank.api.paging import page
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.adjustments.models import Act, StaffAct
from powerbank.rentals.staff import resolution

# Of the acts that wait in the table of acts; all others are decided where they wait.
APPROVED: MappingProxyType[Act, Callable[..., None]] = MappingProxyType(
    {
        Act.DUE_WAIVER: adjustments.waive_approved_due,
        Act.RENTAL_REFUND: resolution.resolve_after_approval,
        Act.RENTAL_CHARGE: resolution.resolve_after_approval,
        Act.RENTAL_LOSS: resolution.resolve_after_approval,
    }
)


def decide(act_id: UUID, *, approve: bool, staff: Staff, now: datetime) -> StaffAct:
    act = allowances.decide_act(act_id, approve=approve, staff=staff, now=now)
    if approve:
        APPROVED[Act(act.act)](act, staff=staff, now=now)
    return act


def act_page(
    *, limit: int, cursor: str | None, status: str | None = None, staff_id: UUID | None = None
) -> dict[str, Any]:
    query = select(StaffAct)
    for column, value in ((StaffAct.status, status), (StaffAct.staff_id, staff_id)):
        if value is not None:
            query = query.where(column == value)
    return page(query, StaffAct.id, limit=limit, cursor=cursor, descending=True)
