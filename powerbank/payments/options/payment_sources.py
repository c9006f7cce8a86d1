"""Payments with a chosen method. What the wallet and the points hold is read under their lock."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError
from powerbank.content import app_config
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, user_account
from powerbank.ledger.movements import dues
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, Progress, WalletTransaction
from powerbank.outbox.enqueue import publish
from powerbank.payments.events import DuePaid
from powerbank.payments.options.methods import Method, split_amount


def choose_sources(user_id: UUID, *, method: Method, amount: int) -> Sources:
    """Choose what this person pays an amount with. Nobody takes it away before the transaction ends."""
    has = services.lock_user_accounts(user_id)
    return split_amount(
        method,
        amount=amount,
        wallet=has[user_account(Kind.USER_WALLET, user_id)].balance or 0,
        points=has[user_account(Kind.USER_POINTS, user_id)].balance or 0,
        points_per_npr=app_config.current().points_per_npr,
    )


def pay_due(*, user_id: UUID, due_id: UUID, method: Method, now: datetime) -> WalletTransaction:
    """Pay all that is left of a due. Of two who pay it at once, the second hears that nothing is due any more."""
    due = dues.lock_due_of_user(due_id, user_id)
    if due.left == 0:
        raise _nothing_due_error()
    sources = choose_sources(user_id, method=method, amount=due.left)
    key = f"due:{due.id}:paid"  # what is left is paid once
    paid = dues.pay_due(due_id=due.id, sources=sources, key=key, actor=f"user:{user_id}", now=now)
    publish(DuePaid(user_id=user_id, transaction_id=paid.id, amount=paid.amount))
    return paid


def pay_dues_about(reference: Reference, *, user_id: UUID, method: Method, now: datetime) -> list[WalletTransaction]:
    """Pay all dues that are open for one thing, or none of them."""
    services.lock_user_accounts(user_id)
    query = select(Due.id, Due.amount - Due.paid - Due.waived).where(
        Due.user_id == user_id,
        Due.status == Progress.OPEN,
        Due.reference_kind == reference.kind,
        Due.reference_id == reference.id,
    )
    left = dict(open_session().execute(query.order_by(Due.created_at, Due.id)).all())
    if not left:
        raise _nothing_due_error()
    choose_sources(user_id, method=method, amount=sum(left.values()))  # what is missing is missing for all of them
    return [pay_due(user_id=user_id, due_id=due_id, method=method, now=now) for due_id in left]


def _nothing_due_error() -> ConflictError:
    return ConflictError("nothing_due", "There is nothing to pay.")
