"""Which new conversations each member of staff takes, as staff write it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.auth.staff import queries as staff_queries
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.base import audit
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.support.models import SupportSkill
from powerbank.support.staffing.routing import ANSWERS

NOTHING = {"topics": [], "languages": [], "away": False, "given_at": None}


def list_skills() -> list[dict[str, Any]]:
    """List the members who may answer, with what they take. There are few."""
    members = staff_queries.list_members_with_permission(ANSWERS)
    kept = {each.staff_id: each for each in db.session.scalars(select(SupportSkill))}
    return [_describe(member.id, member.email, kept.get(member.id)) for member in members]


def change_skills_by_staff(
    staff_id: UUID, *, topics: Sequence[str], languages: Sequence[str], away: bool
) -> dict[str, Any]:
    """Write what a member takes, with a row in the audit log. What is given to somebody already stays there."""
    member = staff_queries.get_member(staff_id)
    if not member.active or ANSWERS not in PERMISSIONS[Role(member.role)]:
        raise NotFoundError("member of support")
    session = open_session()
    session.execute(insert(SupportSkill).values(staff_id=staff_id, topics=[], languages=[]).on_conflict_do_nothing())
    kept = session.get_one(SupportSkill, staff_id, with_for_update=True, populate_existing=True)
    old = {"topics": kept.topics, "languages": kept.languages, "away": kept.away}
    kept.topics, kept.languages, kept.away = sorted({*topics}), sorted({*languages}), away
    new = {"topics": kept.topics, "languages": kept.languages, "away": kept.away}
    audit.record_by_staff("support_skills.update", "staff", staff_id, old=old, new=new)
    return _describe(staff_id, member.email, kept)


def _describe(staff_id: UUID, email: str, kept: SupportSkill | None) -> dict[str, Any]:
    taken = NOTHING if kept is None else {name: getattr(kept, name) for name in NOTHING}
    return {"staff_id": staff_id, "email": email} | taken
