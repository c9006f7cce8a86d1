"""How everything that is kept of a person is deleted on request: one member of staff asks, another one decides.

It ends as when the person leaves in the app: what stands in the way of that stands in the way here too.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.admin.people import queries
from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.db import db
from powerbank.base.errors import ConflictError
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import Act, ActStatus, StaffAct
from powerbank.ledger.services import Reference
from powerbank.users import lifecycle


def ask_for_erasure(user_id: UUID, *, reason: str, staff: Staff, now: datetime) -> StaffAct:
    """Keep the request until a second person decides, or say at once what stands in its way."""
    queries.get_person(user_id)
    lifecycle.check_end(user_id)
    if find_waiting_erasure(user_id) is not None:
        raise ConflictError("erasure_waits", "Somebody has asked for this already; it waits for a second person.")
    act = allowances.keep_act_waiting(
        Act.ERASURE, staff.id, worth=0, about=Reference("user", str(user_id)), reason=reason, details={}, now=now
    )
    audit.record(
        actor=audit.staff_actor(staff.id),
        action="erasure.ask",
        object_kind="user",
        object_id=user_id,
        new={"act_id": str(act.id), "reason": reason},
    )
    return act


def find_waiting_erasure(user_id: UUID) -> StaffAct | None:
    query = select(StaffAct).filter_by(
        act=Act.ERASURE, status=ActStatus.WAITING, about_kind="user", about_id=str(user_id)
    )
    return db.session.scalar(query)


def erase_after_approval(act: StaffAct, *, staff: Staff, now: datetime) -> None:
    lifecycle.end_account(UUID(act.about_id), now=now)
