"""Read shifts and breaks of the crew."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.crew.members.models import Member
from powerbank.crew.shifts.days import began_of_day, seconds_within
from powerbank.crew.shifts.models import Break, Shift


def find_open_shift(member_id: UUID) -> Shift | None:
    found: Shift | None = db.session.scalar(select(Shift).where(Shift.member_id == member_id, Shift.ended_at.is_(None)))
    return found


def find_open_break(member_id: UUID) -> Break | None:
    found: Break | None = db.session.scalar(select(Break).where(Break.member_id == member_id, Break.ended_at.is_(None)))
    return found


def describe_work(member: Member, *, now: datetime) -> dict[str, Any]:
    """Describe the shift and the break that are on, and how long the breaks of the local day were so far."""
    shift, pause = find_open_shift(member.id), find_open_break(member.id)
    midnight = began_of_day(now, member.timezone)
    return {
        "shift": shift and {"id": shift.id, "started_at": shift.started_at},
        "break": pause and {"id": pause.id, "started_at": pause.started_at},
        "break_seconds_today": count_break_seconds(member.id, midnight, now),
        "last_break_reset": midnight,
    }


def count_break_seconds(member_id: UUID, begin: datetime, end: datetime) -> int:
    """Count the seconds of a member's breaks between two moments: of a break over midnight, each day has its part."""
    query = select(Break.started_at, Break.ended_at).where(
        Break.member_id == member_id, Break.started_at < end, (Break.ended_at > begin) | Break.ended_at.is_(None)
    )
    return seconds_within([(row.started_at, row.ended_at) for row in db.session.execute(query)], begin, end)


def list_shifts(member_id: UUID, *, now: datetime, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of the shifts of a member with their hours, newest first."""
    query = select(Shift).where(Shift.member_id == member_id)
    found = page(query, Shift.id, descending=True, limit=limit, cursor=cursor)
    return found | {"items": show_shifts(found["items"], now=now)}


def list_all_shifts(*, only_open: bool, now: datetime, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of all shifts, newest first."""
    query = select(Shift)
    if only_open:
        query = query.where(Shift.ended_at.is_(None))
    found = page(query, Shift.id, descending=True, limit=limit, cursor=cursor)
    return found | {"items": show_shifts(found["items"], now=now)}


def show_shifts(shifts: list[Shift], *, now: datetime) -> list[dict[str, Any]]:
    breaks: dict[UUID, list[tuple[datetime, datetime | None]]] = {}
    for row in db.session.scalars(select(Break).where(Break.shift_id.in_([shift.id for shift in shifts]))):
        breaks.setdefault(row.shift_id, []).append((row.started_at, row.ended_at))
    shown = []
    for shift in shifts:
        end = shift.ended_at or now
        pause = seconds_within(breaks.get(shift.id, []), shift.started_at, end)
        fields = ("id", "member_id", "started_at", "ended_at", "ended_by", "active_at")
        total = int((end - shift.started_at).total_seconds())
        shown.append(
            {field: getattr(shift, field) for field in fields}
            | {"break_seconds": pause, "work_seconds": max(total - pause, 0)}
        )
    return shown
