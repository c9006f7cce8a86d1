"""Tell staff when a station goes offline, comes back, flaps, or has banks of low charge: once each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, select, text, update

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.outbox.enqueue import publish
from powerbank.stations.availability.presence import mark_silent_stations
from powerbank.stations.events import StationAlarm, StationBatteryLow, StationOffline, StationOnline
from powerbank.stations.messages.message import parse_charges
from powerbank.stations.messages.models import StationState
from powerbank.stations.models import Station, StationLive

# A station that comes back, or goes away again, within this time is not worth waking anybody.
SETTLING_TIME = timedelta(seconds=30)
# So many outages within such a time count as one trouble. It ends when the station has stayed as it is for a while.
FLAPPING_OUTAGES, FLAPPING_WITHIN, CALM_TIME = 3, timedelta(hours=1), timedelta(minutes=30)
LOW_BATTERY_INTERVAL = timedelta(hours=1)
_LOW_BANKS = text("""
    SELECT count(*) AS number, min(charge) AS least FROM rentable_banks
     WHERE station_id = :station_id AND charge < :limit
""")


def announce_changes(*, now: datetime) -> tuple[int, int]:
    """Mark stations that are silent for too long, and announce what has settled.

    The result is how many stations went offline and how many came back.
    """
    mark_silent_stations(now)
    gone = _announce_offline(now)
    back = _announce_online(now)
    calm_gone, calm_back = _announce_calm(now)
    return gone + calm_gone, back + calm_back


def _announce_offline(now: datetime) -> int:
    """Announce the first outages one by one. A station with more of them is announced as flapping, and then no more."""
    is_repeated = StationState.outages_since > now - FLAPPING_WITHIN
    gone = _update_settled(
        ~StationLive.online & ~StationState.offline_alert_sent,
        now - SETTLING_TIME,
        {
            "offline_alert_sent": True,
            "outages": case((is_repeated, StationState.outages + 1), else_=1),
            "outages_since": case((is_repeated, StationState.outages_since), else_=now),
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
    steady = StationLive.online & StationState.offline_alert_sent & (StationState.outages < FLAPPING_OUTAGES)
    return _publish_online(_update_settled(steady, now - SETTLING_TIME, {"offline_alert_sent": False}))


def _announce_calm(now: datetime) -> tuple[int, int]:
    """Announce where a station stays that was flapping."""
    flapped = StationState.offline_alert_sent & (StationState.outages >= FLAPPING_OUTAGES)
    gone = _update_settled(flapped & ~StationLive.online, now - CALM_TIME, {"outages": 0, "outages_since": None})
    for row in gone:
        _publish_offline(row)
    back = _update_settled(
        flapped & StationLive.online,
        now - CALM_TIME,
        {"offline_alert_sent": False, "outages": 0, "outages_since": None},
    )
    return len(gone), _publish_online(back)


def _update_settled(condition: ColumnElement[bool], since: datetime, values: dict[str, object]) -> Sequence[Any]:
    """Update the states of active stations that have been as they are since then.

    A station whose state somebody holds is left to the next pass: it comes in a minute, and waits for nobody.
    """
    settled = (
        select(StationState.station_id)
        .join(StationLive, StationLive.station_id == StationState.station_id)
        .join(Station, Station.id == StationState.station_id)
        .where(condition, StationState.changed_at <= since, Station.active)
        .with_for_update(of=StationState, skip_locked=True)
    )
    changed = (
        update(StationState)
        .where(
            StationState.station_id == StationLive.station_id,
            Station.id == StationState.station_id,
            StationState.station_id.in_(settled),
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
    """Warn staff of banks that are not rented out only because their charge is low."""
    if state.low_battery_alert_at is not None and now - state.low_battery_alert_at < LOW_BATTERY_INTERVAL:
        return
    limit = app_config.current().low_battery_alert
    if not any(charge is not None and charge < limit for charge in parse_charges(state.measures or "").values()):
        return
    low = open_session().execute(_LOW_BANKS, {"station_id": state.station_id, "limit": limit}).one()
    if low.number:
        state.low_battery_alert_at = now
        publish(
            StationBatteryLow(
                station_sn=open_session().get_one(Station, state.station_id).sn,
                count=low.number,
                battery_level=low.least,
            )
        )
