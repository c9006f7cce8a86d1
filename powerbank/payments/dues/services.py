"""Dues that are paid without their person's doing: by the next top-up where that is wanted, and after the grace period
from whatever comes into the wallet, wanted or not. Until then each is reminded of once a day."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, select, update

from powerbank.base import money
from powerbank.base.db import db, open_session, transaction, utcnow
from powerbank.base.local_time import HOME
from powerbank.ledger import queries, services
from powerbank.ledger.accounts import Kind, user_account
from powerbank.ledger.models import Account
from powerbank.ledger.movements import dues
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, Progress
from powerbank.notifications.people.kinds import Type
from powerbank.notifications.people.services import notify
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.credit_alerts.services import BATCH
from powerbank.payments.events import DueLate, DuePaid
from powerbank.users.models import User

FIRST = UUID(int=0)
ACTOR = "dues"


def collect_dues_after_topup(user_id: UUID, *, actor: str, now: datetime) -> int:
    """Pays what is open from the wallet: all of it if the person wants that, else what is late."""
    wanted = open_session().scalar(select(User.auto_collect_dues).where(User.id == user_id))
    return _collect(user_id, Due.status == Progress.OPEN if wanted else _late(now), actor=actor, now=now)


def collect_late_dues(user_id: UUID, *, now: datetime) -> int:
    return _collect(user_id, _late(now), actor=ACTOR, now=now)


def request_collection(user_id: UUID) -> None:
    """Money has come into the wallet of somebody who owes. It is collected after the commit, for whoever paid it in has
    other things to book first."""
    if open_session().scalar(select(Due.id).where(Due.user_id == user_id, _late(utcnow())).limit(1)) is not None:
        enqueue(payment_jobs.COLLECT_LATE_DUES_OF, user_id=str(user_id))


def collect_from_all(*, now: datetime) -> int:
    """From everybody with a late due and something in the wallet. How many people paid comes back."""
    wallets = select(Account.owner).where(
        Account.kind == Kind.USER_WALLET, Account.owner == cast(Due.user_id, Text), Account.balance > 0
    )
    paid, after = 0, FIRST
    while True:
        query = select(Due.user_id).distinct().where(_late(now), Due.user_id > after, wallets.exists())
        found = list(db.session.scalars(query.order_by(Due.user_id).limit(BATCH)))
        for user_id in found:
            with transaction():
                paid += bool(collect_late_dues(user_id, now=now))
        if len(found) < BATCH:
            return paid
        after = found[-1]


def remind(*, now: datetime) -> int:
    """Everybody who owes, once a day."""
    day, told, after = now.astimezone(HOME).date().isoformat(), 0, FIRST
    left = func.sum(Due.amount - Due.paid - Due.waived).label("owed")
    while True:
        query = (
            select(Due.user_id, left)
            .where(Due.status == Progress.OPEN, Due.user_id > after)
            .group_by(Due.user_id)
            .order_by(Due.user_id)
            .limit(BATCH)
        )
        with transaction() as session:
            found = session.execute(query).all()
            for row in found:
                context = {"amount": money.format_amount(int(row.owed))}
                told += (
                    notify(
                        user_id=row.user_id, type=Type.DUE_REMINDER, context=context, dedup_key=f"due_reminder:{day}"
                    )
                    is not None
                )
        if len(found) < BATCH:
            return told
        after = found[-1].user_id


def tell_who_is_late(*, now: datetime) -> int:
    """Whose due has outlived the grace period is told once that it is collected by itself from now on."""
    late = (
        select(Due.id)
        .where(_late(now), Due.late_told_at.is_(None))
        .order_by(Due.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    told = 0
    while True:
        with transaction() as session:
            change = update(Due).where(Due.id.in_(late)).values(late_told_at=now)
            found = session.execute(change.returning(Due.id, Due.user_id)).all()
            for user_id, due_id in sorted({row.user_id: row.id for row in found}.items()):
                # All that is open, since nothing less lets them rent again.
                publish(DueLate(user_id=user_id, due_id=due_id, amount=queries.wallet_of_user(user_id).dues))
        told += len(found)
        if len(found) < BATCH:
            return told


def _late(now: datetime) -> ColumnElement[bool]:
    return (Due.status == Progress.OPEN) & (Due.created_at <= now - dues.grace_period())


def _collect(user_id: UUID, which: ColumnElement[bool], *, actor: str, now: datetime) -> int:
    """The oldest first, as far as the wallet goes. What was paid comes back."""
    has = services.lock_user_accounts(user_id)[user_account(Kind.USER_WALLET, user_id)].balance or 0
    query = select(Due).where(Due.user_id == user_id, which).order_by(Due.created_at, Due.id)
    paid: dict[UUID, int] = {}
    for due in open_session().scalars(query.with_for_update()).all():
        part = min(due.left, has - sum(paid.values()))
        if part == 0:
            break
        key = f"due:{due.id}:collected:{due.paid}"  # each part of it is taken once
        done = dues.pay_due(due_id=due.id, sources=Sources(wallet=part), key=key, actor=actor, now=now)
        paid[done.id] = part
    total = sum(paid.values())
    if total:
        publish(DuePaid(user_id=user_id, transaction_id=max(paid), amount=total))
    return total
