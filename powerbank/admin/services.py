"""Change people's accounts for staff, and have a second person decide what one may not do alone."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from powerbank.admin.events import AccountStatusChanged
from powerbank.admin.people import erasure
from powerbank.api.auth import Staff
from powerbank.auth.people import sessions
from powerbank.base import audit
from powerbank.base.db import open_session
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.adjustments.models import Act, ActStatus, StaffAct
from powerbank.ledger.adjustments.schemas import StaffActSchema
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.rentals.staff import resolution
from powerbank.users import services as users
from powerbank.users.models import User

# Of the acts that wait in the table of acts; all others are decided where they wait.
APPROVED: MappingProxyType[Act, Callable[..., None]] = MappingProxyType(
    {
        Act.DUE_WAIVER: adjustments.waive_approved_due,
        Act.RENTAL_REFUND: resolution.resolve_after_approval,
        Act.RENTAL_CHARGE: resolution.resolve_after_approval,
        Act.RENTAL_LOSS: resolution.resolve_after_approval,
        Act.ERASURE: erasure.erase_after_approval,
    }
)


def change_user_status(user_id: UUID, status: str, *, reason: str) -> str | None:
    """Change the status of an account at once, and tell its person.

    Returned is the old status, or None if the account had this one already.
    """
    user, old = users.change_status(user_id, status)
    if old == status:
        return None
    _end_sessions_if_barred(user)
    publish(AccountStatusChanged(user_id=user.id, status=status, reason=reason))
    enqueue(account_jobs.ADMIN_USER_ACTION, user_id=str(user.id), status=status)
    return old


def change_status_by_staff(user_id: UUID, status: str, *, reason: str, staff: Staff) -> None:
    """Change the status of an account as staff decided, and record it if that changes anything."""
    old = change_user_status(user_id, status, reason=reason)
    if old is not None:
        audit.record(
            actor=audit.staff_actor(staff.id),
            action="user.status",
            object_kind="user",
            object_id=user_id,
            old={"status": old},
            new={"status": status, "reason": reason},
        )


def follow_up_status_change(user_id: UUID, status: str) -> None:
    """End the sessions that began while the status changed.

    There is nothing to do for an account that is gone, or whose status has changed again: that change has its own job.
    """
    user = open_session().get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.status != status:
        return
    _end_sessions_if_barred(user)


def _end_sessions_if_barred(user: User) -> None:
    """End the sessions of a person who may not sign in. Suspended people still may, to pay."""
    if not users.may_sign_in(user):
        sessions.end_sessions_of_user(user.id, user.status)


def decide_act(act_id: UUID, *, approve: bool, staff: Staff, now: datetime) -> StaffAct:
    """Approve or reject what somebody else asked for, and do what was approved."""
    act = allowances.decide_act(act_id, approve=approve, staff=staff, now=now)
    if approve:
        APPROVED[Act(act.act)](act, staff=staff, now=now)
    audit.record(
        actor=audit.staff_actor(staff.id),
        action=f"{act.act}.{'approve' if approve else 'reject'}",
        object_kind=act.about_kind,
        object_id=act.about_id,
        old={"status": ActStatus.WAITING.value},
        new=dict(StaffActSchema().dump(act)),
    )
    return act
