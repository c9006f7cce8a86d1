"""Read the state of a station and the messages that it sent."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.stations.messages.models import StationMessage, StationState
from powerbank.stations.registry.queries import find_station


def lock_station_state(station_id: UUID) -> StationState:
    """Lock the state of a station until the end of the transaction, and make its row if there is none yet."""
    session = open_session()
    query = (
        select(StationState)
        .where(StationState.station_id == station_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    state = session.scalars(query).one_or_none()
    if state is None:
        session.execute(insert(StationState).values(station_id=station_id).on_conflict_do_nothing())
        state = session.scalars(query).one()
    return state


def list_messages(sn: str, *, outcome: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """List a page of the messages that a station sent, newest first."""
    query = select(StationMessage).where(StationMessage.station_id == find_station(sn).id)
    if outcome is not None:
        query = query.where(StationMessage.outcome == outcome)
    found = page(query, StationMessage.id, limit=limit, cursor=cursor, descending=True)
    return found | {"items": [_show_message(each) for each in found["items"]]}


def _show_message(row: StationMessage) -> dict[str, Any]:
    names = ("id", "received_at", "kind", "outcome", "reason", "topic")
    try:
        payload, encoding = row.payload.decode(), "utf-8"
    except UnicodeDecodeError:
        payload, encoding = row.payload.hex(), "hex"
    return {name: getattr(row, name) for name in names} | {"payload": payload, "encoding": encoding}


def count_bad_messages(station_id: UUID) -> dict[str, int]:
    """Count the messages of a station that could not be decoded, and those that were odd, since its registration."""
    state = db.session.get(StationState, station_id)
    return {"undecodable_messages": state.undecodable if state else 0, "odd_messages": state.oddities if state else 0}
