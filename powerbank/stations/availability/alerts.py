"""Whether stations are there, and what staff are told of them: each thing once, however often a station flaps."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, select, text, update

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.outbox.enqueue import publish
from powerbank.stations.availability import presence
from powerbank.stations.commands.models import StationState
from powerbank.stations.events import StationAlarm, StationBatteryLow, StationOffline, StationOnline
from powerbank.stations.messages.message import charges_in
from powerbank.stations.models import Station, StationLive

# A station that is back within this time, or away again, is not worth waking anybody.
SETTLED = timedelta(seconds=30)
# So many outages within such a time are one trouble, which ends when the station has stayed as it is for a while.
FLAPPING, OF_LATE, CALM = 3, timedelta(hours=1), timedelta(minutes=30)
BATTERY_EACH = timedelta(hours=1)
_LOW = text("""
    SELECT count(*) AS number, min(charge) AS least FROM rentable_banks
     WHERE station_id = :station_id AND charge < :limit
""")
_PRESENT = text("""
    UPDATE station_live
       SET online = :online, last_seen = CASE WHEN :online THEN greatest(last_seen, :at) ELSE last_seen END
     WHERE station_id = :id AND online = :was
""")


def note_presence(state: StationState, *, online: bool, at: datetime) -> None:
    """The station spoke, or the broker says that it is gone."""
    session = open_session()
    said = {"id": state.station_id, "online": online, "at": at}
    if session.execute(_PRESENT, said | {"was": online}).rowcount == 0:  # type: ignore[attr-defined]
        session.execute(_PRESENT, said | {"was": not online})
        state.changed_at = at


def sweep(*, now: datetime) -> tuple[int, int]:
    """Marks those that are silent for too long, then tells what has settled: how many went, how many came back."""
    _mark_silent(now)
    gone = _tell_gone(now)
    back = _tell_back(now)
    calm_gone, calm_back = _tell_calm(now)
    return gone + calm_gone, back + calm_back


def _tell_gone(now: datetime) -> int:
    """The first outages each by itself. A station that goes on like this is told of as one that does, and no more."""
    of_late = StationState.outages_since > now - OF_LATE
    gone = _settled(
        ~StationLive.online & ~StationState.offline_told,
        now - SETTLED,
        {
            "offline_told": True,
            "outages": case((of_late, StationState.outages + 1), else_=1),
            "outages_since": case((of_late, StationState.outages_since), else_=now),
        },
    )
    for row in gone:
        if row.outages < FLAPPING:
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


def _tell_back(now: datetime) -> int:
    steady = StationLive.online & StationState.offline_told & (StationState.outages < FLAPPING)
    return _publish_online(_settled(steady, now - SETTLED, {"offline_told": False}))


def _tell_calm(now: datetime) -> tuple[int, int]:
    """A station that came and went, and now stays: away, or here."""
    flapped = StationState.offline_told & (StationState.outages >= FLAPPING)
    gone = _settled(flapped & ~StationLive.online, now - CALM, {"outages": 0, "outages_since": None})
    for row in gone:
        _publish_offline(row)
    back = _settled(
        flapped & StationLive.online, now - CALM, {"offline_told": False, "outages": 0, "outages_since": None}
    )
    return len(gone), _publish_online(back)


def _settled(which: ColumnElement[bool], since: datetime, values: dict[str, object]) -> Sequence[Any]:
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


def _mark_silent(now: datetime) -> None:
    session = open_session()
    silent = session.scalars(
        select(StationState.station_id)
        .join(StationLive, StationLive.station_id == StationState.station_id)
        .join(Station, Station.id == StationState.station_id)
        .where(StationLive.online, StationLive.last_seen < now - presence.offline_after())
        .order_by(StationState.station_id)
        .with_for_update(of=StationState, skip_locked=True)  # one that is speaking just now is not silent
    ).all()
    if not silent:
        return
    session.execute(
        update(StationLive).where(StationLive.station_id.in_(silent), StationLive.online).values(online=False)
    )
    session.execute(update(StationState).where(StationState.station_id.in_(silent)).values(changed_at=now))


def look_at_charges(state: StationState, *, now: datetime) -> None:
    """Banks that would be rented out but for their charge."""
    if state.low_battery_told_at is not None and now - state.low_battery_told_at < BATTERY_EACH:
        return
    limit = app_config.current().low_battery_alert
    if not any(charge is not None and charge < limit for charge in charges_in(state.measures or "").values()):
        return
    low = open_session().execute(_LOW, {"station_id": state.station_id, "limit": limit}).one()
    if low.number:
        state.low_battery_told_at = now
        publish(
            StationBatteryLow(
                station_sn=open_session().get_one(Station, state.station_id).sn,
                count=low.number,
                battery_level=low.least,
            )
        )


def connectivity(station_id: UUID, *, now: datetime) -> dict[str, object]:
    """For an issue that says `offline`: what the network itself knows."""
    row = open_session().get_one(StationLive, station_id, populate_existing=True)
    silent = None if row.last_seen is None else int((now - row.last_seen).total_seconds())
    return {"online": row.online, "silent_seconds": silent}
