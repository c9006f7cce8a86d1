"""What is known of a station that is said not to take a power bank back."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from powerbank.base.db import first_id_of, open_session
from powerbank.rentals.blocked_returns.models import BlockReason
from powerbank.rentals.models import Rental, RentalEvent
from powerbank.stations.availability import presence
from powerbank.stations.messages.models import StationMessage
from powerbank.stations.models import Station, StationLive
from powerbank.stations.protocols.events import ReturnFailed
from powerbank.stations.registry.opening_hours import is_open

# What a station has shown of its slots within this time disproves that it is full.
SEEN_WITHIN = timedelta(minutes=5)
# A station that has refused a power bank within this time is believed to refuse this one.
REFUSED_WITHIN = timedelta(minutes=15)


def judge_station(station: Station, rental: Rental, *, now: datetime) -> BlockReason:
    """Return what bears the report out. `SLOTS_FREE`: the station was just seen with free slots, and refuses nobody."""
    live, is_fresh = (
        open_session()
        .execute(
            select(StationLive, StationLive.last_seen >= func.now() - presence.make_silence_limit())
            .join(Station, Station.id == StationLive.station_id)
            .where(StationLive.station_id == station.id)
            .execution_options(populate_existing=True)
        )
        .one()
    )
    if station.maintenance or not station.active or not station.return_enabled:
        return BlockReason.STATION_MAINTENANCE
    if not (live.online and is_fresh):
        return BlockReason.STATION_OFFLINE
    if not is_open(live.hours, live.timezone, now):
        return BlockReason.STATION_CLOSED
    if live.free_slots == 0:
        return BlockReason.STATION_FULL
    return _judge_free_slots(station, live, rental, now)


def _judge_free_slots(station: Station, live: StationLive, rental: Rental, now: datetime) -> BlockReason:
    """Return whether a station that seems to have free slots may refuse this power bank all the same."""
    if _has_just_refused(station, rental, now):
        return BlockReason.STATION_REFUSES
    if live.last_seen is None or live.last_seen < now - SEEN_WITHIN:
        return BlockReason.STATION_SILENT
    return BlockReason.SLOTS_FREE


def _has_just_refused(station: Station, rental: Rental, now: datetime) -> bool:
    """Tell whether the station said that it refused a power bank, or this one has failed its self-test there."""
    said = select(StationMessage.id).where(
        StationMessage.station_id == station.id,
        StationMessage.id >= first_id_of(now - REFUSED_WITHIN),
        StationMessage.kind == ReturnFailed.__name__,
    )
    if open_session().scalar(said.limit(1)) is not None:
        return True
    tested = open_session().execute(
        select(RentalEvent.event, RentalEvent.detail)
        .where(
            RentalEvent.rental_id == rental.id,
            RentalEvent.event.in_(["return_provisional", "return_refused"]),
            RentalEvent.at >= now - REFUSED_WITHIN,
        )
        .order_by(RentalEvent.id)
    )
    outcomes = {each.event: each.detail for each in tested}
    return "return_refused" in outcomes and outcomes.get("return_provisional", {}).get("station") == station.sn
