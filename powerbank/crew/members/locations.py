"""The places that members share while their shift is on. They are deleted after 30 days."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from powerbank.base.db import first_id_of, new_id, open_session
from powerbank.base.errors import TooManyError
from powerbank.crew import errors
from powerbank.crew.members import queries
from powerbank.crew.members.models import MemberPlace
from powerbank.crew.shifts.queries import find_open_shift
from powerbank.live import changes

MOST_PER_MINUTE = 12
MINUTE = timedelta(minutes=1)
RETENTION = timedelta(days=30)
STALE = timedelta(minutes=30)  # a place that is older says little of where somebody is


def note_place(member_id: UUID, *, lat: float, lng: float, accuracy: float | None, now: datetime) -> None:
    """Note where a member is, only during a shift."""
    shift = find_open_shift(member_id)
    if shift is None:
        raise errors.no_open_shift()
    session = open_session()
    recent = select(func.count()).where(MemberPlace.member_id == member_id, MemberPlace.id >= first_id_of(now - MINUTE))
    if (session.scalar(recent) or 0) >= MOST_PER_MINUTE:
        raise TooManyError(int(MINUTE.total_seconds()))
    session.add(
        MemberPlace(id=new_id(), member_id=member_id, shift_id=shift.id, at=now, lat=lat, lng=lng, accuracy=accuracy)
    )
    changes.announce("tasks", kind="crew_place", id=member_id)


def list_places(*, now: datetime) -> list[dict[str, Any]]:
    """List where the members are who share it now."""
    places = queries.find_last_places(since=now - STALE)
    names = queries.find_names(list(places))
    return [
        {
            "member_id": member_id,
            "name": names.get(member_id, ""),
            "at": place.at,
            "lat": place.lat,
            "lng": place.lng,
            "accuracy": place.accuracy,
        }
        for member_id, place in places.items()
    ]


def delete_old_places(*, now: datetime, most: int = 5000) -> int:
    """Delete a batch of old places and count them. 0 means that none is left."""
    old = select(MemberPlace.id).where(MemberPlace.id < first_id_of(now - RETENTION)).limit(most)
    deleted = open_session().execute(delete(MemberPlace).where(MemberPlace.id.in_(old)))
    return int(deleted.rowcount)  # type: ignore[attr-defined]
