"""Which channels a type has: the built-in ones, or those that staff chose."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, open_session, utcnow
from powerbank.base.errors import AppError, NotFoundError
from powerbank.notifications.models import Channel
from powerbank.notifications.people.kinds import RULES, Type
from powerbank.notifications.staff.kinds import RULES as STAFF_RULES
from powerbank.notifications.staff.kinds import StaffType
from powerbank.notifications.templates.models import RuleOverride
from powerbank.notifications.texts.wording import Kind

# A code goes where its asker is reached; a digest where those go that it stands for.
FIXED = frozenset({Type.OTP, Type.DIGEST})


def channels(kind: Kind) -> frozenset[Channel]:
    return chosen(kind, db.session.scalar(select(RuleOverride.channels).where(RuleOverride.type == kind.value)))


def chosen(kind: Kind, stored: Sequence[str] | None) -> frozenset[Channel]:
    """What staff chose, or the built-in ones."""
    if stored is None or kind in FIXED:
        return default(kind)
    return frozenset(Channel(each) for each in stored)


def default(kind: Kind) -> frozenset[Channel]:
    if isinstance(kind, StaffType):
        return STAFF_RULES[kind].channels
    return RULES[kind].channels


def named(name: str) -> Kind:
    try:
        return StaffType(name) if name in {*StaffType} else Type(name)
    except ValueError:
        raise NotFoundError("type of message") from None


def listing() -> list[dict[str, Any]]:
    overrides = {row.type: row for row in db.session.scalars(select(RuleOverride))}
    return [shown(kind, overrides.get(kind.value)) for kind in (*Type, *StaffType)]


def shown(kind: Kind, override: RuleOverride | None) -> dict[str, Any]:
    rule = RULES[kind] if isinstance(kind, Type) else None
    return {
        "type": kind.value,
        "audience": "staff" if rule is None else "user",
        "group": rule.group.value if rule else None,
        "urgent": rule.urgent if rule else True,
        "fixed": kind in FIXED,
        "channels": sorted(override.channels if override else [each.value for each in default(kind)]),
        "default_channels": sorted(each.value for each in default(kind)),
        "updated_at": override.updated_at if override else None,
    }


def one(kind: Kind) -> dict[str, Any]:
    return shown(kind, db.session.get(RuleOverride, kind.value, populate_existing=True))


def choose(kind: Kind, wanted: list[str], *, by: UUID) -> None:
    if kind in FIXED:
        raise AppError("rule_fixed", 422, "The channels of this type follow from what it is.")
    if isinstance(kind, StaffType) and {*wanted} - {Channel.EMAIL, Channel.PUSH}:
        raise AppError("rule_fixed", 422, "Staff are told in the console, by e-mail and by push.")
    row = {"type": kind.value, "channels": sorted({*wanted}), "updated_at": utcnow(), "updated_by": by}
    statement = insert(RuleOverride).values(row)
    open_session().execute(statement.on_conflict_do_update(index_elements=["type"], set_=row))


def reset(kind: Kind) -> None:
    open_session().execute(delete(RuleOverride).where(RuleOverride.type == kind.value))
