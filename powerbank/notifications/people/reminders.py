"""The reminders of an unfinished profile or identity check, and the repair of unfinished registrations."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select

from powerbank.base.db import db, first_id_of, open_session
from powerbank.content import app_config
from powerbank.notifications.models import Notice
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import WELCOME_KEY, notify
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue_again
from powerbank.users.models import AccountStatus, User

# Days after the registration. A person is reminded once in each stage, and not after the last.
STAGES = (1, 3, 7, 14, 21)
BATCH = 500

_COMPLETE = and_(
    User.first_name.is_not(None),
    User.last_name.is_not(None),
    User.date_of_birth.is_not(None),
    User.address.is_not(None),
    User.city.is_not(None),
)


class Reminder(NamedTuple):
    """A reminder at one stage: the people of that age who have not finished, and the key that tells it once."""

    notice_type: NoticeType
    key: str
    people: ColumnElement[bool]

    def find(self, after: UUID) -> list[UUID]:
        """Return the next people after this one who have not been reminded at this stage."""
        query = select(User.id).where(User.status == AccountStatus.ACTIVE, self.people, ~_has_notice(self.key))
        return list(db.session.scalars(query.where(User.id > after).order_by(User.id).limit(BATCH)))


def current_reminders(*, now: datetime) -> list[Reminder]:
    """Return the reminders of all stages: of the profile first, and of the identity once the profile is complete."""
    reminders = _reminders(NoticeType.PROFILE_REMINDER, ~_COMPLETE, now=now)
    if app_config.current().kyc_required:
        unchecked = and_(_COMPLETE, User.kyc_status.in_(("none", "rejected")))
        reminders += _reminders(NoticeType.KYC_REMINDER, unchecked, now=now)
    return reminders


def _reminders(notice_type: NoticeType, unfinished: ColumnElement[bool], *, now: datetime) -> list[Reminder]:
    return [
        Reminder(
            notice_type,
            f"{notice_type}:{stage}",
            and_(
                # Identifiers begin with their time, so nobody is read who has been here for longer.
                User.id > first_id_of(now, -timedelta(days=following + 1)),
                User.created_at > now - timedelta(days=following),
                User.created_at <= now - timedelta(days=stage),
                unfinished,
            ),
        )
        for stage, following in pairwise(STAGES)
    ]


def send_reminder(reminder: Reminder, user_ids: Sequence[UUID]) -> None:
    """Remind these people. The calendar brings a reminder: there is no event that a subscription could follow."""
    for user_id in user_ids:
        notify(user_id=user_id, type=reminder.notice_type, context={}, dedup_key=reminder.key)


def repeat_registration_steps(*, now: datetime) -> None:
    """Enqueue the steps of a registration again where its welcome is missing after an hour.

    The steps are one transaction that ends with the welcome, so its job died or staff discarded it.
    """
    unfinished = select(User.id).where(
        User.deleted_at.is_(None),
        User.created_at.between(now - timedelta(days=30), now - timedelta(hours=1)),
        ~_has_notice(WELCOME_KEY),
    )
    for user_id in open_session().scalars(unfinished.limit(BATCH)).all():
        enqueue_again(account_jobs.POST_REGISTRATION, user_id=str(user_id), referral_code=None)


def _has_notice(key: str) -> ColumnElement[bool]:
    return exists().where(Notice.user_id == User.id, Notice.dedup_key == key)
