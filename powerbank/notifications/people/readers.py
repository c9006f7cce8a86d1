"""Who reads a notice: all that has to be known of them to tell it, in one look."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import open_session
from powerbank.notifications.people.kinds import ALWAYS, RULES, Type

_LOOK = text("""
    SELECT u.id AS user_id, u.language,
           (SELECT jsonb_object_agg(i.kind, i.value) FROM user_identifiers i WHERE i.user_id = u.id) AS addresses,
           ARRAY(SELECT d.id FROM devices d WHERE d.user_id = u.id AND d.ended_at IS NULL ORDER BY d.id) AS devices,
           ARRAY(SELECT m.place FROM notification_mutes m WHERE m.user_id = u.id AND m."group" = :group) AS muted,
           (SELECT r.channels FROM notification_rules r WHERE r.type = :type) AS chosen
      FROM users u WHERE u.id = :user_id AND u.deleted_at IS NULL
""")


class Reader(NamedTuple):
    user_id: UUID
    language: str
    addresses: Mapping[str, str]  # by kind: phone, e-mail
    devices: Sequence[UUID]
    muted: frozenset[str]  # places where they do not want to hear of this kind
    chosen: Sequence[str] | None  # channels that staff chose for the kind


def of(user_id: UUID, kind: Type) -> Reader | None:
    """None when the account is gone."""
    group = RULES[kind].group
    row = open_session().execute(_LOOK, {"user_id": user_id, "type": kind.value, "group": group.value}).one_or_none()
    if row is None:
        return None
    muted = frozenset[str]() if group in ALWAYS else frozenset(row.muted)
    return Reader(row.user_id, row.language, row.addresses or {}, row.devices, muted, row.chosen)
