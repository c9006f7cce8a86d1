"""Keep a free slot for a person whose return was blocked at another station. The primary key keeps it for one only.

Who keeps or releases slots of several stations does so within `live_rows.delay_refresh`, so that the live rows are
locked in one order.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, update

from powerbank.base.db import db, open_session
from powerbank.stations.availability import live_rows, presence
from powerbank.stations.models import KeptSlot, Station, StationLive
from powerbank.stations.registry.opening_hours import is_open

# A station with no more free slots than this keeps none: the others that come to it need them too.
LEAST_LEFT = 2
WITHIN_KM = 50
MOST_CANDIDATES = 100
EARTH_KM = 6371.0088

_NEAR = text("SELECT sn FROM stations_nearby(:lat, :lng, :within, :most, 0, :least, NULL) ORDER BY km")
# Two attempts: somebody else may keep the slot that was found first.
_KEEP = text("""
    INSERT INTO kept_slots (station_id, slot_number, holder_id, kept_until)
    SELECT :station_id, free.number, :holder_id, :until
      FROM (SELECT number, count(*) OVER () AS free FROM free_slots WHERE station_id = :station_id) AS free
     WHERE free.free > :least ORDER BY free.number LIMIT 1 OFFSET :passed
        ON CONFLICT (station_id, slot_number) DO NOTHING
    RETURNING slot_number
""")
_IS_TAKEN = text("""
    SELECT NOT EXISTS (SELECT FROM slots WHERE slots.station_id = kept.station_id AND slots.number = kept.slot_number
                          AND works = 'ok' AND held_because IS NULL AND bank_serial IS NULL)
      FROM kept_slots AS kept WHERE kept.holder_id = :holder_id
""")


@dataclass(frozen=True)
class Place:
    """Where on the globe somebody stands."""

    lat: float
    lng: float

    def distance_to(self, other: "Place") -> int:
        """Return the distance in metres, by the haversine formula."""
        lat, lng = math.radians(other.lat - self.lat) / 2, math.radians(other.lng - self.lng) / 2
        part = math.cos(math.radians(self.lat)) * math.cos(math.radians(other.lat)) * math.sin(lng) ** 2
        return round(2 * EARTH_KM * 1000 * math.asin(min(1, math.sqrt(math.sin(lat) ** 2 + part))))


def keep_nearest_slot(
    near: Place, *, holder_id: UUID, until: datetime, now: datetime, without: Collection[UUID] = ()
) -> KeptSlot | None:
    """Keep a slot at the nearest station that is reachable, open and has more than two. None where there is none."""
    values = {"lat": near.lat, "lng": near.lng, "within": WITHIN_KM, "most": MOST_CANDIDATES, "least": LEAST_LEFT + 1}
    numbers = list(open_session().scalars(_NEAR, values))
    serving = {each.sn: each for each in open_session().scalars(_serving().where(Station.sn.in_(numbers)))}
    for sn in numbers:
        station = serving.get(sn)
        if station is None or station.id in without:
            continue
        if not is_open(station.live.hours, station.live.timezone, now):
            continue
        if (kept := _keep_slot(station.id, holder_id=holder_id, until=until)) is not None:
            return kept
    return None


def is_still_kept(holder_id: UUID, station_id: UUID, *, now: datetime) -> bool:
    """Tell whether the holder's slot is still free, at a station that is reachable and open."""
    taken = open_session().scalar(_IS_TAKEN, {"holder_id": holder_id})
    station = open_session().scalar(_serving().where(Station.id == station_id))
    serves = station is not None and is_open(station.live.hours, station.live.timezone, now)
    return taken is False and serves


def keep_longer(holder_id: UUID, *, until: datetime) -> None:
    """Keep the slot of a holder until a later time."""
    open_session().execute(update(KeptSlot).where(KeptSlot.holder_id == holder_id).values(kept_until=until))


def release_slot(holder_id: UUID) -> None:
    """Give the slot that is kept for somebody back to everybody. Where none is kept, nothing happens."""
    ended = delete(KeptSlot).where(KeptSlot.holder_id == holder_id).returning(KeptSlot.station_id)
    station_id = open_session().scalar(ended)
    live_rows.refresh_live_rows([] if station_id is None else [station_id])


def find_holder(station_id: UUID, slot_number: int) -> UUID | None:
    """Find for whom a slot is kept."""
    found: UUID | None = db.session.scalar(
        select(KeptSlot.holder_id).where(KeptSlot.station_id == station_id, KeptSlot.slot_number == slot_number)
    )
    return found


def list_kept_numbers(station_id: UUID) -> set[int]:
    """List the slots of a station that are kept for somebody."""
    return set(db.session.scalars(select(KeptSlot.slot_number).where(KeptSlot.station_id == station_id)))


def _keep_slot(station_id: UUID, *, holder_id: UUID, until: datetime) -> KeptSlot | None:
    for passed in range(2):
        values = {
            "station_id": station_id,
            "holder_id": holder_id,
            "until": until,
            "least": LEAST_LEFT,
            "passed": passed,
        }
        number = open_session().scalar(_KEEP, values)
        if number is not None:
            live_rows.refresh_live_rows([station_id])
            return open_session().get_one(KeptSlot, (station_id, number), populate_existing=True)
    return None


def _serving() -> Select[Station]:
    """Make the query of the stations that take power banks back now, their opening hours aside."""
    return (
        select(Station)
        .join(StationLive, StationLive.station_id == Station.id)
        .where(
            Station.active,
            Station.return_enabled,
            ~Station.maintenance,
            StationLive.online,
            StationLive.last_seen >= func.now() - presence.make_silence_limit(),
        )
        .execution_options(populate_existing=True)
    )
