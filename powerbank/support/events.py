"""What happens in support."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class SupportOverdue(Event):
    """Nobody of staff has answered in time."""

    conversation_id: UUID
    message_id: UUID
    subject: str
    minutes: int
