"""The preferences of a person: which groups of notices are switched off in which places."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, open_session
from powerbank.base.errors import AppError
from powerbank.content import app_config
from powerbank.notifications.models import IN_APP, Channel, Mute
from powerbank.notifications.people.notice_types import ALWAYS, RULES, Group, NoticeType
from powerbank.users import services as users

PLACES = (IN_APP, *(channel.value for channel in Channel))
_UNLISTED = {NoticeType.OTP, NoticeType.DIGEST}  # people do not know them by name


def show_preferences(user_id: UUID) -> dict[str, Any]:
    """Return the preferences of a person and the quiet hours, as the API shows them."""
    hours = app_config.config_as_json(app_config.current())["quiet_hours"]
    return {"groups": preferences_of_user(user_id), "quiet_hours": hours}


def preferences_of_user(user_id: UUID) -> list[dict[str, Any]]:
    """Return each group of notices with the places where a person gets them."""
    off = {(row.group, row.place) for row in db.session.execute(select(Mute).where(Mute.user_id == user_id)).scalars()}
    return [
        {
            "group": group.value,
            "types": [kind.value for kind, rule in RULES.items() if rule.group is group and kind not in _UNLISTED],
            "locked": group in ALWAYS,
            **{place: (group.value, place) not in off for place in PLACES},
        }
        for group in Group
    ]


def change_preferences(user_id: UUID, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Switch places on or off. Each entry names a group and its places. What is not named stays as it is."""
    users.lock_user(user_id)
    session = open_session()
    for each in wanted:
        group, places = Group(each["group"]), {place: each[place] for place in PLACES if place in each}
        if group in ALWAYS and not all(places.values()):
            raise AppError("preference_locked", 422, f"Messages about {group} cannot be switched off.")
        on = [place for place, value in places.items() if value]
        off = [{"user_id": user_id, "group": group.value, "place": place} for place in places if place not in on]
        session.execute(delete(Mute).where(Mute.user_id == user_id, Mute.group == group.value, Mute.place.in_(on)))
        if off:
            session.execute(insert(Mute).on_conflict_do_nothing(), off)
