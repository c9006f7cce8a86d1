"""Staff let people off what they owe, in part or whole. It is a loss of the network."""

from datetime import datetime
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base.db import new_id
from powerbank.ledger.adjustments import allowances
from powerbank.ledger.adjustments.models import Act, StaffAct
from powerbank.ledger.events import DueWaived
from powerbank.ledger.movements import dues
from powerbank.ledger.services import Reference
from powerbank.ledger.wallet_models import Due
from powerbank.outbox.enqueue import publish


def ask(due_id: UUID, *, amount: int, reason: str, staff: Staff, now: datetime) -> Due | StaffAct:
    """The due, less what was waived; or the act that waits for a second person."""
    allowances.begin(staff.id)
    due = dues.locked(due_id)
    if amount > due.left:
        raise dues.MoreThanDueError
    about = Reference("due", str(due.id))
    if not allowances.use(Act.DUE_WAIVER, staff.id, worth=amount, about=about, now=now):
        return allowances.wait(Act.DUE_WAIVER, staff.id, worth=amount, about=about, reason=reason, details={}, now=now)
    return _waive(due_id, amount, key=f"due:{due.id}:waived:{new_id()}", by=staff, now=now)


def approved(act: StaffAct, *, staff: Staff, now: datetime) -> None:
    _waive(UUID(act.about_id), act.worth, key=f"act:{act.id}", by=staff, now=now)


def _waive(due_id: UUID, amount: int, *, key: str, by: Staff, now: datetime) -> Due:
    due = dues.waive(due_id=due_id, amount=amount, key=key, actor=f"staff:{by.id}", now=now)
    publish(DueWaived(user_id=due.user_id, due_id=due_id, amount=amount))
    return due
