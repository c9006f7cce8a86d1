"""Allowances: how much one member of staff may give or take alone, as data, and how much of it is used.

All acts that move something of worth are counted together: a large sum in slices, or half as money and half as points,
needs its second person too. What two people decided counts for neither.

    allowances.lock_allowance(staff.id)                                    # before anything else is locked
    if allowances.use_allowance(Act.REFUND, staff.id, worth=…, about=…, now=now): …    # else a second person decides
"""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.auth import Staff
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base import money
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import AppError, ConflictError, NotFoundError
from powerbank.content import app_config
from powerbank.ledger.adjustments.models import Act, ActStatus, StaffAct
from powerbank.ledger.events import ActWaits
from powerbank.ledger.services import Reference
from powerbank.live import changes
from powerbank.outbox.enqueue import publish

# The permission that each act asks for.
PERMISSIONS = MappingProxyType(
    {
        Act.ADJUSTMENT: "ledger.adjust",
        Act.POINTS_GRANT: "ledger.adjust",
        Act.COUPON: "promotions.write",
        Act.REFUND: "refunds.decide",
        Act.RENTAL_REFUND: "rentals.resolve",
        Act.RENTAL_CHARGE: "ledger.adjust",
        Act.RENTAL_LOSS: "rentals.resolve",
        Act.DUE_WAIVER: "ledger.adjust",
        Act.ERASURE: "users.erase",
    }
)
# The permission of whoever approves, whatever it is.
SECOND_PERSON = "ledger.approve"

# The paisa that one person of a role may move in a day, with all acts together.
A_DAY = MappingProxyType(
    {
        Role.SUPPORT: 5_000_00,
        Role.OPERATIONS: 5_000_00,
        Role.FINANCE: 5_000_00,
        Role.SUPERADMIN: 20_000_00,
        Role.VIEWER: 0,
    }
)
DAY = timedelta(hours=24)


def refuse_unless_permitted(act: Act, staff: Staff) -> None:
    if not staff.may(PERMISSIONS[act]):
        raise AppError("forbidden", 403, "Your role does not allow this.")


def lock_allowance(staff_id: UUID) -> None:
    """Lock a person's allowance: two requests of one person at once must not both find the day unused."""
    open_session().get_one(StaffMember, staff_id, with_for_update={"key_share": True}, populate_existing=True)


def use_allowance(act: Act, staff_id: UUID, *, worth: int, about: Reference, now: datetime) -> bool:
    """Record the act, if this person may do it alone. False: a second person has to decide."""
    lock_allowance(staff_id)
    if worth > allowance_left(staff_id, now=now):
        return False
    _add_act(act, staff_id, worth=worth, about=about, status=ActStatus.ALONE, now=now)
    return True


def allowance_left(staff_id: UUID, *, now: datetime) -> int:
    member = open_session().get_one(StaffMember, staff_id)
    used = select(func.coalesce(func.sum(StaffAct.worth), 0)).where(
        StaffAct.staff_id == staff_id, StaffAct.status == ActStatus.ALONE, StaffAct.created_at > now - DAY
    )
    return A_DAY[Role(member.role)] - int(open_session().scalar(used) or 0)


def total_worth_of_acts(about: Reference, act: Act) -> int:
    """Add up all such acts about one thing, whoever did them."""
    done = select(func.coalesce(func.sum(StaffAct.worth), 0)).where(
        StaffAct.about_kind == about.kind,
        StaffAct.about_id == about.id,
        StaffAct.act == act,
        StaffAct.status != ActStatus.REJECTED,
    )
    return int(open_session().scalar(done) or 0)


def worth_of_points(points: int) -> int:
    """Give what points are worth in paisa, rounded up."""
    return -money.value_of_points(-points, app_config.current().points_per_npr)


def keep_act_waiting(
    act: Act, staff_id: UUID, *, worth: int, about: Reference, reason: str, details: dict[str, Any], now: datetime
) -> StaffAct:
    """Keep an act until a second person decides."""
    waiting_act = _add_act(
        act, staff_id, worth=worth, about=about, status=ActStatus.WAITING, now=now, reason=reason, details=details
    )
    publish(ActWaits(act_id=waiting_act.id, amount=worth, reason=reason))
    return waiting_act


def decide_act(act_id: UUID, *, approve: bool, staff: Staff, now: datetime) -> StaffAct:
    """Record the second person's decision. The caller does what follows from it in the same transaction."""
    found = open_session().get(StaffAct, act_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("act")
    if found.status != ActStatus.WAITING:
        raise ConflictError("already_decided", "This has been decided.")
    if found.staff_id == staff.id:
        raise second_person_error()
    found.status = ActStatus.APPROVED if approve else ActStatus.REJECTED
    found.decided_by, found.decided_at = staff.id, now
    open_session().flush()
    changes.announce("console", kind="approval", id=act_id)
    return found


def second_person_error() -> AppError:
    return AppError("second_person_needed", 403, "Somebody else has to decide this: you asked for it.")


def _add_act(
    act: Act,
    staff_id: UUID,
    *,
    worth: int,
    about: Reference,
    status: ActStatus,
    now: datetime,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> StaffAct:
    row = StaffAct(
        id=new_id(),
        act=act,
        staff_id=staff_id,
        about_kind=about.kind,
        about_id=about.id,
        worth=worth,
        reason=reason,
        details=details or {},
        status=status,
        created_at=now,
    )
    open_session().add(row)
    open_session().flush()
    return row
