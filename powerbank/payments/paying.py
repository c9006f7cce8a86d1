"""Paying with a chosen method: what the wallet and the points hold is read under their lock."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank import money
from powerbank.content import app_config
from powerbank.db import open_session
from powerbank.errors import ConflictError, NotFoundError
from powerbank.ledger import dues, services
from powerbank.ledger.accounts import Kind, of_user
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, WalletTransaction
from powerbank.notifications.kinds import Type
from powerbank.notifications.services import notify
from powerbank.payments.options import Method, sources_for


def sources_of(user_id: UUID, *, method: Method, amount: int) -> Sources:
    """What this person pays an amount with. Nobody takes it away before the transaction ends."""
    has = services.lock_users(user_id)
    return sources_for(
        method,
        amount=amount,
        wallet=has[of_user(Kind.USER_WALLET, user_id)].balance or 0,
        points=has[of_user(Kind.USER_POINTS, user_id)].balance or 0,
        points_per_npr=app_config.current().points_per_npr,
    )


def pay_due(
    *, user_id: UUID, due_id: UUID, method: Method, key: str, actor: str, now: datetime
) -> WalletTransaction | None:
    """Pays what is left of a due. None: it was settled before, and nothing is taken."""
    session = open_session()
    if session.scalar(select(Due.id).where(Due.id == due_id, Due.user_id == user_id)) is None:
        raise NotFoundError("due")
    if (entry_id := services.find(key)) is not None:
        return session.scalars(select(WalletTransaction).filter_by(entry_id=entry_id)).one()
    services.lock_users(user_id)
    due = session.get_one(Due, due_id, with_for_update=True, populate_existing=True)
    if due.left == 0:
        return None
    sources = sources_of(user_id, method=method, amount=due.left)
    paid = dues.pay(due_id=due_id, sources=sources, key=key, actor=actor, now=now)
    notify(user_id=user_id, type=Type.DUE_PAID, context={"amount": money.show(paid.amount)})
    return paid


def pay_all_dues(
    *, user_id: UUID, method: Method, key: str, actor: str, now: datetime, reference_id: str | None = None
) -> list[WalletTransaction]:
    """All that is open, or open for one thing, or nothing at all: a part of it would not lift a block."""
    query = select(Due.id).where(Due.user_id == user_id, Due.closed_at.is_(None)).order_by(Due.created_at, Due.id)
    if reference_id is not None:
        query = query.where(Due.reference_id == reference_id)
    found = open_session().scalars(query).all()
    if not found:
        raise ConflictError("nothing_due", "There is nothing to pay.")
    paid = [
        pay_due(user_id=user_id, due_id=due_id, method=method, key=f"{key}:{due_id}", actor=actor, now=now)
        for due_id in found
    ]
    return [each for each in paid if each is not None]
