"""The initiation of a rental: one transaction checks the person, agrees on the terms, holds the money and reserves a
power bank. If anything of it is refused, nothing of it stays."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.content.app_config import AppConfig
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.options.methods import Method
from powerbank.promotions import coupons
from powerbank.rentals import errors, queries, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.charges.billing import Funds
from powerbank.rentals.events import RentalCancelled
from powerbank.rentals.models import Rental
from powerbank.rentals.start import admission
from powerbank.rentals.start.terms import current_terms, new_rental, terms_of_rental
from powerbank.rentals.states import OPEN, Status
from powerbank.stations.availability.eligibility import find_rentable_package, find_rentable_station
from powerbank.stations.custody import services as banks
from powerbank.stations.models import Station
from powerbank.users.models import AccountStatus, User

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
    """Begin a rental, and enqueue the job that sends the eject command to the station."""
    rules, funds = admit_user(user_id)
    station = find_rentable_station(station_sn, now=now)
    admission.refuse_second_in_line(station.id)
    package = find_rentable_package(package_id, station)
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
    _hold_and_reserve(rental, funds, rules, cause=f"user:{user_id}")
    return rental


def replace_rental(old: Rental, *, now: datetime) -> Rental:
    """Begin a rental in the place of one that was cancelled because its power bank is faulty.

    The terms and the discount stay the same, at the same station, with another power bank.
    """
    rules, funds = admit_user(old.user_id, swap_of=old.id)
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
    _hold_and_reserve(rental, funds, rules, cause="swap")
    return rental


def admit_user(user_id: UUID, *, swap_of: UUID | None = None) -> tuple[AppConfig, Funds]:
    """Lock the accounts of a person, and refuse a person who may not rent now.

    The lock comes first, so that two requests of one person come one after the other. The configuration by which this
    was decided and the funds that are locked come back. `swap_of` is the rental that the new one replaces.
    """
    rules = app_config.current()
    funds = billing.lock_funds(user_id)
    # A power bank that came out late does not count, nor does the rental that is replaced.
    open_rentals = select(func.count()).where(
        Rental.user_id == user_id, Rental.status.in_(OPEN), ~Rental.came_late, Rental.id.is_distinct_from(swap_of)
    )
    user, count = (
        open_session()
        .execute(
            select(User, open_rentals.scalar_subquery())
            .where(User.id == user_id)
            .options(lazyload(User.identifiers))
            .execution_options(populate_existing=True)
        )
        .one()
    )
    if user.status != AccountStatus.ACTIVE:
        raise errors.account_blocked()
    if not user.profile_complete:
        raise errors.profile_incomplete()
    if rules.kyc_required and user.kyc_status != "approved":
        raise errors.kyc_required()
    if funds.due:
        raise errors.outstanding_due(funds.due)
    if count >= rules.max_open_rentals:
        raise errors.open_rental_exists()
    return rules, funds


def _hold_and_reserve(rental: Rental, funds: Funds, rules: AppConfig, *, cause: str) -> None:
    """Hold the money, reserve the best power bank, write the rental, and enqueue its ejection."""
    billing.hold_price(rental, funds)
    choice = banks.reserve_best_bank(rental.station_id, rental_id=rental.id, min_battery=rules.min_eject_battery)
    rental.bank_id, rental.slot_number = choice.bank_id, choice.slot_number
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
    coupons.give_back_coupons(rental.id, now=now)
    banks.end_reservation(rental.id)
    publish(RentalCancelled(**transitions.event_fields(rental), reason=event, amount=released))
