"""The transactions of a wallet, as its person sees them."""

from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.ledger import services
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import TransactionStatus, TransactionType, WalletTransaction

# The types that bring money in; all others take it.
IN = frozenset({TransactionType.TOPUP, TransactionType.REFUND})


def record_transaction(
    *,
    user_id: UUID,
    type_: TransactionType,
    sources: Sources,
    entry_id: UUID | None,
    reference: Reference | None,
    incoming: bool | None = None,
    status: TransactionStatus = TransactionStatus.SUCCESS,
    revenue: str | None = None,
    refund_of: UUID | None = None,
    description: str = "",
) -> WalletTransaction:
    session = open_session()
    transaction = WalletTransaction(
        user_id=user_id,
        entry_id=entry_id,
        refund_of=refund_of,
        type=type_,
        status=status,
        direction="in" if (type_ in IN if incoming is None else incoming) else "out",
        wallet=sources.wallet,
        points=sources.points,
        points_value=sources.points_value,
        refunded_wallet=0,
        refunded_points=0,
        refunded_value=0,
        revenue=revenue,
        reference_kind=reference.kind if reference else None,
        reference_id=reference.id if reference else None,
        description=description,
    )
    session.add(transaction)
    session.flush()
    return transaction


def transaction_of_entry(entry_id: UUID) -> WalletTransaction:
    return open_session().scalars(select(WalletTransaction).filter_by(entry_id=entry_id)).one()


def lock_transaction(transaction_id: UUID) -> WalletTransaction:
    """Lock a transaction. The accounts of its person are locked before it, as everywhere."""
    session = open_session()
    user_id = session.scalar(select(WalletTransaction.user_id).filter_by(id=transaction_id))
    if user_id is None:
        raise NotFoundError("transaction")
    services.lock_user_accounts(user_id)
    return session.get_one(WalletTransaction, transaction_id, with_for_update=True, populate_existing=True)


def begin_topup(*, user_id: UUID, amount: int, reference: Reference) -> WalletTransaction:
    """Record a top-up that its person is about to pay; `topups.credit_topup` or `fail_topup` ends it."""
    return record_transaction(
        user_id=user_id,
        type_=TransactionType.TOPUP,
        sources=Sources(wallet=amount),
        entry_id=None,
        reference=reference,
        status=TransactionStatus.PENDING,
    )


def change_topup_amount(transaction_id: UUID, amount: int) -> None:
    """Change what a top-up will credit, since another amount came than was asked for."""
    transaction = lock_transaction(transaction_id)
    if transaction.entry_id is not None:
        raise ConflictError("already_settled", "This transaction has been settled.")
    transaction.wallet = amount


def fail_topup(transaction_id: UUID) -> WalletTransaction:
    """Note that a top-up is not paid. If it is paid later, `topups.credit_topup` makes it a success."""
    transaction = lock_transaction(transaction_id)
    if transaction.status not in (TransactionStatus.PENDING, TransactionStatus.FAILED):
        raise ConflictError("already_settled", "This transaction has been settled.")
    transaction.status = TransactionStatus.FAILED
    return transaction
