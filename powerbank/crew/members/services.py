"""Make people members of the crew, change what they may do, and let them go."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from powerbank.base.database_errors import refusing_on
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError, NotFoundError
from powerbank.crew import errors
from powerbank.crew.members.models import Member
from powerbank.users import identifiers
from powerbank.users.models import AccountStatus, Identifier, User


def lock_member(member_id: UUID) -> Member:
    """Lock a member: whatever is limited for each member is counted behind this lock."""
    member = open_session().get(Member, member_id, with_for_update={"key_share": True}, populate_existing=True)
    if member is None:
        raise NotFoundError("member of the crew")
    return member


def lock_active_member(member_id: UUID) -> Member:
    member = lock_member(member_id)
    if not member.active:
        raise errors.not_crew()
    return member


def make_member(
    *, user_id: UUID | None, phone: str | None, email: str | None, values: Mapping[str, Any], by: str, now: datetime
) -> Member:
    """Make a person a member of the crew. Somebody who has left comes back as the member that they were."""
    session = open_session()
    person = _find_person(user_id, phone, email)
    changes = _check(values)
    member = session.scalar(select(Member).where(Member.user_id == person).with_for_update())
    if member is not None and member.active:
        raise ConflictError("already_crew", "This person is a member of the crew already.", member_id=str(member.id))
    if member is None:
        member = Member(id=new_id(), user_id=person, created_by=by, created_at=now)
        session.add(member)
    member.active, member.ended_at = True, None
    _set(member, changes)
    session.refresh(member)
    return member


def change_member(member: Member, values: Mapping[str, Any]) -> None:
    """Change a locked member."""
    _set(member, _check(values))


def end_member(member: Member, *, now: datetime) -> None:
    """Let a locked member go. Whoever asks has seen to it that nothing is left in their hands."""
    if member.active:
        member.active, member.ended_at = False, now
        open_session().flush()


def _set(member: Member, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(member, name, value)
    no_plan = InvalidFieldsError({"pay_plan_id": ["There is no such pay plan."]})
    no_warehouse = InvalidFieldsError({"warehouse_id": ["There is no such warehouse."]})
    with refusing_on(
        {
            "fk_crew_members_pay_plan_id_crew_pay_plans": no_plan,
            "fk_crew_members_warehouse_id_warehouses": no_warehouse,
        }
    ):
        open_session().flush()


def _check(values: Mapping[str, Any]) -> dict[str, Any]:
    changes = dict(values)
    if "zones" in changes:
        changes["zones"] = sorted({zone.strip().lower() for zone in changes["zones"] if zone.strip()})
    if "timezone" in changes:
        try:
            ZoneInfo(changes["timezone"])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidFieldsError({"timezone": ["There is no such time zone."]}) from None
    return changes


def _find_person(user_id: UUID | None, phone: str | None, email: str | None) -> UUID:
    if user_id is not None:
        found = open_session().scalar(select(User.id).where(User.id == user_id, User.status == AccountStatus.ACTIVE))
        if found is None:
            raise InvalidFieldsError({"user_id": ["There is no such person."]})
        return found
    field = "phone" if phone is not None else "email"
    contact = identifiers.parse_contact_address(phone or email or "")
    found = open_session().scalar(select(Identifier.user_id).filter_by(kind=contact.kind, value=contact.value))
    if found is None:
        raise InvalidFieldsError({field: ["Nobody has signed up with this yet."]})
    return found
