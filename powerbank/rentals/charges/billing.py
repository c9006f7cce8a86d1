"""The money of a rental: held, captured, charged, owed, refunded. The caller has locked the rental.

A fee is taken from the amounts that are held, then from the points if the person pays with points, then from the
wallet. The rest becomes a due. Each step has a ledger key of its own, so that a repeat books nothing twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from powerbank.base import money
from powerbank.base.db import db, open_session
from powerbank.base.money import NPR, PTS
from powerbank.ledger import services
from powerbank.ledger.accounts import REVENUES, Kind, user_account
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import Due, Hold, Progress, TransactionStatus, TransactionType, WalletTransaction
from powerbank.outbox.enqueue import publish
from powerbank.payments.options import methods as options
from powerbank.payments.options.methods import Method
from powerbank.rentals import transitions
from powerbank.rentals.events import DueCreated, RentalPaid
from powerbank.rentals.models import Rental
from powerbank.stations.packages.models import PaymentModel

ACTOR = "rentals"


@dataclass(frozen=True)
class Funds:
    """The balances of a person whose accounts are locked. `due` is what the person owes in all."""

    wallet: int
    points: int
    due: int


def lock_funds(user_id: UUID) -> Funds:
    """Lock the accounts of a person and return their balances."""
    accounts = services.lock_user_accounts(user_id)
    return Funds(
        wallet=accounts[user_account(Kind.USER_WALLET, user_id)].balance or 0,
        points=accounts[user_account(Kind.USER_POINTS, user_id)].balance or 0,
        due=-(accounts[user_account(Kind.DUES_RECEIVABLE, user_id)].balance or 0),
    )


def ledger_reference(rental: Rental) -> Reference:
    """Return the name by which the ledger knows a rental."""
    return Reference("rental", str(rental.id))


def hold_price(rental: Rental, funds: Funds) -> None:
    """Hold the price of a prepaid rental or the deposit of a postpaid one, or refuse with the shortfall."""
    price = rental.price - rental.discount - rental.reservation_credit
    amount = price if rental.payment_model == PaymentModel.PREPAID else rental.deposit
    if amount == 0:
        return
    reference, key = ledger_reference(rental), _key(rental, "hold")
    sources = _sources_by_method(rental, funds, amount, Method(rental.payment_method))
    holds.place_hold(
        user_id=rental.user_id,
        reference=reference,
        amount=sources.wallet,
        points=sources.points,
        key=key,
        actor=ACTOR,
    )
    rental.held_value = sources.points_value


def release_hold(rental: Rental) -> int:
    """Release all that is still held, and return its value in paisa."""
    held = amounts_held(rental)
    value = held.get(NPR, 0) + rental.held_value
    if held:
        holds.release_hold(reference=ledger_reference(rental), key=_key(rental, "release"), actor=ACTOR)
        rental.held_value = 0
    return value


def capture_price(rental: Rental) -> None:
    """Capture the price that is held for a prepaid rental."""
    open_holds = _lock_open_holds(rental)
    if (sources := _held_sources(rental, open_holds)) is not None:
        paid = _capture(rental, open_holds, sources, "price", revenue=Kind.RENTAL_REVENUE, type_=TransactionType.RENTAL)
        publish(
            RentalPaid(
                **transitions.event_fields(rental),
                amount=paid,
                package=rental.package_name,
                version=f"{rental.id}:price",
            )
        )


def start_meter(rental: Rental, at: datetime, now: datetime, *, charge: bool = True) -> datetime:
    """Begin the rented time: set its times, and capture the price of a prepaid rental unless `charge` is false.

    The time when the power bank came out comes back. It never lies in the future.
    """
    if charge and rental.payment_model == PaymentModel.PREPAID:
        capture_price(rental)
    began = min(at, now)
    rental.started_at = rental.metered_from = began
    rental.due_at = began + timedelta(minutes=rental.duration_minutes)
    return began


def refuse_if_short(rental: Rental, amount: int, *, method: Method | None) -> None:
    """Refuse with all that is missing, before an amount is charged in parts."""
    if amount:
        _sources_by_method(rental, lock_funds(rental.user_id), amount, method or Method(rental.payment_method))


def charge_now(rental: Rental, amount: int, *, what: str, revenue: Kind, method: Method | None = None) -> None:
    """Charge the whole amount at once, or refuse with the shortfall."""
    if amount == 0:
        return
    sources = _sources_by_method(rental, lock_funds(rental.user_id), amount, method or Method(rental.payment_method))
    holds.spend_without_hold(
        user_id=rental.user_id,
        reference=ledger_reference(rental),
        sources=sources,
        key=_key(rental, what),
        actor=ACTOR,
        revenue=revenue,
    )


def collect_fee(
    rental: Rental, amount: int, *, what: str, revenue: Kind, type_: TransactionType = TransactionType.RENTAL
) -> int:
    """Take as much of a fee as there is money for, make a due of the rest, and return the amount of the due."""
    reference, left = ledger_reference(rental), amount
    open_holds = _lock_open_holds(rental) if left else {}
    if left and (part := _part_of_sources(_held_sources(rental, open_holds), left)) is not None:
        left -= _capture(rental, open_holds, part, f"{what}:held", revenue=revenue, type_=type_)
    if left and (sources := _available_sources(rental, left)) is not None:
        paid = holds.spend_without_hold(
            user_id=rental.user_id,
            reference=reference,
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
            reference=reference,
            amount=left,
            revenue=revenue,
            key=_key(rental, f"{what}:due"),
            actor=ACTOR,
        )
        publish(DueCreated(**transitions.event_fields(rental), amount=left))
    return left


def waive_and_refund(
    rental: Rental, amount: int | None, *, what: str, actor: str, now: datetime, kinds: set[Kind]
) -> int:
    """Waive the open dues and then refund the payments of these kinds, newest first, up to `amount` or all of it.

    Return the sum of what was waived and refunded.
    """
    left = (
        amount
        if amount is not None
        else sum(due.left for due in _open_dues(rental, kinds)) + _amount_paid_for(rental, kinds)
    )
    asked = left
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
            refunded = refunds.refund_payment(
                transaction_id=paid.id, amount=part, key=_key(rental, f"{what}:{paid.id}"), actor=actor
            )
            left -= refunded.amount
    return asked - left


def amount_paid(rental: Rental) -> int:
    """Return what the person has paid for a rental so far, without what was refunded."""
    return _amount_paid_for(rental, REVENUES)


def open_dues(rental: Rental) -> list[Due]:
    """Return the dues of a rental that are not settled, oldest first."""
    return _open_dues(rental, None)


def amounts_held(rental: Rental) -> dict[str, int]:
    """Return what is still held for a rental, by currency."""
    query = select(Hold).filter_by(
        reference_kind="rental", reference_id=str(rental.id), status=Progress.OPEN, user_id=rental.user_id
    )
    return {each.currency: each.left for each in db.session.scalars(query)}


def _lock_open_holds(rental: Rental) -> holds.Holds:
    """Lock and return the open holds of a rental by currency."""
    return holds.lock_open_holds(rental.user_id, ledger_reference(rental))


def _held_sources(rental: Rental, open_holds: holds.Holds) -> Sources | None:
    """Return all that is held as the sources of a payment, or None where nothing is held."""
    left = {currency: hold.left for currency, hold in open_holds.items()}
    return Sources(left.get(NPR, 0), left.get(PTS, 0), rental.held_value) if left else None


def _capture(
    rental: Rental, open_holds: holds.Holds, sources: Sources, what: str, *, revenue: Kind, type_: TransactionType
) -> int:
    paid = holds.capture_hold(
        reference=ledger_reference(rental),
        sources=sources,
        key=_key(rental, what),
        actor=ACTOR,
        revenue=revenue,
        type_=type_,
        held=open_holds,
    )
    rental.held_value -= sources.points_value
    return paid.amount


def _sources_by_method(rental: Rental, funds: Funds, amount: int, method: Method) -> Sources:
    """Return what pays an amount by this method, or refuse with the shortfall."""
    return options.split_amount(
        method,
        amount=amount,
        wallet=funds.wallet,
        points=funds.points,
        points_per_npr=rental.points_per_npr,
    )


def _available_sources(rental: Rental, amount: int) -> Sources | None:
    """Return as much of an amount as there is: points first if the person pays with points, then the wallet."""
    funds = lock_funds(rental.user_id)
    points = 0
    if rental.payment_method != Method.WALLET_ONLY:
        points = min(funds.points, money.points_for(amount, rental.points_per_npr))
    value = min(amount, money.value_of_points(points, rental.points_per_npr))
    wallet = min(funds.wallet, amount - value)
    return Sources(wallet, points if value else 0, value) if wallet + value else None


def _part_of_sources(sources: Sources | None, amount: int) -> Sources | None:
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


def _amount_paid_for(rental: Rental, kinds: Collection[Kind]) -> int:
    return sum(each.amount - each.refunded for each in _payments(rental, kinds))


def _key(rental: Rental, what: str) -> str:
    return f"rental:{rental.id}:{what}"
