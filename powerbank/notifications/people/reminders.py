"""Whoever began and did not finish: reminded a few times, then left alone; and accounts that we did not finish."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select

from powerbank.base.db import db, open_session, transaction
from powerbank.content import app_config
from powerbank.notifications.models import Notice
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import WELCOME_KEY, notify
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue_again
from powerbank.users.models import AccountStatus, User

# Days after the registration. Each is told once; after the last nothing more is said.
STAGES = (1, 3, 7, 14, 21)
BATCH = 500

_COMPLETE = and_(
    User.first_name.is_not(None),
    User.last_name.is_not(None),
    User.date_of_birth.is_not(None),
    User.address.is_not(None),
    User.city.is_not(None),
)


def remind(*, now: datetime) -> None:
    """Of the profile first, and of the identity once the profile is complete."""
    _remind(NoticeType.PROFILE_REMINDER, ~_COMPLETE, now=now)
    kyc_required = app_config.current().kyc_required
    db.session.rollback()
    if kyc_required:
        _remind(NoticeType.KYC_REMINDER, and_(_COMPLETE, User.kyc_status.in_(("none", "rejected"))), now=now)


def repeat_registration_steps(*, now: datetime) -> None:
    """What follows a registration is one transaction that ends with the welcome. Where that is missing an hour later,
    its job died or staff discarded it: it is asked for again."""
    unfinished = select(User.id).where(
        User.deleted_at.is_(None),
        User.created_at.between(now - timedelta(days=30), now - timedelta(hours=1)),
        ~_told(WELCOME_KEY),
    )
    for user_id in open_session().scalars(unfinished.limit(BATCH)).all():
        enqueue_again(account_jobs.POST_REGISTRATION, user_id=str(user_id), referral_code=None)


def _remind(kind: NoticeType, unfinished: ColumnElement[bool], *, now: datetime) -> None:
    for stage, following in pairwise(STAGES):
        key = f"{kind}:{stage}"
        of_this_age = and_(
            User.created_at > now - timedelta(days=following), User.created_at <= now - timedelta(days=stage)
        )
        after: UUID | None = None
        while True:
            query = select(User.id).where(User.status == AccountStatus.ACTIVE, of_this_age, unfinished, ~_told(key))
            if after is not None:
                query = query.where(User.id > after)
            with transaction() as session:
                people = session.scalars(query.order_by(User.id).limit(BATCH)).all()
                for user_id in people:
                    notify(user_id=user_id, type=kind, context={}, dedup_key=key)
            if len(people) < BATCH:
                break
            after = people[-1]


def _told(key: str) -> ColumnElement[bool]:
    return exists().where(Notice.user_id == User.id, Notice.dedup_key == key)
