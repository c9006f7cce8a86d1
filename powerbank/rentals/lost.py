"""A bank that does not come back is sold; one that comes back after all is paid back."""

from datetime import datetime

from powerbank.ledger.accounts import Kind
from powerbank.ledger.wallet_models import TransactionType
from powerbank.queue import publish
from powerbank.rentals import billing, life, settlement
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations import banks
from powerbank.stations.bank_models import Place
from powerbank.stations.banks import Whereabouts


def declare(rental: Rental, *, cause: str, now: datetime) -> None:
    """The replacement price less the overdue charged so far. The meter stops."""
    rental.lost_at = rental.ended_at = now
    rental.was_overdue = rental.was_overdue or (rental.due_at is not None and now > rental.due_at)
    life.move(rental, Status.LOST, event="lost", cause=cause, at=now)
    settlement.take_fees(rental, until=now)
    price = max(0, rental.replacement_price - rental.overdue_amount)
    billing.collect(rental, price, what="replacement", revenue=Kind.SALES_REVENUE, type_=TransactionType.SALE)
    billing.release(rental)
    rental.settled_at = now
    banks.move(rental.bank_id, Whereabouts(Place.LOST, holder=str(rental.user_id)), at=now, cause=f"rental:{rental.id}")
    publish("rental_lost", **life.about(rental), amount=price)


def found(rental: Rental, *, at: datetime, now: datetime) -> None:
    """What was paid above the fees up to the return goes back."""
    assert rental.lost_at is not None  # noqa: S101
    price = max(0, rental.replacement_price - rental.overdue_amount)
    # Less than nothing if it was back before it was given up, and the news came late.
    further = billing.overdue_fee(rental, at) - billing.overdue_fee(rental, rental.lost_at)
    rental.ended_at = max(at, rental.started_at or at)
    life.move(rental, Status.COMPLETED, event="found", cause="station", at=at)
    kinds = {Kind.SALES_REVENUE, Kind.OVERDUE_REVENUE} if further < 0 else {Kind.SALES_REVENUE}
    back = billing.give_back(rental, max(0, price - further), what="found", actor=billing.ACTOR, now=now, kinds=kinds)
    rental.overdue_amount += min(0, further)
    publish("rental_completed", **life.about(rental), on_time=False, late=True)
    if back:
        publish("rental_refunded", **life.about(rental), amount=back)
