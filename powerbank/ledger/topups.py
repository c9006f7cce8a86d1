"""Money that comes in through a gateway, and money that the gateway takes back."""

from uuid import UUID

from powerbank.db import open_session
from powerbank.errors import ConflictError
from powerbank.ledger import dues, refunds, services, transactions
from powerbank.ledger.accounts import AccountName, Kind, gateway_clearing, of_user, shared
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import TransactionStatus, TransactionType, WalletTransaction
from powerbank.money import NPR


def credit(
    *,
    user_id: UUID,
    gateway: str,
    amount: int,
    key: str,
    actor: str,
    reference: Reference,
    currency: str = NPR,
    received: int | None = None,
    transaction_id: UUID | None = None,
) -> WalletTransaction:
    """Credits `amount` paisa. Paid in another currency, `received` is what the gateway got, in its cents.

    `transaction_id` is the pending transaction that this completes, if there is one."""
    lines = [Line(of_user(Kind.USER_WALLET, user_id), amount)]
    if currency == NPR:
        lines.append(Line(gateway_clearing(gateway), -amount))
    else:
        lines += _exchange(gateway_clearing(gateway, currency), received or 0, amount)
    posted = services.post(kind=EntryKind.TOPUP, key=key, lines=lines, actor=actor, reference=reference)
    if not posted.fresh:
        return transactions.of_entry(posted.entry_id)
    if transaction_id is not None:
        return _complete(transaction_id, user_id, amount, posted.entry_id)
    return transactions.record(
        user_id=user_id,
        type_=TransactionType.TOPUP,
        sources=Sources(wallet=amount),
        entry_id=posted.entry_id,
        reference=reference,
    )


def charge_back(*, transaction_id: UUID, gateway: str, amount: int, key: str, actor: str) -> None:
    """The gateway took the money of a top-up back. What of it is spent already becomes a due."""
    topup = transactions.locked(transaction_id)
    if services.find(key) is not None:
        return
    refunds.count(topup, Sources(wallet=amount))
    reference = Reference("transaction", str(topup.id))
    wallet = of_user(Kind.USER_WALLET, topup.user_id)
    taken = min(amount, services.lock_users(topup.user_id)[wallet].balance or 0)
    lines = [
        Line(wallet, -taken),
        Line(of_user(Kind.DUES_RECEIVABLE, topup.user_id), taken - amount),
        Line(gateway_clearing(gateway), amount),
    ]
    posted = services.post(kind=EntryKind.CHARGEBACK, key=key, lines=lines, actor=actor, reference=reference)
    if taken < amount:
        dues.note(topup.user_id, posted.entry_id, reference, amount - taken, revenue=None)
    open_session().flush()


def _complete(transaction_id: UUID, user_id: UUID, amount: int, entry_id: UUID) -> WalletTransaction:
    transaction = transactions.locked(transaction_id)
    if transaction.user_id != user_id or transaction.wallet != amount or transaction.entry_id is not None:
        raise ConflictError("already_settled", "This transaction has been settled, or is another one.")
    transaction.status, transaction.entry_id = TransactionStatus.SUCCESS, entry_id
    open_session().flush()
    return transaction


def _exchange(clearing: AccountName, received: int, amount: int) -> list[Line]:
    """Each currency balances by itself; between them stand the FX accounts, whose balances are our position."""
    fx = Kind.FX
    return [
        Line(clearing, -received),
        Line(shared(fx, clearing.currency), received),
        Line(shared(fx, NPR), -amount),
    ]
