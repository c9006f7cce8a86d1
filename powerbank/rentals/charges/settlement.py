"""The settlement of an ended rental. Its fees are taken once and follow from its times, not from when a job runs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base import money
from powerbank.base.db import open_session
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind
from powerbank.outbox.enqueue import publish
from powerbank.payments.options import payment_sources
from powerbank.payments.options.methods import Method
from powerbank.rentals import queries, transitions
from powerbank.rentals.charges import billing, fees
from powerbank.rentals.disputes.models import SYSTEM, CaseStatus, RentalCase
from powerbank.rentals.events import RentalSettled
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.packages.models import PaymentModel


def settle_rental(rental_id: UUID, *, now: datetime) -> None:
    """Take the fees of a completed rental and release the rest of its hold.

    A rental with an open case stays unsettled. The decision of the case enqueues the settlement again.
    """
    rental = queries.lock_rental(rental_id)
    services.lock_user_accounts(rental.user_id)
    if not _is_to_be_settled(rental):
        return
    assert rental.ended_at is not None  # noqa: S101 (CHECK ended)
    owed = take_fees(rental, until=meter_end(rental, rental.ended_at))
    billing.release_hold(rental)
    _note_settlement(rental, owed=owed, now=now)


def settle_if_paid(rental: Rental, *, now: datetime) -> bool:
    """Settle a locked rental that has just ended, if it costs nothing more and nothing is held for it.

    So it is with a prepaid rental that ends on time. False where money has to move first, or a case is open.
    """
    is_paid = rental.payment_model == PaymentModel.PREPAID and not rental.was_overdue
    if not is_paid or not _is_to_be_settled(rental) or billing.amounts_held(rental):
        return False
    _note_settlement(rental, owed=0, now=now)
    return True


def _is_to_be_settled(rental: Rental) -> bool:
    return (
        rental.status == Status.COMPLETED
        and rental.settled_at is None
        and not rental.came_late
        and not queries.is_disputed(rental)
    )


def _note_settlement(rental: Rental, *, owed: int, now: datetime) -> None:
    rental.settled_at = now
    transitions.note_event(
        rental,
        "settled",
        cause="rentals",
        at=now,
        overdue=money.format_amount(rental.overdue_amount),
        owed=money.format_amount(owed),
    )
    publish(RentalSettled(**transitions.event_fields(rental), amount=billing.amount_paid(rental) + owed))


def take_fees(rental: Rental, *, until: datetime) -> int:
    """Take the usage fee and the overdue fee since the meter was started, and return how much of them is owed.

    The ledger keys hold the time at which the meter was started, so that the same time is billed once.
    """
    meter = rental.metered_from.isoformat() if rental.metered_from else ""
    overdue = fees.overdue_fee_of_rental(rental, until)
    owed = billing.collect_fee(
        rental, fees.usage_fee_of_rental(rental, until), what=f"usage:{meter}", revenue=Kind.RENTAL_REVENUE
    ) + billing.collect_fee(rental, overdue, what=f"overdue:{meter}", revenue=Kind.OVERDUE_REVENUE)
    rental.overdue_amount += overdue
    return owed


def meter_end(rental: Rental, until: datetime) -> datetime:
    """Return `until`, or the time of the first issue that staff upheld if that is earlier.

    Issues that were upheld at once by the records do not count here: they have led to a swap or a loss.
    """
    upheld = open_session().scalar(
        select(func.min(RentalCase.reported_at)).where(
            RentalCase.rental_id == rental.id, RentalCase.status == CaseStatus.UPHELD, RentalCase.decided_by != SYSTEM
        )
    )
    return until if upheld is None else min(until, upheld)


def pay_dues_of_rental(rental_id: UUID, *, user_id: UUID, method: Method, now: datetime) -> int:
    """Pay all open dues of a person's rental, and return the sum that was paid."""
    rental = queries.lock_rental_of_user(rental_id, user_id)
    paid = payment_sources.pay_dues_about(billing.ledger_reference(rental), user_id=user_id, method=method, now=now)
    total = sum(each.amount for each in paid)
    transitions.note_event(rental, "due_paid", cause=f"user:{user_id}", at=now, amount=money.format_amount(total))
    return total
