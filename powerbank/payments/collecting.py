"""Dues: reminded of, blocking from renting after the grace period, and paid by the next top-up where a person wants."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from powerbank import money
from powerbank.content import app_config
from powerbank.db import open_session, transaction
from powerbank.ledger import dues, queries, services
from powerbank.ledger.accounts import Kind, of_user
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, Progress
from powerbank.notifications.kinds import Type
from powerbank.notifications.services import notify
from powerbank.payments.credit import BATCH, ZONE
from powerbank.queue import publish
from powerbank.users.models import User


def collect(user_id: UUID, *, key: str, actor: str, now: datetime) -> int:
    """Pays what is open from the wallet, the oldest first, as far as it goes. What was paid comes back."""
    session = open_session()
    if not session.scalar(select(User.auto_collect_dues).where(User.id == user_id)):
        return 0
    has = services.lock_users(user_id)[of_user(Kind.USER_WALLET, user_id)].balance or 0
    query = select(Due).where(Due.user_id == user_id, Due.status == Progress.OPEN).order_by(Due.created_at, Due.id)
    paid = 0
    for due in session.scalars(query.with_for_update()).all():
        part = min(due.left, has - paid)
        if part == 0:
            break
        dues.pay(due_id=due.id, sources=Sources(wallet=part), key=f"{key}:{due.id}", actor=actor, now=now)
        paid += part
    if paid:
        notify(user_id=user_id, type=Type.DUE_PAID, context={"amount": money.show(paid)}, dedup_key=f"due_paid:{key}")
    return paid


def remind(*, now: datetime) -> int:
    """Everybody who owes, once a day."""
    day, told, after = now.astimezone(ZONE).date().isoformat(), 0, UUID(int=0)
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
                context = {"amount": money.show(int(row.owed))}
                told += notify(user_id=row.user_id, type=Type.DUE_REMINDER, context=context,
                               dedup_key=f"due_reminder:{day}") is not None  # fmt: skip
        if len(found) < BATCH:
            return told
        after = found[-1].user_id


def block_overdue(*, now: datetime) -> int:
    """Whose due is older than the grace period may not rent until it is paid. They are told of all that is open."""
    before = now - timedelta(days=app_config.current().dues_grace_days)
    late = (
        select(Due.id)
        .where(Due.status == Progress.OPEN, Due.blocked_at.is_(None), Due.created_at <= before)
        .order_by(Due.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    blocked = 0
    while True:
        with transaction() as session:
            change = update(Due).where(Due.id.in_(late)).values(blocked_at=now)
            found = session.execute(change.returning(Due.id, Due.user_id)).all()
            for user_id, due_id in sorted({row.user_id: row.id for row in found}.items()):
                # All that is open, since nothing less lifts the block.
                context = {"amount": money.show(queries.wallet(user_id).dues)}
                notify(user_id=user_id, type=Type.DUE_BLOCKED, context=context, dedup_key=f"due:{due_id}:blocked")
            for row in found:
                publish("renting_blocked", user_id=str(row.user_id), due_id=str(row.id))
        blocked += len(found)
        if len(found) < BATCH:
            return blocked
