"""The initiation of a rental: one transaction checks the person, agrees on the terms, holds the money and reserves a
power bank. If anything of it is refused, nothing of it stays."""

from datetime import datetime, timedelta
from uuid import UUID

from powerbank.base.db import open_session
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.options.methods import Method
from powerbank.promotions import coupons
from powerbank.rentals import queries, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.events import RentalCancelled
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations import services as reservations
from powerbank.rentals.start import admission
from powerbank.rentals.start.eligibility import Admitted, admit_user
from powerbank.rentals.start.terms import current_terms, new_rental, terms_of_rental
from powerbank.rentals.states import Status
from powerbank.stations.availability.eligibility import find_rentable_package, find_rentable_station
from powerbank.stations.custody import services as banks
from powerbank.stations.models import Station

# A rental that was not sent to its station within this time is cancelled: the person has walked away.
PATIENCE = timedelta(seconds=180)


def initiate_rental(
    *,
    user_id: UUID,
    station_sn: str,
    package_id: UUID,
    method: Method,
    now: datetime,
    coupon_code: str | None = None,
) -> Rental:
    """Begin a rental, and enqueue the job that sends the eject command to the station.

    A reservation of the person at this station becomes the rental.
    """
    admitted = admit_user(user_id)
    rules = admitted.rules
    station = find_rentable_station(station_sn, now=now)
    admission.refuse_second_in_line(station.id)
    package = find_rentable_package(package_id, station)
    reservation = reservations.find_for_rental(admitted.reservation_id, station.id, now=now)
    rental = new_rental(
        user_id=user_id, station_id=station.id, method=method, created_at=now, terms=current_terms(package, rules)
    )
    if coupon_code is not None:
        redemption = coupons.redeem_coupon(
            user_id=user_id,
            code=coupon_code,
            price=rental.price,
            reference=rental.id,
            key=f"rental:{rental.id}",
            now=now,
        )
        rental.discount = redemption.amount
    if reservation is not None:
        reservations.charge_for_rental(reservation, rental, now=now)
    if admitted.reservation_id is not None:  # what was held for the reservation is free now
        admitted = admitted._replace(funds=billing.lock_funds(user_id))
    bank = reservations.give_bank_to_rental(reservation, rental) if reservation is not None else None
    _hold_and_promise(rental, admitted, cause=f"user:{user_id}", bank=bank)
    if reservation is not None:
        reservations.note_use(reservation, rental, now=now)
    return rental


def replace_rental(old: Rental, *, now: datetime) -> Rental:
    """Begin a rental in the place of one that was cancelled because its power bank is faulty.

    The terms and the discount stay the same, at the same station, with another power bank.
    """
    admitted = admit_user(old.user_id, swap_of=old.id)
    sn = open_session().get_one(Station, old.station_id).sn
    station = find_rentable_station(sn, now=now)
    rental = new_rental(
        user_id=old.user_id,
        station_id=station.id,
        method=old.payment_method,
        created_at=now,
        terms=terms_of_rental(old),
    )
    rental.swap_of, rental.discount = old.id, old.discount
    coupons.pass_on_coupons(old.id, to=rental.id)
    _hold_and_promise(rental, admitted, cause="swap")
    return rental


def _hold_and_promise(
    rental: Rental, admitted: Admitted, *, cause: str, bank: banks.PromisedBank | None = None
) -> None:
    """Hold the money, promise the best power bank unless one was kept, write the rental, and enqueue its ejection."""
    billing.hold_price(rental, admitted.funds)
    if bank is None:
        least = admitted.rules.min_eject_battery
        bank = banks.promise_best_bank(rental.station_id, holder_id=rental.id, min_battery=least)
    rental.bank_id, rental.slot_number = bank.bank_id, bank.slot_number
    open_session().add(rental)
    transitions.note_initiation(rental, cause=cause, at=rental.created_at)
    enqueue(rental_jobs.PROCESS_RENTAL_INITIATION, rental_id=str(rental.id))


def abandon_initiation(rental_id: UUID, *, event: str, cause: str, now: datetime) -> None:
    """Cancel a rental that was not sent to its station, and give everything back."""
    rental = queries.lock_rental(rental_id)
    if rental.status != Status.PENDING:
        return
    billing.lock_funds(rental.user_id)  # the accounts come before the power bank in the order of locks
    transitions.move_rental(rental, Status.CANCELLED, event=event, cause=cause, at=now)
    rental.ended_at = rental.settled_at = now
    released = billing.release_hold(rental)
    if not cause.startswith("user:"):  # the minutes for which a power bank was kept are paid by who walks away
        released += reservations.refund_of_rental(rental, now=now)
    coupons.give_back_coupons(rental.id, now=now)
    banks.end_promise(rental.id)
    publish(RentalCancelled(**transitions.event_fields(rental), reason=event, amount=released))
