"""Keep the messages of stations as they came, each of them once and for thirty days."""

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import first_id_of, new_id, open_session
from powerbank.stations.messages.message import MAX_KEPT_BYTES, DecodedMessage
from powerbank.stations.messages.models import Outcome, StationMessage, StationState

RETENTION = timedelta(days=30)
DELETED_AT_ONCE = 5000
# Every undecodable message is counted. Of those after the first fifty only one in a thousand is kept, because a broken
# station sends them for ever.
KEPT_UNDECODABLE, KEPT_ONE_IN = 50, 1000

# SQLAlchemy takes a third of the time over an insert by the table that it takes over one by the class.
_MESSAGES = cast("Table", StationMessage.__table__)
_KEEP = insert(_MESSAGES).on_conflict_do_nothing().returning(_MESSAGES.c.id)


def keep_message(
    message: DecodedMessage, message_id: UUID, outcome: Outcome, *, key: str | None = None, reason: str = ""
) -> bool:
    """Keep a message. A repeat, which has the key of a kept message, gives False."""
    received = message.received
    kind = type(message.events[-1]).__name__ if message.events else "nonsense"
    row = {
        "id": message_id,
        "station_id": message.station.id,
        "received_at": received.received_at,
        "kind": kind,
        "key": key,
        "outcome": outcome,
        "reason": reason or None,
        "topic": received.topic,
        "payload": received.payload[:MAX_KEPT_BYTES],
    }
    return open_session().execute(_KEEP, row).one_or_none() is not None


def count_undecodable(state: StationState, message: DecodedMessage, message_id: UUID) -> None:
    """Count a message that cannot be decoded, and keep it if the station has not sent too many of them."""
    if state.undecodable < KEPT_UNDECODABLE or state.undecodable % KEPT_ONE_IN == 0:
        keep_message(message, message_id, Outcome.UNDECODABLE, reason=message.problem or "")
    state.undecodable += 1


def keep_failed_message(message: DecodedMessage, error: str) -> None:
    """Keep a message that our own code could not apply, so that we can look at it."""
    received = message.received
    open_session().add(
        StationMessage(
            id=new_id(),
            station_id=message.station.id,
            received_at=received.received_at,
            kind="failed",
            outcome=Outcome.FAILED,
            reason=error[:500],
            topic=received.topic,
            payload=received.payload[:MAX_KEPT_BYTES],
        )
    )


def delete_old_messages(*, now: datetime) -> int:
    """Delete a batch of old messages and count them. 0 means that no old message is left."""
    old = (
        select(StationMessage.id)
        .where(StationMessage.id < first_id_of(now - RETENTION))
        .order_by(StationMessage.id)
        .limit(DELETED_AT_ONCE)
    )
    deleted = open_session().execute(delete(StationMessage).where(StationMessage.id.in_(old)))
    return int(deleted.rowcount)  # type: ignore[attr-defined]
