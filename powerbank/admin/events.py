"""The events of what staff do to accounts."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class AccountStatusChanged(Event):
    user_id: UUID
    status: str
    reason: str
