"""Top-ups: money that comes in through a gateway, and goes back there, sent by us or taken by the gateway."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError
from powerbank.base.money import NPR
from powerbank.ledger import services, transactions
from powerbank.ledger.accounts import Kind, gateway_account, network_account, user_account
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, TransactionStatus, TransactionType, WalletTransaction


def credit_topup(
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
    """Credit `amount` paisa to a wallet.

    Where the payer paid in another currency, `received` is what the gateway got, in that currency's smallest unit.
    `transaction_id` is the pending transaction that this completes, if there is one.
    """
    lines = [
        Line(user_account(Kind.USER_WALLET, user_id), amount),
        *_make_gateway_lines(gateway, amount, currency, received),
    ]
    posted = services.post_entry(kind=EntryKind.TOPUP, key=key, lines=lines, actor=actor, reference=reference)
    if not posted.fresh:
        return transactions.transaction_of_entry(posted.entry_id)
    if transaction_id is not None:
        return _complete_topup(transaction_id, user_id, amount, posted.entry_id)
    return transactions.record_transaction(
        user_id=user_id,
        type_=TransactionType.TOPUP,
        sources=Sources(wallet=amount),
        entry_id=posted.entry_id,
        reference=reference,
    )


def begin_topup_refund(
    *, transaction_id: UUID, reference: Reference, amount: int, description: str
) -> WalletTransaction:
    """Count a part of a top-up as gone back, since it is on its way to the gateway.

    It stays held for `reference` until `complete_topup_refund` or `abandon_topup_refund`.
    """
    topup = transactions.lock_transaction(transaction_id)
    refunds.count_refund(topup, Sources(wallet=amount))
    return transactions.record_transaction(
        user_id=topup.user_id,
        type_=TransactionType.REFUND,
        sources=Sources(wallet=amount),
        entry_id=None,
        reference=reference,
        incoming=False,
        status=TransactionStatus.PENDING,
        refund_of=topup.id,
        description=description,
    )


def complete_topup_refund(
    *,
    refund_transaction_id: UUID,
    gateway: str,
    key: str,
    actor: str,
    currency: str = NPR,
    gateway_amount: int | None = None,
) -> WalletTransaction:
    """Book a refund that has arrived: out of what was held, over the clearing of refunds, to the gateway's clearing."""
    sent = transactions.lock_transaction(refund_transaction_id)
    if sent.status == TransactionStatus.SUCCESS:
        return sent
    reference = Reference(sent.reference_kind or "", sent.reference_id or "")
    clearing = network_account(Kind.REFUNDS_CLEARING)
    entry_id = holds.capture_hold_into(reference=reference, amount=sent.wallet, account=clearing, key=key, actor=actor)
    lines = [Line(name, -moved) for name, moved in _make_gateway_lines(gateway, sent.wallet, currency, gateway_amount)]
    services.post_entry(
        kind=EntryKind.REFUND,
        key=f"{key}:paid",
        lines=[Line(clearing, -sent.wallet), *lines],
        actor=actor,
        reference=reference,
    )
    sent.status, sent.entry_id = TransactionStatus.SUCCESS, entry_id
    open_session().flush()
    return sent


def abandon_topup_refund(refund_transaction_id: UUID) -> None:
    """Take back that a refund is under way, since it did not arrive. The caller releases the hold."""
    sent = transactions.lock_transaction(refund_transaction_id)
    if sent.status != TransactionStatus.PENDING or sent.refund_of is None:
        return
    refunds.uncount_refund(transactions.lock_transaction(sent.refund_of), sent.wallet)
    sent.status = TransactionStatus.FAILED
    open_session().flush()


def charge_back_topup(
    *,
    transaction_id: UUID,
    gateway: str,
    amount: int,
    key: str,
    actor: str,
    currency: str = NPR,
    gateway_amount: int | None = None,
) -> WalletTransaction:
    """Book that the gateway took the money of a top-up back. What of it is spent already becomes a due."""
    topup = transactions.lock_transaction(transaction_id)
    if (earlier := services.find_entry(key)) is not None:
        return transactions.transaction_of_entry(earlier)
    refunds.count_refund(topup, Sources(wallet=amount))
    reference = Reference("transaction", str(topup.id))
    wallet = user_account(Kind.USER_WALLET, topup.user_id)
    taken = min(amount, services.lock_user_accounts(topup.user_id)[wallet].balance or 0)
    lines = [
        Line(wallet, -taken),
        Line(user_account(Kind.DUES_RECEIVABLE, topup.user_id), taken - amount),
        *(Line(name, -moved) for name, moved in _make_gateway_lines(gateway, amount, currency, gateway_amount)),
    ]
    posted = services.post_entry(kind=EntryKind.CHARGEBACK, key=key, lines=lines, actor=actor, reference=reference)
    if taken < amount:
        dues.record_due(topup.user_id, posted.entry_id, reference, amount - taken, revenue=None)
    return transactions.record_transaction(
        user_id=topup.user_id,
        type_=TransactionType.REFUND,
        sources=Sources(wallet=amount),
        entry_id=posted.entry_id,
        reference=reference,
        incoming=False,
        refund_of=topup.id,
        description="chargeback",
    )


def reverse_chargeback(
    *,
    chargeback_id: UUID,
    gateway: str,
    key: str,
    actor: str,
    now: datetime,
    currency: str = NPR,
    gateway_amount: int | None = None,
) -> WalletTransaction:
    """Book that the gateway gave the money of a chargeback again.

    What its person still owes for it is let off, and the rest is credited.
    """
    chargeback = transactions.lock_transaction(chargeback_id)
    if (earlier := services.find_entry(key)) is not None:
        return transactions.transaction_of_entry(earlier)
    session = open_session()
    amount = chargeback.wallet
    refunds.count_refund(chargeback, Sources(wallet=amount))  # once
    due = session.scalar(select(Due).filter_by(entry_id=chargeback.entry_id).with_for_update())
    owed, borne = (due.left, due.waived) if due is not None else (0, 0)
    lines = [
        Line(user_account(Kind.USER_WALLET, chargeback.user_id), amount - owed - borne),
        Line(network_account(Kind.WRITE_OFFS), borne),  # an earlier waiver was our loss, and is none now
        Line(user_account(Kind.DUES_RECEIVABLE, chargeback.user_id), owed),
        *_make_gateway_lines(gateway, amount, currency, gateway_amount),
    ]
    reference = Reference("transaction", str(chargeback.id))
    posted = services.post_entry(kind=EntryKind.CHARGEBACK, key=key, lines=lines, actor=actor, reference=reference)
    if due is not None and owed:
        dues.count_waiver(due, owed, now)
    assert chargeback.refund_of is not None  # noqa: S101 (a chargeback is always of a top-up)
    refunds.uncount_refund(transactions.lock_transaction(chargeback.refund_of), amount)
    return transactions.record_transaction(
        user_id=chargeback.user_id,
        type_=TransactionType.REFUND,
        sources=Sources(wallet=amount),
        entry_id=posted.entry_id,
        reference=reference,
        refund_of=chargeback.id,
        description="chargeback reversed",
    )


def _complete_topup(transaction_id: UUID, user_id: UUID, amount: int, entry_id: UUID) -> WalletTransaction:
    transaction = transactions.lock_transaction(transaction_id)
    if transaction.user_id != user_id or transaction.wallet != amount or transaction.entry_id is not None:
        raise ConflictError("already_settled", "This transaction has been settled, or is another one.")
    transaction.status, transaction.entry_id = TransactionStatus.SUCCESS, entry_id
    open_session().flush()
    return transaction


def _make_gateway_lines(gateway: str, amount: int, currency: str, minor: int | None) -> list[Line]:
    """Make the gateway's lines of money that comes in. With the signs turned they are those of money that goes back.

    Each currency balances by itself; between them stand the FX accounts, whose balances are our position.
    """
    clearing = gateway_account(gateway, currency)
    if currency == NPR:
        return [Line(clearing, -amount)]
    if not minor:
        raise ValueError(f"{amount} paisa in {currency}, of which nothing moved")
    return [
        Line(clearing, -minor),
        Line(network_account(Kind.FX, currency), minor),
        Line(network_account(Kind.FX, NPR), -amount),
    ]
