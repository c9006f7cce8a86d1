"""The row of a station that is locked before anything it says is applied."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.stations.commands.models import StationReport, StationState
from powerbank.stations.registry.queries import find_station


def lock(station_id: UUID) -> StationState:
    """The station's row, locked until the end of the transaction; made if this is the first time."""
    session = open_session()
    row = (
        select(StationState)
        .where(StationState.station_id == station_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalars(row).one_or_none()
    if found is None:
        session.execute(insert(StationState).values(station_id=station_id).on_conflict_do_nothing())
        found = session.scalars(row).one()
    return found


def list_messages(sn: str, *, outcome: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    query = select(StationReport).where(StationReport.station_id == find_station(sn).id)
    if outcome is not None:
        query = query.where(StationReport.outcome == outcome)
    found = page(query, StationReport.id, limit=limit, cursor=cursor, descending=True)
    return found | {"items": [_show_message(each) for each in found["items"]]}


def _show_message(row: StationReport) -> dict[str, Any]:
    names = ("id", "received_at", "kind", "outcome", "reason", "topic")
    try:
        payload, encoding = row.payload.decode(), "utf-8"
    except UnicodeDecodeError:
        payload, encoding = row.payload.hex(), "hex"
    return {name: getattr(row, name) for name in names} | {"payload": payload, "encoding": encoding}


def count_bad_messages(station_id: UUID) -> dict[str, int]:
    """How many of its messages made no sense, and how many were odd, since it was registered."""
    state = db.session.get(StationState, station_id)
    return {"undecodable_messages": state.undecodable if state else 0, "odd_messages": state.odd if state else 0}
