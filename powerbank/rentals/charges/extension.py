"""More time, at the price of a package. What is overdue so far is paid first."""

from datetime import datetime, timedelta
from uuid import UUID

from powerbank.base.clock import format_time
from powerbank.base.db import open_session
from powerbank.base.errors import NotFoundError
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, user_account
from powerbank.outbox.enqueue import publish
from powerbank.payments.options.methods import Method
from powerbank.rentals import errors, times, transitions
from powerbank.rentals.charges import billing
from powerbank.rentals.events import RentalExtended, RentalPaid
from powerbank.rentals.models import Rental
from powerbank.rentals.states import OUT, Status
from powerbank.stations.errors import package_inactive
from powerbank.stations.packages import services as packages
from powerbank.stations.packages.models import Package, PaymentModel


def extend(rental_id: UUID, *, user_id: UUID, package_id: UUID, method: Method | None, now: datetime) -> Rental:
    rental = transitions.locked_of_user(rental_id, user_id)
    accounts = services.lock_user_accounts(user_id)
    if rental.status not in OUT or rental.came_late or rental.provisional or times.is_back(rental):
        raise errors.not_extendable(rental.status)
    if due := -(accounts[user_account(Kind.DUES_RECEIVABLE, user_id)].balance or 0):
        raise errors.outstanding_due(due)
    package = _package(package_id, rental)
    assert rental.due_at is not None  # noqa: S101 (CHECK started)
    step = f"extension:{rental.version}"
    if now > rental.due_at:
        _end_spell(rental, step, method, now)
    if package.payment_model == PaymentModel.PREPAID:
        billing.charge_now(rental, package.price, what=step, revenue=Kind.RENTAL_REVENUE, method=method)
        publish(
            RentalPaid(
                **transitions.about(rental), amount=package.price, package=package.name, version=f"{rental.id}:{step}"
            )
        )
    rental.due_at = max(now, rental.due_at) + timedelta(minutes=package.duration_minutes)
    by = f"user:{user_id}"
    about = {"package": package.name, "due_at": format_time(rental.due_at)}
    if rental.status == Status.OVERDUE:
        transitions.move(rental, Status.ACTIVE, event="extended", cause=by, at=now, **about)
    else:
        transitions.note(rental, "extended", cause=by, at=now, **about)
    times.plan_reminder(rental, since=now, now=now)
    publish(RentalExtended(**transitions.about(rental), due_at=rental.due_at))
    return rental


def _end_spell(rental: Rental, step: str, method: Method | None, now: datetime) -> None:
    """Use up to the due time and the overdue fee after it are paid, and the meter begins anew."""
    fee = billing.overdue_fee(rental, now)
    usage = billing.usage_fee(rental, now)
    billing.charge_now(rental, usage, what=f"{step}:usage", revenue=Kind.RENTAL_REVENUE, method=method)
    billing.charge_now(rental, fee, what=f"{step}:overdue", revenue=Kind.OVERDUE_REVENUE, method=method)
    rental.overdue_amount += fee
    rental.was_overdue = True
    rental.metered_from = now


def _package(package_id: UUID, rental: Rental) -> Package:
    package = open_session().get(Package, package_id)
    if package is None:
        raise NotFoundError("package")
    if packages.find_offered_package(package.id, rental.station_id) is None:
        raise package_inactive()
    if package.payment_model != rental.payment_model:
        raise errors.other_payment_model()
    return package
