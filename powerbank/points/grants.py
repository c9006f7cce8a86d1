"""Grants: staff give points to many people at once. An allowance holds for the sum, and beyond it two people decide.

A grant never comes to more than was decided: whoever fits when it runs gets theirs, at most as many people as were
counted when it was asked for, and nobody who has joined since.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.ledger import services
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import Act
from powerbank.ledger.points import services as points
from powerbank.ledger.services import Reference
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.points.events import AwardWaits, PointsEarned
from powerbank.points.models import Grant, GrantStatus
from powerbank.points.schemas import GrantSchema
from powerbank.users.models import AccountStatus, User

BATCH = 200
FIRST = UUID(int=0)


def ask_for_grant(
    *,
    points: int,
    reason: str,
    recipients: Sequence[UUID] | None,
    city: str | None,
    kyc_verified: bool | None,
    staff: Staff,
    now: datetime,
) -> Grant:
    """Begin a grant, or keep it until a second person decides."""
    grant = Grant(
        id=new_id(),
        points=points,
        reason=reason,
        recipients=sorted(set(recipients)) if recipients else None,
        city=city,
        kyc_verified=kyc_verified,
        status=GrantStatus.PENDING,
        awarded=0,
        asked_by=staff.id,
        # The clock of this process may be ahead of the database's by a moment, in which somebody may join.
        created_at=open_session().scalars(select(func.now())).one(),
    )
    grant.total = open_session().scalar(select(func.count()).select_from(_select_receivers(grant).subquery())) or 0
    if not grant.total:
        raise ConflictError("nobody_to_award", "There is nobody to give points to.")
    worth = allowances.worth_of_points(grant.total * points)
    about = Reference("points_grant", str(grant.id))
    if allowances.use_allowance(Act.POINTS_GRANT, staff.id, worth=worth, about=about, now=now):
        _begin_grant(grant)
    else:
        publish(AwardWaits(grant_id=grant.id, points=points, count=grant.total, reason=reason))
    open_session().add(grant)
    open_session().flush()
    _record("ask", grant, by=staff)
    return grant


def decide_grant(grant_id: UUID, *, approve: bool, staff: Staff, now: datetime) -> Grant:
    grant = _lock_grant(grant_id)
    if grant is None:
        raise NotFoundError("grant")
    if grant.status != GrantStatus.PENDING:
        raise ConflictError("already_decided", "This has been decided.")
    if grant.asked_by == staff.id:
        raise allowances.second_person_error()
    grant.decided_by = staff.id
    if approve:
        _begin_grant(grant)
    else:
        grant.status, grant.finished_at = GrantStatus.REJECTED, now
    open_session().flush()
    _record("approve" if approve else "reject", grant, by=staff)
    return grant


def _record(action: str, grant: Grant, *, by: Staff) -> None:
    audit.record(
        actor=staff_actor(by.id),
        action=f"points_grant.{action}",
        object_kind="points_grant",
        object_id=grant.id,
        new=dict(GrantSchema().dump(grant)),
    )


def award_batch(grant_id: UUID) -> bool:
    """Give the next people their points. False: nobody is left. A job that broke off goes on where it was."""
    grant = _lock_grant(grant_id)
    if grant is None or grant.status != GrantStatus.RUNNING:
        return False
    query = _select_receivers(grant).where(User.id > (grant.last_awarded_user_id or FIRST)).order_by(User.id)
    people = list(open_session().scalars(query.limit(min(BATCH, grant.total - grant.awarded))))
    if not people:
        return False
    services.lock_user_accounts(*people)
    for user_id in people:
        points.award_points(
            user_id=user_id,
            points=grant.points,
            reference=Reference("grant", str(grant.id)),
            key=f"points:grant:{grant.id}:{user_id}",
            actor=staff_actor(grant.asked_by),
            description=grant.reason,
        )
        publish(PointsEarned(user_id=user_id, points=grant.points, earning="grant", object_id=str(grant.id)))
    grant.awarded += len(people)
    grant.last_awarded_user_id = people[-1]
    return True


def close_grant(grant_id: UUID, *, now: datetime) -> None:
    grant = _lock_grant(grant_id)
    if grant is not None and grant.status == GrantStatus.RUNNING:
        grant.status, grant.finished_at = GrantStatus.DONE, now


def _begin_grant(grant: Grant) -> None:
    grant.status = GrantStatus.RUNNING
    enqueue(reward_jobs.BULK_AWARD_POINTS, grant_id=str(grant.id))


def _select_receivers(grant: Grant) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [User.status == AccountStatus.ACTIVE, User.created_at <= grant.created_at]
    if grant.recipients is not None:
        conditions.append(User.id.in_(grant.recipients))
    if grant.city is not None:
        conditions.append(func.lower(User.city) == grant.city.lower())
    if grant.kyc_verified is not None:
        approved = User.kyc_status == "approved"
        conditions.append(approved if grant.kyc_verified else ~approved)
    return select(User.id).where(*conditions)


def _lock_grant(grant_id: UUID) -> Grant | None:
    return open_session().get(Grant, grant_id, with_for_update=True, populate_existing=True)
