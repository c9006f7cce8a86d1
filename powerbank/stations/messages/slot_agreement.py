"""Whether the database and a station's own words tell the same of every slot: the function `slots_in_order`.

A bank went out or came back, and the station said so. Where nothing else is open, the next snapshot is known before it
comes: one that shows just this needs no closer look.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import open_session
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands.models import StationState
from powerbank.stations.messages.message import contents_of
from powerbank.stations.protocols.events import Order, Seen, SlotReport, Snapshot, Works

_SLOTS = text("SELECT * FROM slots_in_order(:station_id, :late)")


def slots(station_id: UUID, *, at: datetime) -> Sequence[Any]:
    """Each slot as the station showed it last, and whether there is nothing to find out about what it holds."""
    session = open_session()
    session.flush()
    return session.execute(_SLOTS, {"station_id": station_id, "late": at - command_queries.LATE_EJECTION}).all()


def expect(state: StationState, *, at: datetime) -> None:
    """Notes what the next snapshot shows if nothing else happens; leaves it to a closer look where something is open.

    The revision is of the same moment as the look: whatever is done to the station after it is seen.
    """
    rows = slots(state.station_id, at=at)
    held = sum(row.serial is not None for row in rows)
    state.contents = None
    if rows and all(row.in_order and row.kept == held for row in rows):
        shown = [
            SlotReport(row.number, Works(row.works), Seen.EMPTY if row.serial is None else Seen.BANK, row.serial)
            for row in rows
        ]
        state.contents = contents_of(Snapshot(Order(at), tuple(shown), complete=True))
        state.revision = rows[0].revision
