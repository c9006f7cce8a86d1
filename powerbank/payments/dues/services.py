"""The collection of dues. A due is collected by the next top-up if its person wants that, and once its grace period is
over from whatever comes into the wallet, wanted or not. Until it is paid its person is reminded once a day.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, select, update

from powerbank.base import money
from powerbank.base.clock import local_day
from powerbank.base.db import db, open_session, utcnow
from powerbank.ledger import queries, services
from powerbank.ledger.accounts import Kind, user_account
from powerbank.ledger.models import Account
from powerbank.ledger.movements import dues
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, Progress
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.events import DueLate, DuePaid
from powerbank.users.models import User

BATCH = 500
ACTOR = "dues"


def collect_dues_after_topup(user_id: UUID, *, actor: str, now: datetime) -> int:
    """Pay the open dues from the wallet: all of them if the person wants that, else those that are late."""
    wanted = open_session().scalar(select(User.auto_collect_dues).where(User.id == user_id))
    return _collect_dues(user_id, Due.status == Progress.OPEN if wanted else _is_late(now), actor=actor, now=now)


def collect_late_dues(user_id: UUID, *, now: datetime) -> int:
    return _collect_dues(user_id, _is_late(now), actor=ACTOR, now=now)


def request_collection(user_id: UUID) -> None:
    """Enqueue the collection of late dues, since money has come into the wallet of somebody who owes.

    The money is collected after the commit, for whoever paid it in has other things to book first.
    """
    if open_session().scalar(select(Due.id).where(Due.user_id == user_id, _is_late(utcnow())).limit(1)) is not None:
        enqueue(payment_jobs.COLLECT_LATE_DUES_OF, user_id=str(user_id))


def people_with_late_dues(*, after: UUID, now: datetime) -> list[UUID]:
    """List the next people who have a late due, and something in the wallet that can pay for it."""
    wallets = select(Account.owner).where(
        Account.kind == Kind.USER_WALLET, Account.owner == cast(Due.user_id, Text), Account.balance > 0
    )
    query = select(Due.user_id).distinct().where(_is_late(now), Due.user_id > after, wallets.exists())
    return list(db.session.scalars(query.order_by(Due.user_id).limit(BATCH)))


def people_who_owe(*, after: UUID) -> list[UUID]:
    query = select(Due.user_id).distinct().where(Due.status == Progress.OPEN, Due.user_id > after)
    return list(db.session.scalars(query.order_by(Due.user_id).limit(BATCH)))


def remind_people(people: Sequence[UUID], *, now: datetime) -> None:
    """Remind each of these people of all that they owe, once a day."""
    owed = func.sum(Due.amount - Due.paid - Due.waived).label("owed")
    query = select(Due.user_id, owed).where(Due.status == Progress.OPEN, Due.user_id.in_(people))
    for row in open_session().execute(query.group_by(Due.user_id).order_by(Due.user_id)).all():
        # The calendar brings the reminder; nothing has happened that a subscription could follow.
        notify(
            user_id=row.user_id,
            type=NoticeType.DUE_REMINDER,
            context={"amount": money.format_amount(int(row.owed))},
            dedup_key=f"due_reminder:{local_day(now).isoformat()}",
        )


def announce_late_dues(*, now: datetime) -> int:
    """Tell the people of the next dues that have outlived their grace period that these are collected from now on.

    How many dues there were comes back.
    """
    late = (
        select(Due.id)
        .where(_is_late(now), Due.collection_notice_at.is_(None))
        .order_by(Due.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    change = update(Due).where(Due.id.in_(late)).values(collection_notice_at=now)
    found = open_session().execute(change.returning(Due.id, Due.user_id)).all()
    for user_id, due_id in sorted({row.user_id: row.id for row in found}.items()):
        # The event names all that is open, since nothing less lets its person rent again.
        publish(DueLate(user_id=user_id, due_id=due_id, amount=queries.wallet_of_user(user_id).dues))
    return len(found)


def _is_late(now: datetime) -> ColumnElement[bool]:
    return (Due.status == Progress.OPEN) & (Due.created_at <= now - dues.grace_period())


def _collect_dues(user_id: UUID, which: ColumnElement[bool], *, actor: str, now: datetime) -> int:
    """Pay the oldest dues first, as far as the wallet goes. What was paid comes back."""
    has = services.lock_user_accounts(user_id)[user_account(Kind.USER_WALLET, user_id)].balance or 0
    query = select(Due).where(Due.user_id == user_id, which).order_by(Due.created_at, Due.id)
    paid: dict[UUID, int] = {}
    for due in open_session().scalars(query.with_for_update()).all():
        part = min(due.left, has - sum(paid.values()))
        if part == 0:
            break
        key = f"due:{due.id}:collected:{due.paid}"  # each part of a due is taken once
        done = dues.pay_due(due_id=due.id, sources=Sources(wallet=part), key=key, actor=actor, now=now)
        paid[done.id] = part
    total = sum(paid.values())
    if total:
        publish(DuePaid(user_id=user_id, transaction_id=max(paid), amount=total))
    return total
