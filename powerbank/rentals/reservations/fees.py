"""The money of reservations: the most it may cost is held from the start, and what it did cost is taken at its end.

The caller has locked the accounts of the person. The ledger keys name the reservation and the step, so that a repeat
books nothing twice.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.ledger.errors import InsufficientFundsError
from powerbank.ledger.movements import holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.ledger.wallet_models import WalletTransaction
from powerbank.rentals.charges import billing
from powerbank.rentals.charges.billing import Funds
from powerbank.rentals.charges.fees import count_started_units
from powerbank.rentals.reservations.models import Reservation, ReservationStatus

MINUTE = timedelta(minutes=1)


def fee_until(reservation: Reservation, until: datetime) -> int:
    """Return the fee for each minute that has begun after the free minutes, up to this time or the expiry."""
    return count_started_units(min(until, reservation.expires_at) - reservation.free_until, MINUTE) * reservation.rate


def fee_shown(reservation: Reservation) -> int:
    """Return what a reservation has cost, or while it is active the most that it may cost, which is held."""
    if reservation.status != ReservationStatus.ACTIVE:
        return reservation.fee
    return fee_until(reservation, reservation.expires_at)


def hold_fee(reservation: Reservation, funds: Funds) -> None:
    """Hold the most that the reservation may cost, or refuse with the shortfall."""
    most = fee_until(reservation, reservation.expires_at)
    if most > funds.wallet:
        raise InsufficientFundsError(most - funds.wallet)
    if most:
        holds.place_hold(
            user_id=reservation.user_id,
            reference=_reference(reservation),
            amount=most,
            key=_key(reservation, "hold"),
            actor=billing.ACTOR,
        )


def take_fee(reservation: Reservation, *, until: datetime) -> int:
    """Take the fee up to this time from what is held, give the rest back, and return the fee."""
    if not holds.lock_open_holds(reservation.user_id, _reference(reservation)):
        return 0
    fee = fee_until(reservation, until)
    if fee:
        holds.capture_hold(
            reference=_reference(reservation),
            sources=Sources(wallet=fee),
            key=_key(reservation, "fee"),
            actor=billing.ACTOR,
        )
    holds.release_hold(reference=_reference(reservation), key=_key(reservation, "release"), actor=billing.ACTOR)
    return fee


def refund_fee(reservation: Reservation) -> int:
    """Give back the fee of a reservation that came to nothing through no fault of its person."""
    if not reservation.fee:
        return 0
    paid = open_session().scalar(
        select(WalletTransaction.id).filter_by(
            reference_kind="reservation", reference_id=str(reservation.id), direction="out"
        )
    )
    assert paid is not None  # noqa: S101 (the fee was taken by `take_fee`)
    refunded = refunds.refund_payment(transaction_id=paid, key=_key(reservation, "refund"), actor=billing.ACTOR)
    reservation.fee = 0
    return refunded.amount


def _reference(reservation: Reservation) -> Reference:
    return Reference("reservation", str(reservation.id))


def _key(reservation: Reservation, what: str) -> str:
    return f"reservation:{reservation.id}:{what}"
