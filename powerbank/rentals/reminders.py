from datetime import datetime
from uuid import UUID

from powerbank.base.db import open_session
from powerbank.outbox.enqueue import publish
from powerbank.rentals import times, transitions
from powerbank.rentals.events import RentalEndingSoon
from powerbank.rentals.models import Rental
from powerbank.rentals.states import Status


def remind(rental_id: UUID, *, due_at: datetime) -> None:
    """Says nothing when the bank is back, or when the rental was extended since: that planned another."""
    rental = open_session().get(Rental, rental_id)
    if rental is None or rental.status != Status.ACTIVE or rental.due_at != due_at or times.is_back(rental):
        return
    publish(RentalEndingSoon(**transitions.about(rental), due_at=due_at))
