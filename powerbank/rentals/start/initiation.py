"""A rental begins: who may, at which station, with which bank, paid how. One transaction, or nothing of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from powerbank.base.db import new_id, open_session
from powerbank.content import app_config
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, user_account
from powerbank.outbox.catalogue import rental_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.options.methods import Method
from powerbank.promotions import coupons
from powerbank.rentals import errors, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.events import RentalCancelled
from powerbank.rentals.models import Rental
from powerbank.rentals.start import terms
from powerbank.rentals.states import OPEN, Status
from powerbank.stations.availability.eligibility import find_rentable_package, find_rentable_station
from powerbank.stations.custody import services as banks
from powerbank.stations.models import Station
from powerbank.users.models import AccountStatus, User

# Not sent to the station by then: the person has walked away.
PATIENCE = timedelta(seconds=180)


def initiate(
    *,
    user_id: UUID,
    station_sn: str,
    package_id: UUID,
    method: Method,
    now: datetime,
    coupon_code: str | None = None,
) -> Rental:
    rules = app_config.current()
    refuse_ineligible(user_id, rules)
    station = find_rentable_station(station_sn, now=now)
    package = find_rentable_package(package_id, station)
    rental = _drawn_up(user_id, station.id, method, terms.of_today(package, rules), now)
    if coupon_code is not None:
        discount = coupons.redeem_coupon(
            user_id=user_id,
            code=coupon_code,
            price=rental.price,
            reference=rental.id,
            key=f"rental:{rental.id}",
            now=now,
        )
        rental.discount = discount.amount
    _promise(rental, rules.min_eject_battery, cause=f"user:{user_id}")
    return rental


def replace(old: Rental, *, now: datetime) -> Rental:
    """One that was cancelled because its bank is faulty: the same terms and the same discount, with another bank."""
    rules = app_config.current()
    refuse_ineligible(old.user_id, rules, swap_of=old.id)
    sn = open_session().get_one(Station, old.station_id).sn
    station = find_rentable_station(sn, now=now)
    rental = _drawn_up(old.user_id, station.id, Method(old.payment_method), terms.of(old), now)
    rental.swap_of, rental.discount = old.id, old.discount
    coupons.pass_on_coupons(old.id, to=rental.id)
    _promise(rental, rules.min_eject_battery, cause="swap")
    return rental


def _drawn_up(user_id: UUID, station_id: UUID, method: Method, agreed: dict[str, Any], now: datetime) -> Rental:
    return Rental(
        id=new_id(),
        code=transitions.new_code(),
        user_id=user_id,
        station_id=station_id,
        status=Status.PENDING,
        payment_method=method,
        created_at=now,
        version=0,
        discount=0,
        overdue_amount=0,
        **agreed,
    )


def _promise(rental: Rental, min_battery: int, *, cause: str) -> None:
    """The money is held, the bank reserved, and the command on its way."""
    billing.hold(rental)
    choice = banks.reserve_best_bank(rental.station_id, rental_id=rental.id, min_battery=min_battery)
    rental.bank_id, rental.slot_number = choice.bank_id, choice.slot_number
    open_session().add(rental)
    transitions.begin(rental, cause=cause, at=rental.created_at)
    enqueue(rental_jobs.PROCESS_RENTAL_INITIATION, rental_id=str(rental.id))


def refuse_ineligible(user_id: UUID, rules: app_config.AppConfig, *, swap_of: UUID | None = None) -> None:
    """The person's accounts are locked first: two requests of one person come one after the other."""
    accounts = services.lock_user_accounts(user_id)
    # A bank that came late does not count, and a swap takes the place of the one it stands for.
    open_ones = select(func.count()).where(
        Rental.user_id == user_id, Rental.status.in_(OPEN), ~Rental.came_late, Rental.id.is_distinct_from(swap_of)
    )
    user, count = (
        open_session()
        .execute(
            select(User, open_ones.scalar_subquery())
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
    if due := -(accounts[user_account(Kind.DUES_RECEIVABLE, user_id)].balance or 0):
        raise errors.outstanding_due(due)
    if count >= rules.max_open_rentals:
        raise errors.open_rental_exists()


def abandon(rental_id: UUID, *, event: str, cause: str, now: datetime) -> None:
    """Not sent to the station, and it will not be: everything is given back."""
    rental = transitions.locked(rental_id)
    if rental.status != Status.PENDING:
        return
    billing.funds(rental)  # the accounts, before the bank
    transitions.move(rental, Status.CANCELLED, event=event, cause=cause, at=now)
    rental.ended_at = rental.settled_at = now
    back = billing.release(rental)
    coupons.give_back_coupons(rental.id, now=now)
    banks.end_reservation(rental.id)
    publish(RentalCancelled(**transitions.about(rental), reason=event, amount=back))
