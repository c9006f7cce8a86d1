"""The extension of a rental: a person buys more time at the price of a package, and pays what is overdue first."""

from datetime import datetime, timedelta
from uuid import UUID

from powerbank.base.clock import format_time
from powerbank.base.db import open_session
from powerbank.base.errors import NotFoundError
from powerbank.ledger.accounts import Kind
from powerbank.outbox.enqueue import publish
from powerbank.payments.options.methods import Method
from powerbank.rentals import errors, notices, queries, transitions
from powerbank.rentals.blocked_returns import pauses
from powerbank.rentals.charges import billing, fees
from powerbank.rentals.events import RentalExtended, RentalPaid
from powerbank.rentals.models import Rental
from powerbank.rentals.states import OUT, Status
from powerbank.stations.errors import package_inactive
from powerbank.stations.packages import services as packages
from powerbank.stations.packages.models import Package, PaymentModel


def extend_rental(rental_id: UUID, *, user_id: UUID, package_id: UUID, method: Method | None, now: datetime) -> Rental:
    """Extend a rental by the time of a package, and plan the reminder of its new due time."""
    rental = queries.lock_rental_of_user(rental_id, user_id)
    funds = billing.lock_funds(user_id)
    if rental.status not in OUT or rental.came_late or rental.provisional or queries.is_bank_back(rental):
        raise errors.not_extendable(rental.status)
    if funds.due:
        raise errors.outstanding_due(funds.due)
    package = _find_package(package_id, rental)
    pauses.end_pause(rental, now=now)
    assert rental.due_at is not None  # noqa: S101 (CHECK started)
    step = f"extension:{rental.version}"
    price = package.price if package.payment_model == PaymentModel.PREPAID else 0
    if now > rental.due_at:
        usage, overdue = fees.usage_fee_of_rental(rental, now), fees.overdue_fee_of_rental(rental, now)
        billing.refuse_if_short(rental, usage + overdue + price, method=method)
        _charge_time_so_far(rental, step, method, usage=usage, overdue=overdue, now=now)
    if package.payment_model == PaymentModel.PREPAID:
        billing.charge_now(rental, price, what=step, revenue=Kind.RENTAL_REVENUE, method=method)
        publish(
            RentalPaid(
                **transitions.event_fields(rental),
                amount=price,
                package=package.name,
                version=f"{rental.id}:{step}",
            )
        )
    _move_due_time(rental, package.duration_minutes, cause=f"user:{user_id}", now=now, package=package.name)
    return rental


def give_time(rental: Rental, *, minutes: int, by: str, now: datetime) -> None:
    """Move the due time of a rental as staff decided. What has run up as overdue since the old one is not charged."""
    if rental.status not in OUT or rental.came_late or rental.provisional or queries.is_bank_back(rental):
        raise errors.not_extendable(rental.status)
    assert rental.due_at is not None  # noqa: S101 (CHECK started)
    rental.was_overdue = rental.was_overdue or now > rental.due_at
    _move_due_time(rental, minutes, cause=by, now=now, minutes=minutes)


def worth_of_time(rental: Rental, minutes: int, *, now: datetime) -> int:
    """Return what is given away with so much time: the overdue fee so far, and what that time would cost as overdue."""
    if rental.due_at is None:
        return 0
    until = max(now, rental.due_at) + timedelta(minutes=minutes)
    return fees.overdue_fee_of_rental(rental, until)


def _move_due_time(rental: Rental, by_minutes: int, *, cause: str, now: datetime, **detail: object) -> None:
    """Move the due time on, note it in the log, and plan the reminder of the new one."""
    assert rental.due_at is not None  # noqa: S101 (CHECK started)
    rental.due_at = max(now, rental.due_at) + timedelta(minutes=by_minutes)
    told = {**detail, "due_at": format_time(rental.due_at)}
    if rental.status == Status.OVERDUE:
        transitions.move_rental(rental, Status.ACTIVE, event="extended", cause=cause, at=now, **told)
    else:
        transitions.note_event(rental, "extended", cause=cause, at=now, **told)
    notices.plan_reminder(rental, since=now, now=now)
    publish(RentalExtended(**transitions.event_fields(rental), due_at=rental.due_at))


def _charge_time_so_far(
    rental: Rental, step: str, method: Method | None, *, usage: int, overdue: int, now: datetime
) -> None:
    """Charge the usage fee up to the due time and the overdue fee since then, and restart the meter."""
    billing.charge_now(rental, usage, what=f"{step}:usage", revenue=Kind.RENTAL_REVENUE, method=method)
    billing.charge_now(rental, overdue, what=f"{step}:overdue", revenue=Kind.OVERDUE_REVENUE, method=method)
    rental.overdue_amount += overdue
    rental.was_overdue = True
    rental.metered_from = now


def _find_package(package_id: UUID, rental: Rental) -> Package:
    """Return a package that the rental can be extended with, or refuse."""
    package = open_session().get(Package, package_id)
    if package is None:
        raise NotFoundError("package")
    if packages.find_offered_package(package.id, rental.station_id) is None:
        raise package_inactive()
    if package.payment_model != rental.payment_model:
        raise errors.other_payment_model()
    return package
