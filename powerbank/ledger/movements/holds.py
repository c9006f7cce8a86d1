"""Holds: money and points that are put aside, then captured or released. They can also be spent without a hold."""

from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.base.money import NPR, PTS
from powerbank.ledger import services, transactions
from powerbank.ledger.accounts import AccountName, Kind, network_account, user_account
from powerbank.ledger.errors import KeyReusedError
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources, payment_lines
from powerbank.ledger.wallet_models import Hold, Progress, TransactionType, WalletTransaction

Holds = dict[str, Hold]  # by currency


class HoldExceededError(ConflictError):
    def __init__(self) -> None:
        super().__init__("hold_exceeded", "This is more than is held.")


def place_hold(*, user_id: UUID, reference: Reference, amount: int, points: int = 0, key: str, actor: str) -> Holds:
    """Put money, points or both aside for something. All of it is refused if either does not suffice."""
    if min(amount, points) < 0:
        raise ValueError("a hold of less than nothing")
    posted = services.post_entry(
        kind=EntryKind.HOLD,
        key=key,
        lines=_make_hold_lines(user_id, {NPR: amount, PTS: points}),
        actor=actor,
        reference=reference,
    )
    session = open_session()
    if not posted.fresh:
        return {hold.currency: hold for hold in session.scalars(select(Hold).filter_by(entry_id=posted.entry_id))}
    held = {
        currency: Hold(
            user_id=user_id,
            entry_id=posted.entry_id,
            reference_kind=reference.kind,
            reference_id=reference.id,
            currency=currency,
            amount=held,
            captured=0,
            released=0,
            status=Progress.OPEN,
        )
        for currency, held in ((NPR, amount), (PTS, points))
        if held
    }
    session.add_all(held.values())
    session.flush()
    return held


def capture_hold(
    *,
    reference: Reference,
    sources: Sources,
    key: str,
    actor: str,
    revenue: Kind = Kind.RENTAL_REVENUE,
    type_: TransactionType = TransactionType.RENTAL,
    held: Holds | None = None,
) -> WalletTransaction:
    """Earn what was held, or a part of it; the rest stays held until it is captured or released.

    `held` is what `lock_open_holds` gave to a caller that has just locked the holds.
    """
    entry_id, user_id, fresh = _capture(reference, sources, network_account(revenue), key, actor, held=held)
    if not fresh:
        return transactions.transaction_of_entry(entry_id)
    return transactions.record_transaction(
        user_id=user_id, type_=type_, sources=sources, entry_id=entry_id, reference=reference, revenue=revenue
    )


def capture_hold_into(*, reference: Reference, amount: int, account: AccountName, key: str, actor: str) -> UUID:
    """Take held money to an account that is no revenue, such as that of refunds on their way to a gateway."""
    return _capture(reference, Sources(wallet=amount), account, key, actor)[0]


def release_hold(*, reference: Reference, key: str, actor: str) -> Holds:
    """Give back all that is still held for something. Where nothing is held any more, nothing happens."""
    user_id = _find_holder(reference)
    holds = lock_open_holds(user_id, reference)
    if not holds:
        return {}
    left = {currency: hold.left for currency, hold in holds.items()}
    backwards = [Line(account, -amount) for account, amount in _make_hold_lines(user_id, left)]
    posted = services.post_entry(
        kind=EntryKind.RELEASE,
        key=key,
        lines=backwards,
        actor=actor,
        reference=reference,
        continues=_entry_of_held_points(holds),
    )
    if not posted.fresh:  # the key has released an earlier hold, so it cannot release this one
        raise KeyReusedError
    for hold in holds.values():
        hold.released += hold.left
        hold.status = Progress.CLOSED
    open_session().flush()
    return holds


def _capture(
    reference: Reference, sources: Sources, account: AccountName, key: str, actor: str, *, held: Holds | None = None
) -> tuple[UUID, UUID, bool]:
    holds = held or lock_open_holds(_find_holder(reference), reference)
    user_id = next(iter(holds.values())).user_id if holds else _find_holder(reference)
    lines = payment_lines(
        user_id,
        sources,
        wallet=Kind.USER_HOLD,
        points=Kind.USER_POINTS_HOLD,
        to=Line(account, sources.total),
    )
    wanted = {NPR: sources.wallet, PTS: sources.points}
    enough = all(amount <= (holds[currency].left if currency in holds else 0) for currency, amount in wanted.items())
    if not enough and services.find_entry(key) is None:
        raise HoldExceededError
    posted = services.post_entry(
        kind=EntryKind.CAPTURE,
        key=key,
        lines=lines,
        actor=actor,
        reference=reference,
        continues=_entry_of_held_points(holds),
    )
    if posted.fresh:
        for currency, amount in wanted.items():
            if amount:
                holds[currency].captured += amount
                holds[currency].status = Progress.OPEN if holds[currency].left else Progress.CLOSED
        open_session().flush()
    return posted.entry_id, user_id, posted.fresh


def _entry_of_held_points(holds: Holds) -> UUID | None:
    """Give the entry that put points aside, and so knows their lots."""
    return holds[PTS].entry_id if PTS in holds else None


def _find_holder(reference: Reference) -> UUID:
    """Find the person whose money is, or was, held for something."""
    found: UUID | None = open_session().scalar(
        select(Hold.user_id).filter_by(reference_kind=reference.kind, reference_id=reference.id).limit(1)
    )
    if found is None:
        raise NotFoundError("hold")
    return found


def lock_open_holds(user_id: UUID, reference: Reference) -> Holds:
    """Lock the open holds of something. The accounts of its person are locked before them, as everywhere."""
    services.lock_user_accounts(user_id)
    query = (
        select(Hold)
        .filter_by(reference_kind=reference.kind, reference_id=reference.id, status=Progress.OPEN, user_id=user_id)
        .order_by(Hold.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {hold.currency: hold for hold in open_session().scalars(query)}


def _make_hold_lines(user_id: UUID, amounts: dict[str, int]) -> list[Line]:
    """Make the lines that move money and points from what a person may spend to what is held."""
    money, points = amounts.get(NPR, 0), amounts.get(PTS, 0)
    return [
        Line(user_account(Kind.USER_WALLET, user_id), -money),
        Line(user_account(Kind.USER_HOLD, user_id), money),
        Line(user_account(Kind.USER_POINTS, user_id), -points),
        Line(user_account(Kind.USER_POINTS_HOLD, user_id), points),
    ]


def spend_without_hold(
    *,
    user_id: UUID,
    reference: Reference,
    sources: Sources,
    key: str,
    actor: str,
    revenue: Kind = Kind.RENTAL_REVENUE,
    type_: TransactionType = TransactionType.RENTAL,
) -> WalletTransaction:
    lines = payment_lines(
        user_id,
        sources,
        wallet=Kind.USER_WALLET,
        points=Kind.USER_POINTS,
        to=Line(network_account(revenue), sources.total),
    )
    posted = services.post_entry(kind=EntryKind.SPEND, key=key, lines=lines, actor=actor, reference=reference)
    if not posted.fresh:
        return transactions.transaction_of_entry(posted.entry_id)
    return transactions.record_transaction(
        user_id=user_id, type_=type_, sources=sources, entry_id=posted.entry_id, reference=reference, revenue=revenue
    )
