"""Let members of the crew go, and end the shifts that nobody has ended."""

from datetime import datetime, timedelta
from uuid import UUID

from powerbank.base.db import open_session, utcnow
from powerbank.base.errors import ConflictError
from powerbank.content import app_config
from powerbank.crew.banks import openings
from powerbank.crew.banks import queries as banks
from powerbank.crew.events import CrewShiftForgotten
from powerbank.crew.members import queries as members
from powerbank.crew.members import services
from powerbank.crew.members.models import Member
from powerbank.crew.shifts import services as shifts
from powerbank.crew.shifts.models import EndedBy, Shift
from powerbank.crew.shifts.queries import find_open_shift
from powerbank.crew.tasks import claims
from powerbank.crew.unfinished import find_unfinished, refuse_unfinished
from powerbank.outbox.enqueue import publish
from powerbank.users.models import User

SWEEP = "crew-sweep"


def let_member_go(member_id: UUID, *, now: datetime) -> Member:
    """End a membership, and the shift that is on. It is refused while something is in the member's hands."""
    member = services.lock_member(member_id)
    refuse_unfinished(member.id)
    shift = find_open_shift(member.id)
    if shift is not None and (locked := shifts.lock_shift(shift.id)) is not None:
        shifts.close_shift(locked, by=EndedBy.STAFF, at=now, now=now)
    services.end_member(member, now=now)
    return member


def end_forgotten_shift(shift_id: UUID, *, now: datetime) -> None:
    """End a shift that has lasted for too long. Its tasks go back; the power banks stay in the member's hands."""
    shift = open_session().get(Shift, shift_id)
    if shift is None:
        return
    member = services.lock_member(shift.member_id)
    locked = shifts.lock_shift(shift_id)
    hours = app_config.current().crew_shift_hours
    if locked is None or locked.started_at > now - timedelta(hours=hours):
        return
    claims.free_tasks_of(member.id, by=SWEEP, event="shift_over", now=now)
    openings.cancel_openings(member.id, now=now)
    shifts.close_shift(locked, by=EndedBy.TIME, at=locked.started_at + timedelta(hours=hours), now=now)
    publish(
        CrewShiftForgotten(
            user_id=member.user_id,
            shift_id=shift_id,
            name=members.find_names([member.id]).get(member.id, ""),
            hours=hours,
            banks=len(banks.list_banks_in_hand(member.id)),
        )
    )


def refuse_member_with_work(user_id: UUID) -> None:
    """Refuse to end the account of somebody of the crew who still has something of the network in hand."""
    member = members.find_by_user(user_id)
    if member is not None and member.active and find_unfinished(member.id):
        raise ConflictError("crew_work_unfinished", "Hand in your power banks and tasks of the crew first.")


def forget_member(user: User) -> None:
    """End the membership of a person whose account ends."""
    member = members.find_by_user(user.id)
    if member is not None and member.active:
        services.end_member(services.lock_member(member.id), now=utcnow())
