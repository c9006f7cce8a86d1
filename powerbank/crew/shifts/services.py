"""Begin and end shifts and breaks. The database allows a member one of each at a time."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import new_id, open_session
from powerbank.crew import errors
from powerbank.crew.earnings import services as earnings
from powerbank.crew.members.models import Member
from powerbank.crew.members.services import lock_active_member, lock_member
from powerbank.crew.shifts import queries
from powerbank.crew.shifts.days import began_of_day
from powerbank.crew.shifts.models import Break, EndedBy, Shift
from powerbank.crew.unfinished import refuse_unfinished


def start_shift(member_id: UUID, *, now: datetime) -> Shift:
    """Begin a shift. A second start is the first one again."""
    lock_active_member(member_id)
    row = {"id": new_id(), "member_id": member_id, "started_at": now, "active_at": now}
    is_open = Shift.ended_at.is_(None)
    session = open_session()
    session.execute(insert(Shift).values(row).on_conflict_do_nothing(index_elements=["member_id"], index_where=is_open))
    return session.scalars(select(Shift).where(Shift.member_id == member_id, is_open)).one()


def end_shift(member_id: UUID, *, now: datetime) -> Shift:
    """End a shift and pay its hours. It is refused while tasks or power banks are in the member's hands."""
    lock_member(member_id)
    shift = _lock_open_shift(member_id)
    refuse_unfinished(member_id)
    return close_shift(shift, by=EndedBy.MEMBER, at=now, now=now)


def close_shift(shift: Shift, *, by: EndedBy, at: datetime, now: datetime) -> Shift:
    """End a locked shift and its break, and pay its hours. One that nobody ended is paid up to the last thing done."""
    session = open_session()
    at = max(at, shift.active_at)
    session.execute(
        update(Break)
        .where(Break.shift_id == shift.id, Break.ended_at.is_(None))
        .values(ended_at=func.greatest(Break.started_at, at))
    )
    shift.ended_at, shift.ended_by = at, by
    session.flush()
    paid_until = shift.active_at if by is EndedBy.TIME else at
    pause = queries.count_break_seconds(shift.member_id, shift.started_at, paid_until)
    worked = int((paid_until - shift.started_at).total_seconds()) - pause
    earnings.earn_shift(shift, seconds=max(worked, 0), now=now)
    return shift


def start_break(member_id: UUID, *, now: datetime) -> Break:
    """Begin a break. A second start is the first one again."""
    lock_active_member(member_id)
    shift = _lock_open_shift(member_id)
    row = {"id": new_id(), "shift_id": shift.id, "member_id": member_id, "started_at": now}
    is_open = Break.ended_at.is_(None)
    session = open_session()
    session.execute(insert(Break).values(row).on_conflict_do_nothing(index_elements=["member_id"], index_where=is_open))
    shift.active_at = max(shift.active_at, now)
    return session.scalars(select(Break).where(Break.member_id == member_id, is_open)).one()


def end_break(member_id: UUID, *, now: datetime) -> Break:
    lock_member(member_id)
    pause = open_session().scalar(
        select(Break).where(Break.member_id == member_id, Break.ended_at.is_(None)).with_for_update()
    )
    if pause is None:
        raise errors.no_open_break()
    pause.ended_at = max(now, pause.started_at)
    note_activity(member_id, now=now)
    open_session().flush()
    return pause


def note_activity(member_id: UUID, *, now: datetime) -> None:
    """Note that a member did something in the shift that is on."""
    open_session().execute(
        update(Shift)
        .where(Shift.member_id == member_id, Shift.ended_at.is_(None), Shift.active_at < now)
        .values(active_at=now)
    )


def split_breaks(*, now: datetime) -> int:
    """End the breaks that are on at the last local midnight and begin others there, so that each day has its part."""
    session = open_session()
    query = (
        select(Break, Member.timezone)
        .join(Member, Member.id == Break.member_id)
        .where(Break.ended_at.is_(None))
        .with_for_update(of=Break, skip_locked=True)
    )
    split = 0
    for row in session.execute(query).all():
        midnight = began_of_day(now, row.timezone)
        if row.Break.started_at >= midnight:
            continue
        row.Break.ended_at = midnight
        session.flush()
        later = Break(id=new_id(), shift_id=row.Break.shift_id, member_id=row.Break.member_id, started_at=midnight)
        session.add(later)
        session.flush()
        split += 1
    return split


def find_forgotten(*, now: datetime, hours: int, most: int = 100) -> list[UUID]:
    """Find shifts that have lasted for longer than a shift may."""
    query = select(Shift.id).where(Shift.ended_at.is_(None), Shift.started_at <= now - timedelta(hours=hours))
    return list(open_session().scalars(query.order_by(Shift.started_at).limit(most)))


def lock_shift(shift_id: UUID) -> Shift | None:
    """Lock a shift that has not ended."""
    query = select(Shift).where(Shift.id == shift_id, Shift.ended_at.is_(None)).with_for_update()
    return open_session().scalar(query.execution_options(populate_existing=True))


def _lock_open_shift(member_id: UUID) -> Shift:
    query = select(Shift).where(Shift.member_id == member_id, Shift.ended_at.is_(None)).with_for_update()
    shift = open_session().scalar(query.execution_options(populate_existing=True))
    if shift is None:
        raise errors.no_open_shift()
    return shift
