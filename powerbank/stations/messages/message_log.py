"""Messages of stations as they came, each kept once."""

from typing import cast
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import open_session
from powerbank.stations.commands.models import Outcome, StationReport, StationState
from powerbank.stations.messages.message import MOST_KEPT, Message

# Nonsense is counted always, and kept only so often: a broken station sends it for ever.
KEEP_ALL_NONSENSE, KEEP_EACH = 50, 1000

# By the table: SQLAlchemy takes three times as long over an insert by the class.
_REPORTS = cast("Table", StationReport.__table__)
_KEEP = insert(_REPORTS).on_conflict_do_nothing().returning(_REPORTS.c.id)


def keep(message: Message, report_id: UUID, outcome: Outcome, *, key: str | None = None, reason: str = "") -> bool:
    """False if it was kept before: a repeat."""
    received = message.received
    kind = type(message.events[-1]).__name__ if message.events else "nonsense"
    row = {
        "id": report_id,
        "station_id": message.station.id,
        "received_at": received.received_at,
        "kind": kind,
        "key": key,
        "outcome": outcome,
        "reason": reason or None,
        "topic": received.topic,
        "payload": received.payload[:MOST_KEPT],
    }
    return open_session().execute(_KEEP, row).one_or_none() is not None


def count_nonsense(state: StationState, message: Message, report_id: UUID) -> None:
    if state.undecodable < KEEP_ALL_NONSENSE or state.undecodable % KEEP_EACH == 0:
        keep(message, report_id, Outcome.UNDECODABLE, reason=message.problem or "")
    state.undecodable += 1
