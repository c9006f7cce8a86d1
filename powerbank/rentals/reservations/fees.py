"""The money of reservations: the most it may cost is held from the start, and what it did cost is taken at its end.

The caller has locked the accounts of the person. The ledger keys name the reservation and the step, so that a repeat
books nothing twice.
"""

from datetime import datetime, timedelta

from powerbank.ledger.errors import InsufficientFundsError
from powerbank.ledger.movements import holds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.rentals.charges import billing
from powerbank.rentals.charges.billing import Funds
from powerbank.rentals.charges.fees import count_started_units
from powerbank.rentals.models import Rental
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


def pay_towards_rental(reservation: Reservation, rental: Rental, *, until: datetime) -> int:
    """Pay the fee up to this time as the first part of what the rental costs, and return it.

    It belongs to the rental in the books, so whoever shares in the rental's revenue shares in it, and a refund of the
    rental gives it back.
    """
    if not holds.lock_open_holds(reservation.user_id, _reference(reservation)):
        return 0
    holds.release_hold(reference=_reference(reservation), key=_key(reservation, "release"), actor=billing.ACTOR)
    fee = fee_until(reservation, until)
    if fee:
        holds.spend_without_hold(
            user_id=reservation.user_id,
            reference=billing.ledger_reference(rental),
            sources=Sources(wallet=fee),
            key=_key(reservation, "fee"),
            actor=billing.ACTOR,
        )
    return fee


def _reference(reservation: Reservation) -> Reference:
    return Reference("reservation", str(reservation.id))


def _key(reservation: Reservation, what: str) -> str:
    return f"reservation:{reservation.id}:{what}"
