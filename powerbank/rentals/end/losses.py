"""The loss of a power bank: it is sold at its replacement price, and paid back if it is found within 30 days."""

from datetime import datetime

from powerbank.ledger.accounts import Kind
from powerbank.ledger.wallet_models import TransactionType
from powerbank.outbox.enqueue import publish
from powerbank.rentals import transitions
from powerbank.rentals.blocked_returns import pauses
from powerbank.rentals.charges import billing, fees, settlement
from powerbank.rentals.end import completion
from powerbank.rentals.end.cancellation import cancel_rental, claim_free_return
from powerbank.rentals.events import RentalLost, RentalRefunded
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts


def declare_lost(rental: Rental, *, cause: str, now: datetime) -> None:
    """Sell the power bank to its person, at the replacement price less the overdue fees so far, and stop the meter."""
    pauses.end_pause(rental, now=now)
    rental.lost_at = rental.ended_at = now
    transitions.move_rental(rental, Status.LOST, event="lost", cause=cause, at=now)
    settlement.take_fees(rental, until=settlement.meter_end(rental, now))
    price = max(0, rental.replacement_price - rental.overdue_amount)
    billing.collect_fee(rental, price, what="replacement", revenue=Kind.SALES_REVENUE, type_=TransactionType.SALE)
    billing.release_hold(rental)
    rental.settled_at = now
    banks.move_bank(
        rental.bank_id, Whereabouts(Place.LOST, holder=str(rental.user_id)), at=now, cause=f"rental:{rental.id}"
    )
    publish(RentalLost(**transitions.event_fields(rental), amount=price))


def return_found_bank(rental: Rental, *, at: datetime, cause: str, now: datetime) -> None:
    """Complete a lost rental whose power bank came back, and refund what was paid above the fees up to the return.

    Where the return is free of charge, everything is refunded.
    """
    assert rental.lost_at is not None  # noqa: S101
    assert rental.started_at is not None  # noqa: S101 (CHECK started)
    assert rental.due_at is not None  # noqa: S101
    price = max(0, rental.replacement_price - rental.overdue_amount)
    # This is negative if the power bank came back before the loss, and the station told of it later.
    until, billed_until = settlement.meter_end(rental, at), settlement.meter_end(rental, rental.lost_at)
    further = fees.overdue_fee_of_rental(rental, until) - fees.overdue_fee_of_rental(rental, billed_until)
    rental.ended_at = max(at, rental.started_at)
    rental.was_overdue = rental.was_overdue or rental.ended_at > rental.due_at
    transitions.move_rental(rental, Status.COMPLETED, event="found", cause=cause, at=at)
    if claim_free_return(rental, rental.ended_at):
        cancel_rental(rental, "cancelled", at=rental.ended_at, cause=f"user:{rental.user_id}", now=now)
        return
    kinds = {Kind.SALES_REVENUE, Kind.OVERDUE_REVENUE} if further < 0 else {Kind.SALES_REVENUE}
    refunded = billing.waive_and_refund(
        rental, max(0, price - further), what="found", actor=billing.ACTOR, now=now, kinds=kinds
    )
    rental.overdue_amount += min(0, further)
    completion.conclude_after_window(rental, now=now)
    if refunded:
        publish(RentalRefunded(**transitions.event_fields(rental), amount=refunded))
