"""The row of a station that is locked before anything it says is applied."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import open_session
from powerbank.stations.commands.models import StationState


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
