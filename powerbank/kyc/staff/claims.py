"""Claims: a member of staff looks at one identity check at a time, and nobody else gets it meanwhile.

A claim ends with the decision, when its member goes on to another check, or by itself after some minutes. One that has
ended still lets its member decide, as long as nobody else has claimed the check.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, true, update

from powerbank.auth.staff.models import StaffMember
from powerbank.base.db import db, open_session
from powerbank.kyc import queries
from powerbank.kyc.errors import AlreadyDecidedError, ClaimedError
from powerbank.kyc.models import KycRecord, KycStatus, KycSubmission
from powerbank.live import changes

CLAIM_LASTS = timedelta(minutes=5)


class Claim(NamedTuple):
    """Who looks at which submission, and until when it is theirs."""

    submission_id: UUID
    staff_id: UUID
    email: str
    until: datetime


def is_free_for(staff_id: UUID, now: datetime) -> ColumnElement[bool]:
    """Make the condition on records that nobody else looks at."""
    return or_(KycRecord.claimed_by.is_(None), KycRecord.claimed_by == staff_id, KycRecord.claimed_until <= now)


def claim_next(*, staff_id: UUID, now: datetime, after: UUID | None = None) -> KycSubmission | None:
    """Claim the check that has waited longest and that nobody else looks at; None if there is none.

    A member who holds one already gets it again. With `after` the member passes over that one and gives it back: what
    follows it comes next, then what came before it.
    """
    if after is None:
        held = _claim(_oldest_held(staff_id, now), staff_id=staff_id, now=now)
        if held is not None:
            return held
    else:
        release_claim(after, staff_id=staff_id)
    waiting = select(KycRecord.user_id).where(KycRecord.status == KycStatus.PENDING, is_free_for(staff_id, now))
    parts = [true()] if after is None else [KycRecord.submission_id > after, KycRecord.submission_id <= after]
    for part in parts:
        oldest = waiting.where(part).order_by(KycRecord.submission_id).limit(1)
        found = _claim(oldest.with_for_update(skip_locked=True), staff_id=staff_id, now=now)
        if found is not None:
            return found
    return None


def claim_submission(submission_id: UUID, *, staff_id: UUID, now: datetime) -> KycSubmission:
    """Claim this one, or refuse because it is decided or somebody else looks at it."""
    submission = queries.get_submission(submission_id)
    record = select(KycRecord.user_id).where(
        KycRecord.submission_id == submission_id, KycRecord.status == KycStatus.PENDING, is_free_for(staff_id, now)
    )
    if _claim(record.with_for_update(), staff_id=staff_id, now=now) is None:
        raise refusal_of(submission_id)
    return submission


def release_claim(submission_id: UUID, *, staff_id: UUID) -> None:
    """Give a check back, if this member holds it."""
    released = open_session().execute(
        update(KycRecord)
        .where(KycRecord.submission_id == submission_id, KycRecord.claimed_by == staff_id)
        .values(claimed_by=None, claimed_until=None)
        .returning(KycRecord.user_id)
    )
    if released.one_or_none() is not None:
        changes.announce("console", kind="identity_check", id=submission_id)


def refusal_of(submission_id: UUID) -> AlreadyDecidedError | ClaimedError:
    """Say why a submission cannot be claimed or decided: it is decided, or somebody else looks at it."""
    waits = select(KycRecord.user_id).where(
        KycRecord.submission_id == submission_id, KycRecord.status == KycStatus.PENDING
    )
    return AlreadyDecidedError() if open_session().scalar(waits) is None else ClaimedError()


def find_claim(submission_id: UUID, *, now: datetime) -> Claim | None:
    """Find who looks at a submission now."""
    return next(iter(_list_claims(KycRecord.submission_id == submission_id, now)), None)


def list_claims(*, now: datetime) -> Sequence[Claim]:
    """List what is looked at now, and by whom."""
    return _list_claims(true(), now)


def _list_claims(wanted: ColumnElement[bool], now: datetime) -> Sequence[Claim]:
    query = (
        select(KycRecord.submission_id, KycRecord.claimed_by, StaffMember.email, KycRecord.claimed_until)
        .join(StaffMember, StaffMember.id == KycRecord.claimed_by)
        .where(KycRecord.claimed_by.is_not(None), KycRecord.claimed_until > now, wanted)
        .order_by(KycRecord.claimed_until)
    )
    return [Claim._make(row) for row in db.session.execute(query)]


def _oldest_held(staff_id: UUID, now: datetime) -> Select[Any]:
    return (
        select(KycRecord.user_id)
        .where(KycRecord.claimed_by == staff_id, KycRecord.claimed_until > now, KycRecord.status == KycStatus.PENDING)
        .order_by(KycRecord.submission_id)
        .limit(1)
        .with_for_update()
    )


def _claim(record: Select[Any], *, staff_id: UUID, now: datetime) -> KycSubmission | None:
    """Claim the record that the query finds and locks."""
    session = open_session()
    user_id = session.scalar(record)
    if user_id is None:
        return None
    submission_id = session.execute(
        update(KycRecord)
        .where(KycRecord.user_id == user_id)
        .values(claimed_by=staff_id, claimed_until=now + CLAIM_LASTS)
        .returning(KycRecord.submission_id)
    ).scalar_one()
    changes.announce("console", kind="identity_check", id=submission_id)
    return queries.get_submission(submission_id)
