"""After a daemon's start: stations of which too little is known are asked for a snapshot, rather than waited for. A
cabinet of `volinks-v1` says something of itself each nine minutes only."""

from datetime import datetime, timedelta

from sqlalchemy import case, exists, literal, or_, select

from powerbank.base.db import open_session
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import OPEN, CommandName, StationCommand, StationState
from powerbank.stations.models import Station, StationLive
from powerbank.stations.protocols import registry

MOST = 100  # of thousands; the others are heard with their heartbeats
EACH = timedelta(milliseconds=100)  # between two that are asked


def ask(*, now: datetime) -> int:
    """Asks stations that were there, and whose newest snapshot is older than their heartbeat or does not agree with
    the database. How many were asked."""
    heartbeat = case(
        *(
            (Station.protocol == name, literal(timedelta(seconds=protocol.heartbeat_seconds)))
            for name, protocol in registry.by_name.items()
        ),
        else_=literal(timedelta(0)),
    )
    asked = exists().where(
        StationCommand.station_id == Station.id,
        StationCommand.command == CommandName.GET_STATUS,
        StationCommand.status.in_(OPEN),
    )
    doubtful = StationState.contents.is_(None)
    behind = (
        select(Station.id)
        .join(StationLive, StationLive.station_id == Station.id)
        .join(StationState, StationState.station_id == Station.id)
        .where(
            Station.active,
            StationLive.online,
            or_(doubtful, StationState.snapshot_at.is_(None), StationState.snapshot_at < now - heartbeat),
            ~asked,
        )
        .order_by(doubtful.desc(), StationState.snapshot_at.desc().nulls_last())
        .limit(MOST)
    )
    stations = open_session().scalars(behind).all()
    for number, station_id in enumerate(stations):
        commands.request_snapshot(station_id, now=now, at=now + number * EACH)
    return len(stations)
