"""Paying for something at once, without a hold before."""

from uuid import UUID

from powerbank.ledger import services, transactions
from powerbank.ledger.accounts import Kind, shared
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources, paid_from
from powerbank.ledger.wallet_models import TransactionType, WalletTransaction


def spend(
    *,
    user_id: UUID,
    reference: Reference,
    sources: Sources,
    key: str,
    actor: str,
    revenue: Kind = Kind.RENTAL_REVENUE,
    type_: TransactionType = TransactionType.RENTAL,
) -> WalletTransaction:
    lines = paid_from(
        user_id,
        sources,
        wallet=Kind.USER_WALLET,
        points=Kind.USER_POINTS,
        to=Line(shared(revenue), sources.total),
    )
    posted = services.post(kind=EntryKind.SPEND, key=key, lines=lines, actor=actor, reference=reference)
    if not posted.fresh:
        return transactions.of_entry(posted.entry_id)
    return transactions.record(
        user_id=user_id, type_=type_, sources=sources, entry_id=posted.entry_id, reference=reference, revenue=revenue
    )
