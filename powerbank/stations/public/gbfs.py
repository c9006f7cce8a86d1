"""Make the feeds of open data in the format of GBFS 3.0. A vehicle of GBFS is a power bank here, a dock is a slot."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from powerbank.base.clock import format_time
from powerbank.base.db import db
from powerbank.stations.models import Slot, Station, StationLive
from powerbank.stations.registry.opening_hours import format_for_osm, is_open

VERSION = "3.0"
BANK = "power-bank"
LANGUAGE = "en"
LONGEST_RESERVATION = 20  # minutes; `rentals.reservations` lets nobody keep a power bank for longer
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # the format wants a `last_reported`, also of a station that never spoke

TTL = {
    "gbfs": 86400,
    "system_information": 3600,
    "vehicle_types": 86400,
    "station_information": 300,
    "station_status": 15,
}
FEEDS = tuple(name for name in TTL if name != "gbfs")


def make_feed(name: str, *, public_url: str, contact: str, now: datetime) -> dict[str, Any]:
    """Make a feed by its name."""
    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "gbfs": lambda: {"feeds": [{"name": each, "url": f"{public_url}/gbfs/3.0/{each}.json"} for each in FEEDS]},
        "system_information": lambda: _describe_system(public_url, contact),
        "vehicle_types": _describe_types,
        "station_information": lambda: {"stations": _describe_stations(public_url)},
        "station_status": lambda: {"stations": _describe_status(now)},
    }
    data = makers[name]()
    return {"last_updated": format_time(now.replace(microsecond=0)), "ttl": TTL[name], "version": VERSION, "data": data}


def _make_text(value: str) -> list[dict[str, str]]:
    return [{"text": value, "language": LANGUAGE}]


def _describe_system(public_url: str, contact: str) -> dict[str, Any]:
    return {
        "system_id": "powerbank",
        "languages": [LANGUAGE],
        "name": _make_text("Powerbank"),
        "opening_hours": "24/7",
        "url": public_url,
        "feed_contact_email": contact,
        "timezone": "Asia/Kathmandu",
    }


def _describe_types() -> dict[str, Any]:
    """Describe a power bank as a vehicle. "Human" is the only propulsion that the format wants no range of."""
    kind = {
        "vehicle_type_id": BANK,
        "form_factor": "other",
        "propulsion_type": "human",
        "name": _make_text("Power bank"),
        "return_constraint": "any_station",
        "default_reserve_time": LONGEST_RESERVATION,
    }
    return {"vehicle_types": [kind]}


def _describe_stations(public_url: str) -> list[dict[str, Any]]:
    slots = select(Slot.station_id, func.count().label("count")).group_by(Slot.station_id).subquery()
    query = (
        select(
            Station.sn,
            Station.name,
            Station.lat,
            Station.lng,
            Station.address,
            Station.opening_hours,
            func.coalesce(slots.c.count, 0).label("capacity"),
        )
        .outerjoin(slots, slots.c.station_id == Station.id)
        .where(Station.active)
        .order_by(Station.sn)
    )
    return [
        {
            "station_id": row.sn,
            "name": _make_text(row.name),
            "lat": row.lat,
            "lon": row.lng,
            "address": row.address,
            "capacity": row.capacity,
            "is_virtual_station": False,
            "station_opening_hours": format_for_osm(row.opening_hours),
            "rental_uris": {"web": f"{public_url}/s/{row.sn}"},
        }
        for row in db.session.execute(query)
    ]


def _describe_status(now: datetime) -> list[dict[str, Any]]:
    query = (
        select(
            StationLive.sn,
            StationLive.available_banks,
            StationLive.free_slots,
            StationLive.online,
            StationLive.maintenance,
            StationLive.hours,
            StationLive.timezone,
            StationLive.last_seen,
            Station.rent_enabled,
            Station.return_enabled,
        )
        .join(Station, Station.id == StationLive.station_id)
        .where(StationLive.active)
        .order_by(StationLive.sn)
    )
    return [_describe_status_of(row, now) for row in db.session.execute(query)]


def _describe_status_of(row: Any, now: datetime) -> dict[str, Any]:
    serves = row.online and not row.maintenance and is_open(row.hours, row.timezone, now)
    return {
        "station_id": row.sn,
        "num_vehicles_available": row.available_banks,
        "vehicle_types_available": [{"vehicle_type_id": BANK, "count": row.available_banks}],
        "num_docks_available": row.free_slots,
        "vehicle_docks_available": [{"vehicle_type_ids": [BANK], "count": row.free_slots}],
        "is_installed": True,
        "is_renting": serves and row.rent_enabled,
        "is_returning": serves and row.return_enabled,
        "last_reported": format_time((row.last_seen or NEVER).replace(microsecond=0)),
    }
