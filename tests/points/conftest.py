"""Make people with points, and run the jobs that move points."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from jobs.worker import runtime
from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import holds, refunds, topups
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.enqueue import enqueue_with
from powerbank.outbox.policy import JobSpec
from powerbank.points.queries import Points, points_of_user
from powerbank.users import referrals
from powerbank.users.models import Referral, User
from tests.ledger.conftest import key, person, top_up, user_headers


def run(spec: JobSpec, **arguments: Any) -> None:
    """Run one job and all jobs that it asks for, as workers do."""
    with transaction():
        outbox_id = enqueue_with(spec, arguments)
    runtime.run(spec.name, str(outbox_id), worker="w")
    drain()


def drain() -> None:
    """Run jobs until none waits."""
    query = text("SELECT id, job FROM outbox_jobs WHERE state = 'open' AND job <> 'create_notification' ORDER BY id")
    while waiting := db.session.execute(query).all():
        db.session.rollback()
        for row in waiting:
            runtime.run(row.job, str(row.id), worker="w")


def has(user_id: UUID) -> Points:
    db.session.rollback()
    return points_of_user(user_id)


def complete(user_id: UUID, rental: str | None = None, *, on_time: bool = True) -> str:
    rental = rental or str(uuid4())
    run(reward_jobs.REWARD_RENTAL, rental_id=rental, user_id=str(user_id), on_time=on_time, late=not on_time)
    return rental


def pay(user_id: UUID, rental: str, amount: int, points: int = 0, revenue: Kind = Kind.RENTAL_REVENUE) -> UUID:
    with transaction():
        paid = holds.spend_without_hold(
            user_id=user_id,
            reference=Reference("rental", rental),
            sources=Sources(amount, points, points * 10),
            key=key(),
            actor="system",
            revenue=revenue,
        )
    return paid.id


def charge_back(topup: UUID, amount: int) -> UUID:
    with transaction():
        taken = topups.charge_back_topup(
            transaction_id=topup, gateway="khalti", amount=amount, key=key(), actor="system"
        )
    return taken.id


def give_back(transaction_id: UUID, amount: int | None = None) -> None:
    with transaction():
        refunds.refund_payment(transaction_id=transaction_id, amount=amount, key=key(), actor="system")


def topped_up(user_id: UUID, amount: int) -> UUID:
    with transaction():
        topup = top_up(user_id, amount)
    tell_topup(user_id, topup.id, amount)
    return topup.id


def tell_topup(user_id: UUID, transaction_id: UUID, amount: int) -> None:
    run(
        reward_jobs.REWARD_TOPUP,
        user_id=str(user_id),
        intent_id=key(),
        transaction_id=str(transaction_id),
        amount=amount,
    )


def befriend(*, invitee: UUID, inviter: UUID) -> UUID:
    with transaction() as session:
        session.get_one(User, inviter).referral_code = code = uuid4().hex[:8].upper()
        session.flush()
        referrals.record_referral(invitee_id=invitee, code=code, now=utcnow())
    drain()
    return db.session.scalars(db.select(Referral.id).filter_by(invitee_id=invitee)).one()


# The fixtures of the ledger's tests serve here too.
__all__ = [
    "befriend",
    "charge_back",
    "complete",
    "drain",
    "give_back",
    "has",
    "pay",
    "person",
    "run",
    "tell_topup",
    "topped_up",
    "user_headers",
]
