"""Whether stations are there, and what staff are told of them: each thing once, however often a station flaps."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, text, update

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.outbox.enqueue import publish
from powerbank.stations.availability.presence import mark_silent_stations
from powerbank.stations.events import StationAlarm, StationBatteryLow, StationOffline, StationOnline
from powerbank.stations.messages.message import parse_charges
from powerbank.stations.messages.models import StationState
from powerbank.stations.models import Station, StationLive

# A station that is back within this time, or away again, is not worth waking anybody.
SETTLING_TIME = timedelta(seconds=30)
# So many outages within such a time are one trouble, which ends when the station has stayed as it is for a while.
FLAPPING_OUTAGES, FLAPPING_WITHIN, CALM_TIME = 3, timedelta(hours=1), timedelta(minutes=30)
LOW_BATTERY_INTERVAL = timedelta(hours=1)
_LOW_BANKS = text("""
    SELECT count(*) AS number, min(charge) AS least FROM rentable_banks
     WHERE station_id = :station_id AND charge < :limit
""")


def announce_changes(*, now: datetime) -> tuple[int, int]:
    """Marks those that are silent for too long, then tells what has settled: how many went, how many came back."""
    mark_silent_stations(now)
    gone = _announce_offline(now)
    back = _announce_online(now)
    calm_gone, calm_back = _announce_calm(now)
    return gone + calm_gone, back + calm_back


def _announce_offline(now: datetime) -> int:
    """The first outages each by itself. A station that goes on like this is told of as one that does, and no more."""
    of_late = StationState.outages_since > now - FLAPPING_WITHIN
    gone = _update_settled(
        ~StationLive.online & ~StationState.offline_told,
        now - SETTLING_TIME,
        {
            "offline_told": True,
            "outages": case((of_late, StationState.outages + 1), else_=1),
            "outages_since": case((of_late, StationState.outages_since), else_=now),
        },
    )
    for row in gone:
        if row.outages < FLAPPING_OUTAGES:
            _publish_offline(row)
        else:
            publish(
                StationAlarm(
                    station_sn=row.sn,
                    kind="flapping",
                    slot_number=None,
                    serial=None,
                    report_id=None,
                    detail=f"it goes away and comes back, {row.outages} times within an hour",
                )
            )
    return len(gone)


def _announce_online(now: datetime) -> int:
    steady = StationLive.online & StationState.offline_told & (StationState.outages < FLAPPING_OUTAGES)
    return _publish_online(_update_settled(steady, now - SETTLING_TIME, {"offline_told": False}))


def _announce_calm(now: datetime) -> tuple[int, int]:
    """A station that came and went, and now stays: away, or here."""
    flapped = StationState.offline_told & (StationState.outages >= FLAPPING_OUTAGES)
    gone = _update_settled(flapped & ~StationLive.online, now - CALM_TIME, {"outages": 0, "outages_since": None})
    for row in gone:
        _publish_offline(row)
    back = _update_settled(
        flapped & StationLive.online, now - CALM_TIME, {"offline_told": False, "outages": 0, "outages_since": None}
    )
    return len(gone), _publish_online(back)


def _update_settled(which: ColumnElement[bool], since: datetime, values: dict[str, object]) -> Sequence[Any]:
    """Of active stations that have been as they are since then."""
    changed = (
        update(StationState)
        .where(
            StationState.station_id == StationLive.station_id,
            Station.id == StationState.station_id,
            which,
            StationState.changed_at <= since,
            Station.active,
        )
        .values(values)
        .returning(StationState.station_id, Station.sn, StationLive.last_seen, StationState.outages)
    )
    return open_session().execute(changed).all()


def _publish_offline(row: Any) -> None:
    publish(StationOffline(station_id=row.station_id, station_sn=row.sn, last_seen=row.last_seen))


def _publish_online(rows: Sequence[Any]) -> int:
    for row in rows:
        publish(StationOnline(station_id=row.station_id, station_sn=row.sn))
    return len(rows)


def warn_of_low_charges(state: StationState, *, now: datetime) -> None:
    """Banks that would be rented out but for their charge."""
    if state.low_battery_told_at is not None and now - state.low_battery_told_at < LOW_BATTERY_INTERVAL:
        return
    limit = app_config.current().low_battery_alert
    if not any(charge is not None and charge < limit for charge in parse_charges(state.measures or "").values()):
        return
    low = open_session().execute(_LOW_BANKS, {"station_id": state.station_id, "limit": limit}).one()
    if low.number:
        state.low_battery_told_at = now
        publish(
            StationBatteryLow(
                station_sn=open_session().get_one(Station, state.station_id).sn,
                count=low.number,
                battery_level=low.least,
            )
        )
