"""What staff may decide about a rental as it stands now, and each decision together with its row in the audit log."""

from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.rentals import queries
from powerbank.rentals.cards import RentalCard
from powerbank.rentals.models import Rental
from powerbank.rentals.staff import resolution
from powerbank.rentals.staff.resolution import ACTS, Action
from powerbank.rentals.states import OPEN, OUT, Status

# In which statuses each way to end or to change a rental is open. Cases and money have rules of their own.
WHILE = MappingProxyType(
    {
        Action.COMPLETE: OUT | {Status.UNRESOLVED},
        Action.CANCEL: OPEN | {Status.COMPLETED},
        Action.EXTEND: OUT,
        Action.SWAP: frozenset({Status.ACTIVE}),
        Action.LOST: OUT,
    }
)


def possible_actions(card: RentalCard, *, staff: Staff) -> list[Action]:
    """List what this member of staff may decide about a rental now, the most frequent first."""
    rental = card.rental
    found = [action for action, statuses in WHILE.items() if rental.status in statuses]
    if card.amount_paid or card.due_amount:
        found.append(Action.REFUND)
    if rental.started_at is not None:
        found.append(Action.CHARGE)
    return [action for action in found if staff.may(permission_of(action))]


def permission_of(action: Action) -> str:
    act = ACTS.get(action)
    return allowances.PERMISSIONS[act] if act is not None else "rentals.resolve"


def decide_by_staff(rental_id: UUID, *, staff: Staff, now: datetime, **asked: Any) -> Rental | StaffAct:
    """Resolve a rental, or keep the act until a second person decides, and record either."""
    old = resolution.audit_values(queries.find_rental(rental_id))
    done = resolution.resolve_by_staff(rental_id, staff=staff, now=now, **asked)
    told = {name: str(value) for name, value in asked.items() if value is not None}
    if isinstance(done, StaffAct):
        audit.record_by_staff("rental.ask_to_resolve", "rental", rental_id, new=told | {"act_id": str(done.id)})
    else:
        audit.record_by_staff("rental.resolve", "rental", rental_id, old=old, new=resolution.audit_values(done) | told)
    return done
