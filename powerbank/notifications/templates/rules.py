"""The rules of channels: those on which a type of notice goes out, built-in or chosen by staff."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base import audit
from powerbank.base.db import db, open_session, utcnow
from powerbank.base.errors import AppError, NotFoundError
from powerbank.notifications.models import Channel
from powerbank.notifications.people.notice_types import RULES, NoticeType
from powerbank.notifications.staff.notice_types import RULES as STAFF_RULES
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.templates.models import RuleOverride
from powerbank.notifications.texts.built_in import AnyNoticeType

# A code goes to the address that asked for it, and a digest where the notices go that it stands for.
FIXED = frozenset({NoticeType.OTP, NoticeType.DIGEST})


def channels_of_type(notice_type: AnyNoticeType) -> frozenset[Channel]:
    """Return the channels of a type now."""
    return effective_channels(
        notice_type, db.session.scalar(select(RuleOverride.channels).where(RuleOverride.type == notice_type.value))
    )


def effective_channels(notice_type: AnyNoticeType, stored: Sequence[str] | None) -> frozenset[Channel]:
    """Return the channels that staff chose, or the built-in ones."""
    if stored is None or notice_type in FIXED:
        return default_channels(notice_type)
    return frozenset(Channel(each) for each in stored)


def default_channels(notice_type: AnyNoticeType) -> frozenset[Channel]:
    """Return the built-in channels of a type."""
    if isinstance(notice_type, StaffNoticeType):
        return STAFF_RULES[notice_type].channels
    return RULES[notice_type].channels


def find_notice_type(name: str) -> AnyNoticeType:
    """Return the type of notice with this name, or refuse with 404."""
    try:
        return StaffNoticeType(name) if name in {*StaffNoticeType} else NoticeType(name)
    except ValueError:
        raise NotFoundError("type of message") from None


def list_rules() -> list[dict[str, Any]]:
    """Return the rules of all types, as the API shows them."""
    overrides = {row.type: row for row in db.session.scalars(select(RuleOverride))}
    return [show_rule(notice_type, overrides.get(notice_type.value)) for notice_type in (*NoticeType, *StaffNoticeType)]


def show_rule(notice_type: AnyNoticeType, override: RuleOverride | None) -> dict[str, Any]:
    """Return the rule of a type, as the API shows it."""
    rule = RULES[notice_type] if isinstance(notice_type, NoticeType) else None
    return {
        "type": notice_type.value,
        "audience": "staff" if rule is None else "user",
        "group": rule.group.value if rule else None,
        "urgent": rule.urgent if rule else True,
        "fixed": notice_type in FIXED,
        "channels": sorted(override.channels if override else [each.value for each in default_channels(notice_type)]),
        "default_channels": sorted(each.value for each in default_channels(notice_type)),
        "updated_at": override.updated_at if override else None,
    }


def find_rule(notice_type: AnyNoticeType) -> dict[str, Any]:
    """Return the rule of a type as it is stored now."""
    return show_rule(notice_type, db.session.get(RuleOverride, notice_type.value, populate_existing=True))


def choose_channels(notice_type: AnyNoticeType, wanted: list[str], *, by: UUID) -> None:
    """Choose the channels of a type, or refuse where they are fixed."""
    if notice_type in FIXED:
        raise AppError("rule_fixed", 422, "The channels of this type follow from what it is.")
    if isinstance(notice_type, StaffNoticeType) and {*wanted} - {Channel.EMAIL, Channel.PUSH}:
        raise AppError("rule_fixed", 422, "Staff are told in the console, by e-mail and by push.")
    old = find_rule(notice_type)["channels"]
    row = {"type": notice_type.value, "channels": sorted({*wanted}), "updated_at": utcnow(), "updated_by": by}
    statement = insert(RuleOverride).values(row)
    open_session().execute(statement.on_conflict_do_update(index_elements=["type"], set_=row))
    _record("set", notice_type, by=by, old=old)


def reset_channels(notice_type: AnyNoticeType, *, by: UUID) -> None:
    """Return a type to its built-in channels."""
    old = find_rule(notice_type)["channels"]
    open_session().execute(delete(RuleOverride).where(RuleOverride.type == notice_type.value))
    _record("reset", notice_type, by=by, old=old)


def _record(act: str, notice_type: AnyNoticeType, *, by: UUID, old: list[str]) -> None:
    audit.record(
        actor=audit.staff_actor(by),
        action=f"rule.{act}",
        object_kind="rule",
        object_id=notice_type.value,
        old={"channels": old},
        new={"channels": find_rule(notice_type)["channels"]},
    )
