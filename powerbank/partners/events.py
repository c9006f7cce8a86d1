"""The events of partners."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class AgreementEnds(Event):
    """An agreement ends within a month. `version` tells its end from another end that it may be given."""

    agreement_id: UUID
    payee: str
    expires_at: datetime
    version: str
