"""Decide whether a station is there: it speaks, it is silent for too long, or the broker says that it is gone."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, case, literal, select, text, update

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.stations.availability import live_rows
from powerbank.stations.messages.models import StationState
from powerbank.stations.models import Station, StationLive
from powerbank.stations.protocols import PROTOCOLS

UNKNOWN_PROTOCOL_LIMIT = timedelta(minutes=30)

_RECORD = text("""
    UPDATE station_live
       SET online = :online, last_seen = CASE WHEN :online THEN greatest(last_seen, :at) ELSE last_seen END
     WHERE station_id = :id AND online = :was
""")


def find_silence_limit(heartbeat: timedelta) -> timedelta:
    """Find how long a station with this heartbeat may be silent before it counts as offline."""
    return heartbeat * app_config.current().offline_after_intervals


def make_silence_limit() -> ColumnElement[timedelta]:
    """Make the same limit as an expression of a query that reads `Station`."""
    return case(
        *(
            (Station.protocol == name, literal(find_silence_limit(timedelta(seconds=protocol.heartbeat_seconds))))
            for name, protocol in PROTOCOLS.items()
        ),
        else_=literal(UNKNOWN_PROTOCOL_LIMIT),
    )


def record_presence(state: StationState, *, online: bool, at: datetime) -> None:
    """Record that the station spoke, or that the broker says that it is gone."""
    session = open_session()
    values = {"id": state.station_id, "online": online, "at": at}
    if session.execute(_RECORD, values | {"was": online}).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(_RECORD, values | {"was": not online})
        state.changed_at = at
        live_rows.announce_stations(live_rows.find_station_numbers([state.station_id]))


def mark_silent_stations(now: datetime) -> None:
    """Mark stations as offline that have been silent for too long."""
    session = open_session()
    silent = session.scalars(
        select(StationState.station_id)
        .join(StationLive, StationLive.station_id == StationState.station_id)
        .join(Station, Station.id == StationState.station_id)
        .where(StationLive.online, StationLive.last_seen < now - make_silence_limit())
        .order_by(StationState.station_id)
        .with_for_update(of=StationState, skip_locked=True)  # a station whose row is locked speaks at this moment
    ).all()
    if not silent:
        return
    session.execute(
        update(StationLive).where(StationLive.station_id.in_(silent), StationLive.online).values(online=False)
    )
    session.execute(update(StationState).where(StationState.station_id.in_(silent)).values(changed_at=now))
    live_rows.announce_stations(live_rows.find_station_numbers(silent))


def describe_connectivity(station_id: UUID, *, now: datetime) -> dict[str, object]:
    """Describe whether a station is online and how long it has been silent, for an issue that says `offline`."""
    row = open_session().get_one(StationLive, station_id, populate_existing=True)
    silent = None if row.last_seen is None else int((now - row.last_seen).total_seconds())
    return {"online": row.online, "silent_seconds": silent}
