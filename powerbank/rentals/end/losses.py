"""A bank that does not come back is sold. One that comes back after all is a return like others (`returns.found`)."""

from datetime import datetime

from powerbank.ledger.accounts import Kind
from powerbank.ledger.wallet_models import TransactionType
from powerbank.outbox.enqueue import publish
from powerbank.rentals import transitions
from powerbank.rentals.charges import billing, settlement
from powerbank.rentals.events import RentalLost
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts


def declare(rental: Rental, *, cause: str, now: datetime) -> None:
    """The replacement price less the overdue charged so far. The meter stops."""
    rental.lost_at = rental.ended_at = now
    transitions.move(rental, Status.LOST, event="lost", cause=cause, at=now)
    settlement.take_fees(rental, until=now)
    price = max(0, rental.replacement_price - rental.overdue_amount)
    billing.collect(rental, price, what="replacement", revenue=Kind.SALES_REVENUE, type_=TransactionType.SALE)
    billing.release(rental)
    rental.settled_at = now
    banks.move_bank(
        rental.bank_id, Whereabouts(Place.LOST, holder=str(rental.user_id)), at=now, cause=f"rental:{rental.id}"
    )
    publish(RentalLost(**transitions.about(rental), amount=price))
