"""Read the members of the crew."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from powerbank.api.paging import page
from powerbank.base.db import db, first_id_of
from powerbank.base.errors import NotFoundError
from powerbank.crew import errors
from powerbank.crew.members.models import Member, MemberPlace
from powerbank.crew.shifts.models import Shift
from powerbank.users.models import User

PREFIX = "crew:"


def actor_of(member_id: object) -> str:
    """Name a member as the one who did something, and as the holder of power banks."""
    return f"{PREFIX}{member_id}"


def find_own_member(user_id: UUID, *, of: str | None = None) -> Member:
    """Find the member of the crew that a person is, as it is now. Whoever leaves is refused with the next request.

    Where a thing of the crew is asked for (`of`), there is no such thing for others.
    """
    found: Member | None = db.session.scalar(select(Member).where(Member.user_id == user_id, Member.active))
    if found is None:
        raise errors.not_crew() if of is None else NotFoundError(of)
    return found


def find_by_user(user_id: UUID) -> Member | None:
    """Find the member that a person is, or was."""
    found: Member | None = db.session.scalar(select(Member).where(Member.user_id == user_id))
    return found


def find_member(member_id: UUID) -> Member:
    found = db.session.get(Member, member_id)
    if found is None:
        raise NotFoundError("member of the crew")
    return found


def list_members(*, active: bool | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of the members with their names, newest first."""
    query = select(Member)
    if active is not None:
        query = query.where(Member.active == active)
    found = page(query, Member.id, descending=True, limit=limit, cursor=cursor)
    names = find_names([member.id for member in found["items"]])
    return found | {"items": [show_member(member, names.get(member.id, "")) for member in found["items"]]}


def show_member(member: Member, name: str | None = None) -> dict[str, Any]:
    """Show a member to staff."""
    fields = ("id", "user_id", "zones", "pay_plan_id", "warehouse_id", "timezone", "active", "created_at", "ended_at")
    shown = {field: getattr(member, field) for field in fields}
    return shown | {"name": name if name is not None else find_names([member.id]).get(member.id, "")}


def find_names(ids: Collection[UUID]) -> dict[UUID, str]:
    """Find what members are called."""
    query = (
        select(Member.id, User.first_name, User.last_name, User.username)
        .join(User, User.id == Member.user_id)
        .where(Member.id.in_(ids))
    )
    return {
        row.id: " ".join(filter(None, (row.first_name, row.last_name))) or row.username
        for row in db.session.execute(query)
    }


def name_holders(holders: Collection[str]) -> dict[str, str]:
    """Name those of these holders of power banks who are of the crew."""
    ids = {holder: _read_id(holder) for holder in holders if holder.startswith(PREFIX)}
    names = find_names([each for each in ids.values() if each is not None])
    return {holder: names[id_] for holder, id_ in ids.items() if id_ is not None and id_ in names}


def find_last_places(*, since: datetime, limit: int = 500) -> dict[UUID, MemberPlace]:
    """Find where each member is who shares their place in the shift that is on."""
    query = (
        select(MemberPlace)
        .ext(distinct_on(MemberPlace.member_id))
        .join(Shift, Shift.id == MemberPlace.shift_id)
        .where(Shift.ended_at.is_(None), MemberPlace.id >= first_id_of(since))
        .order_by(MemberPlace.member_id, MemberPlace.id.desc())
        .limit(limit)
    )
    return {place.member_id: place for place in db.session.scalars(query)}


def _read_id(holder: str) -> UUID | None:
    try:
        return UUID(holder.removeprefix(PREFIX))
    except ValueError:
        return None
