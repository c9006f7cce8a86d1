"""Which webhooks staff mean: by gateway, state, top-up and time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from powerbank.base.db import db
from powerbank.ledger.queries import bound_by_time
from powerbank.payments.models import EventState, GatewayEvent

MOST = 100_000  # that one operation looks into once more


@dataclass(frozen=True, kw_only=True)
class EventFilter:
    gateway: str | None = None
    state: str | None = None
    intent_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def select_events(self) -> Select[Any]:
        query = bound_by_time(select(GatewayEvent), GatewayEvent, self.since, self.until, at=GatewayEvent.received_at)
        for column, value in (
            (GatewayEvent.gateway, self.gateway),
            (GatewayEvent.state, self.state),
            (GatewayEvent.intent_id, self.intent_id),
        ):
            if value is not None:
                query = query.where(column == value)
        found: Select[Any] = query
        return found

    def select_ids_to_replay(self) -> Select[Any]:
        """Select what may be looked into once more: of what is forged nobody knows who sent it."""
        wanted = self.select_events().where(GatewayEvent.state != EventState.FORGED)
        return wanted.with_only_columns(GatewayEvent.id).limit(MOST + 1)


def count_to_replay(events: EventFilter) -> int:
    """Count the webhooks that match and may be looked into once more, up to one more than an operation takes."""
    return db.session.scalar(select(func.count()).select_from(events.select_ids_to_replay().subquery())) or 0
