"""What a rental costs, and where the money comes from. Needs the rental locked.

A fee is taken from what is held, then from the sources of the method that the person chose, then from the wallet;
the rest is owed. Each step has a ledger key of its own, so that a repeat books nothing twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from powerbank.base import money
from powerbank.base.db import db, open_session
from powerbank.base.money import NPR, PTS
from powerbank.ledger import services
from powerbank.ledger.accounts import REVENUES, Kind, user_account
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, Hold, Progress, TransactionStatus, TransactionType, WalletTransaction
from powerbank.outbox.enqueue import publish
from powerbank.payments.options import methods as options
from powerbank.payments.options.methods import Method
from powerbank.rentals import transitions
from powerbank.rentals.charges import tariff
from powerbank.rentals.events import DueCreated, RentalPaid
from powerbank.rentals.models import Rental
from powerbank.stations.packages.models import PaymentModel

ACTOR = "rentals"


@dataclass(frozen=True)
class Funds:
    """What a person could pay with now. Reading it locks the accounts."""

    wallet: int
    points: int


def funds(rental: Rental) -> Funds:
    accounts = services.lock_user_accounts(rental.user_id)
    return Funds(
        accounts[user_account(Kind.USER_WALLET, rental.user_id)].balance or 0,
        accounts[user_account(Kind.USER_POINTS, rental.user_id)].balance or 0,
    )


def hold(rental: Rental) -> None:
    """Puts the price, or the deposit, aside. Refused with the shortfall if there is not enough."""
    amount = rental.price - rental.discount if rental.payment_model == PaymentModel.PREPAID else rental.deposit
    if amount == 0:
        return
    sources = _by_method(rental, amount)
    holds.place_hold(
        user_id=rental.user_id,
        reference=transitions.reference(rental),
        amount=sources.wallet,
        points=sources.points,
        key=_key(rental, "hold"),
        actor=ACTOR,
    )
    rental.held_value = sources.points_value


def release(rental: Rental) -> int:
    """Gives back all that is still held; what it was worth comes back too."""
    still = held(rental)
    worth = still.get(NPR, 0) + rental.held_value
    if still:
        holds.release_hold(reference=transitions.reference(rental), key=_key(rental, "release"), actor=ACTOR)
        rental.held_value = 0
    return worth


def capture_price(rental: Rental) -> None:
    """A prepaid rental begins: what is held is earned."""
    still = _open_holds(rental)
    if (sources := _sources(rental, still)) is not None:
        paid = _capture(rental, still, sources, "price", revenue=Kind.RENTAL_REVENUE, type_=TransactionType.RENTAL)
        publish(
            RentalPaid(
                **transitions.about(rental), amount=paid, package=rental.package_name, version=f"{rental.id}:price"
            )
        )


def charge_now(rental: Rental, amount: int, *, what: str, revenue: Kind, method: Method | None = None) -> None:
    """All of it at once, or a refusal with the shortfall."""
    if amount == 0:
        return
    sources = _by_method(rental, amount, method)
    holds.spend_without_hold(
        user_id=rental.user_id,
        reference=transitions.reference(rental),
        sources=sources,
        key=_key(rental, what),
        actor=ACTOR,
        revenue=revenue,
    )


def collect(
    rental: Rental, amount: int, *, what: str, revenue: Kind, type_: TransactionType = TransactionType.RENTAL
) -> int:
    """Takes what can be taken; how much is owed now comes back."""
    about, left = transitions.reference(rental), amount
    still = _open_holds(rental) if left else {}
    if left and (part := _part(_sources(rental, still), left)) is not None:
        left -= _capture(rental, still, part, f"{what}:held", revenue=revenue, type_=type_)
    if left and (sources := _at_hand(rental, left)) is not None:
        paid = holds.spend_without_hold(
            user_id=rental.user_id,
            reference=about,
            sources=sources,
            key=_key(rental, f"{what}:now"),
            actor=ACTOR,
            revenue=revenue,
            type_=type_,
        )
        left -= paid.amount
    if left:
        dues.create_due(
            user_id=rental.user_id,
            reference=about,
            amount=left,
            revenue=revenue,
            key=_key(rental, f"{what}:due"),
            actor=ACTOR,
        )
        publish(DueCreated(**transitions.about(rental), amount=left))
    return left


def give_back(rental: Rental, amount: int | None, *, what: str, actor: str, now: datetime, kinds: set[Kind]) -> int:
    """Lets a person off what is still owed and refunds what was paid, newest first, `amount` in all or everything.
    How much it came to comes back."""
    left = amount if amount is not None else sum(due.left for due in _open_dues(rental, kinds)) + _paid(rental, kinds)
    began = left
    for due in _open_dues(rental, kinds):
        part = min(left, due.left)
        if part:
            key = _key(rental, f"{what}:waive:{due.id}")
            against = Kind(due.revenue) if due.revenue else Kind.WRITE_OFFS
            dues.waive_due(due_id=due.id, amount=part, key=key, actor=actor, now=now, against=against)
            left -= part
    for paid in _payments(rental, kinds):
        part = min(left, paid.amount - paid.refunded)
        if part:
            back = refunds.refund_payment(
                transaction_id=paid.id, amount=part, key=_key(rental, f"{what}:{paid.id}"), actor=actor
            )
            left -= back.amount
    return began - left


def overdue_fee(rental: Rental, until: datetime) -> int:
    """Of the spell that is running, if one is."""
    if rental.due_at is None:
        return 0
    return tariff.overdue_fee(
        due_at=rental.due_at,
        until=until,
        rate=rental.overdue_rate,
        grace_minutes=rental.overdue_grace_minutes,
        cap_per_day=rental.overdue_cap,
    )


def usage_fee(rental: Rental, until: datetime) -> int:
    """Of a postpaid rental, up to the due time; after it only the overdue rate counts."""
    if rental.payment_model != PaymentModel.POSTPAID or rental.metered_from is None or rental.due_at is None:
        return 0
    assert rental.unit_minutes is not None and rental.unit_price is not None  # noqa: S101, PT018 (CHECK postpaid)
    fee = tariff.usage_fee(
        started_at=rental.metered_from,
        until=min(until, rental.due_at),
        unit_minutes=rental.unit_minutes,
        unit_price=rental.unit_price,
    )
    # A coupon takes its part once, from the first spell.
    return max(0, fee - (rental.discount if rental.metered_from == rental.started_at else 0))


def paid(rental: Rental) -> int:
    """What its person has paid for it so far, less what came back."""
    return _paid(rental, REVENUES)


def owed(rental: Rental) -> list[Due]:
    return _open_dues(rental, None)


def held(rental: Rental) -> dict[str, int]:
    """What is still put aside, by currency."""
    query = select(Hold).filter_by(
        reference_kind="rental", reference_id=str(rental.id), status=Progress.OPEN, user_id=rental.user_id
    )
    return {each.currency: each.left for each in db.session.scalars(query)}


def _open_holds(rental: Rental) -> holds.Holds:
    """Locked, to be captured."""
    return holds.lock_open_holds(rental.user_id, transitions.reference(rental))


def _sources(rental: Rental, still: holds.Holds) -> Sources | None:
    left = {currency: hold.left for currency, hold in still.items()}
    return Sources(left.get(NPR, 0), left.get(PTS, 0), rental.held_value) if left else None


def _capture(
    rental: Rental, still: holds.Holds, sources: Sources, what: str, *, revenue: Kind, type_: TransactionType
) -> int:
    paid = holds.capture_hold(
        reference=transitions.reference(rental),
        sources=sources,
        key=_key(rental, what),
        actor=ACTOR,
        revenue=revenue,
        type_=type_,
        held=still,
    )
    rental.held_value -= sources.points_value
    return paid.amount


def _by_method(rental: Rental, amount: int, method: Method | None = None) -> Sources:
    there = funds(rental)
    return options.split_amount(
        method or Method(rental.payment_method),
        amount=amount,
        wallet=there.wallet,
        points=there.points,
        points_per_npr=rental.points_per_npr,
    )


def _at_hand(rental: Rental, amount: int) -> Sources | None:
    """As much as there is: points first if the person pays with them, then the wallet."""
    there = funds(rental)
    points = 0
    if rental.payment_method != Method.WALLET_ONLY:
        points = min(there.points, money.points_for(amount, rental.points_per_npr))
    value = min(amount, money.value_of_points(points, rental.points_per_npr))
    wallet = min(there.wallet, amount - value)
    return Sources(wallet, points if value else 0, value) if wallet + value else None


def _part(sources: Sources | None, amount: int) -> Sources | None:
    return sources.part(min(amount, sources.total)) if sources is not None else None


def _open_dues(rental: Rental, kinds: set[Kind] | None) -> list[Due]:
    query = select(Due).filter_by(reference_kind="rental", reference_id=str(rental.id), status=Progress.OPEN)
    if kinds is not None:
        query = query.where(Due.revenue.in_([kind.value for kind in kinds]))
    return list(open_session().scalars(query.order_by(Due.id)))


def _payments(rental: Rental, kinds: Collection[Kind]) -> list[WalletTransaction]:
    query = (
        select(WalletTransaction)
        .filter_by(reference_kind="rental", reference_id=str(rental.id), direction="out")
        .where(
            WalletTransaction.status == TransactionStatus.SUCCESS,
            WalletTransaction.revenue.in_([kind.value for kind in kinds]),
        )
        .order_by(WalletTransaction.id.desc())
    )
    return list(db.session.scalars(query))


def _paid(rental: Rental, kinds: Collection[Kind]) -> int:
    return sum(each.amount - each.refunded for each in _payments(rental, kinds))


def _key(rental: Rental, what: str) -> str:
    return f"rental:{rental.id}:{what}"
