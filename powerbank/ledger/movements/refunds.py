"""Refunds of payments: each source gets back what came from it, and never more."""

from collections.abc import Callable
from uuid import UUID

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError
from powerbank.ledger import services, transactions
from powerbank.ledger.accounts import Kind, network_account
from powerbank.ledger.errors import KeyReusedError
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources, payment_lines
from powerbank.ledger.wallet_models import TransactionStatus, TransactionType, WalletTransaction


class RefundExceedsPaymentError(ConflictError):
    def __init__(self) -> None:
        super().__init__("refund_exceeds_payment", "This is more than was paid and not yet refunded.")


# What later domains do when more or less of a payment has gone back; each reaction runs in that transaction.
Reaction = Callable[[WalletTransaction], None]

_reactions: list[Reaction] = []


def register_reactions(*reactions: Reaction) -> None:
    _reactions[:] = reactions


def refund_payment(
    *, transaction_id: UUID, key: str, actor: str, amount: int | None = None, description: str = ""
) -> WalletTransaction:
    """Give back all that is left of a payment, or `amount` of it. The refund comes back as its person sees it."""
    paid = transactions.lock_transaction(transaction_id)
    if (earlier := services.find_entry(key)) is not None:
        return _refuse_unless_same(transactions.transaction_of_entry(earlier), paid, amount)
    if paid.revenue is None or paid.direction != "out":
        raise ConflictError("not_refundable", "Only a payment can be refunded so.")
    left = refundable_part(paid)
    if left is None or (amount is not None and amount > left.total):
        raise RefundExceedsPaymentError
    sources = left.part(left.total if amount is None else amount)
    if sources is None:
        raise ConflictError("refund_too_small", "This is less than one of the points that it was paid with.")
    count_refund(paid, sources)
    reference = Reference("transaction", str(paid.id))
    lines = payment_lines(
        paid.user_id,
        sources,
        wallet=Kind.USER_WALLET,
        points=Kind.USER_POINTS,
        to=Line(network_account(Kind(paid.revenue)), sources.total),
    )
    posted = services.post_entry(
        kind=EntryKind.REFUND,
        key=key,
        lines=[Line(account, -moved) for account, moved in lines],
        actor=actor,
        reference=reference,
        description=description,
        continues=paid.entry_id,
    )
    return transactions.record_transaction(
        user_id=paid.user_id,
        type_=TransactionType.REFUND,
        sources=sources,
        entry_id=posted.entry_id,
        reference=reference,
        refund_of=paid.id,
        description=description,
    )


def count_refund(transaction: WalletTransaction, sources: Sources) -> None:
    """Count on a locked transaction that this much of it went back.

    Here is the bound on all refunds of a transaction, and once more in the table's constraints.
    """
    left = refundable_part(transaction)
    if left is None or (
        sources.wallet > left.wallet or sources.points > left.points or sources.points_value > left.points_value
    ):
        raise RefundExceedsPaymentError
    transaction.refunded_wallet += sources.wallet
    transaction.refunded_points += sources.points
    transaction.refunded_value += sources.points_value
    if refundable_part(transaction) is None:
        transaction.status = TransactionStatus.REFUNDED
    _run_reactions(transaction)


def uncount_refund(transaction: WalletTransaction, wallet: int) -> None:
    """Take off a locked transaction's count what did not go back after all, or came again."""
    transaction.refunded_wallet -= wallet
    transaction.status = TransactionStatus.SUCCESS
    _run_reactions(transaction)


def _run_reactions(transaction: WalletTransaction) -> None:
    open_session().flush()
    for react in _reactions:
        react(transaction)


def refundable_part(transaction: WalletTransaction) -> Sources | None:
    """Give what can still go back of a payment or a top-up."""
    if transaction.status != TransactionStatus.SUCCESS or transaction.refunded == transaction.amount:
        return None
    return Sources(
        transaction.wallet - transaction.refunded_wallet,
        transaction.points - transaction.refunded_points,
        transaction.points_value - transaction.refunded_value,
    )


def _refuse_unless_same(earlier: WalletTransaction, paid: WalletTransaction, amount: int | None) -> WalletTransaction:
    if earlier.refund_of != paid.id or (amount is not None and earlier.amount > amount):
        raise KeyReusedError
    return earlier
