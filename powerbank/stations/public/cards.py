"""Describe a station for those who read it: as a card in a list, or in full."""

from datetime import datetime
from typing import Any
from uuid import UUID

from powerbank.stations.availability import kept_slots
from powerbank.stations.models import Slot, Station
from powerbank.stations.packages import services as packages
from powerbank.stations.protocols.events import Works
from powerbank.stations.public.favourites import find_favourites_among
from powerbank.stations.registry import queries
from powerbank.stations.registry.opening_hours import is_open


def make_card_page(page: dict[str, Any], *, user_id: UUID | None, now: datetime) -> dict[str, Any]:
    """Make a page of cards from a page of stations."""
    favourites = find_favourites_among(user_id, page["items"])
    return page | {"items": [make_card(each, is_favorite=each.id in favourites, now=now) for each in page["items"]]}


def make_card(station: Station, *, is_favorite: bool, now: datetime) -> dict[str, Any]:
    live = station.live
    return {
        "sn": station.sn,
        "name": station.name,
        "address": station.address,
        "city": station.city,
        "lat": station.lat,
        "lng": station.lng,
        "status": live.status,
        "available_banks": live.available_banks,
        "free_slots": live.free_slots,
        "open_now": is_open(live.hours, live.timezone, now),
        "last_seen": live.last_seen,
        "is_favorite": is_favorite,
    }


def make_detail(station: Station, *, user_id: UUID | None, now: datetime, with_serials: bool) -> dict[str, Any]:
    is_favorite = station.id in find_favourites_among(user_id, [station])
    return make_card(station, is_favorite=is_favorite, now=now) | {
        "timezone": station.timezone,
        "opening_hours": station.opening_hours,
        "images": station.images,
        "amenities": station.amenities,
        "rent_enabled": station.rent_enabled,
        "return_enabled": station.return_enabled,
        "slots": _make_slot_cards(station, with_serials=with_serials),
        "packages": packages.list_packages_at(station.id),
    }


def _make_slot_cards(station: Station, *, with_serials: bool) -> list[dict[str, Any]]:
    """Show the slots. One that is kept for somebody whose return was blocked elsewhere is locked to everybody else."""
    kept = kept_slots.list_kept_numbers(station.id)
    cards = [make_slot_card(each, with_serial=with_serials) for each in queries.list_slots(station.id)]
    for each in cards:
        if each["slot_number"] in kept and each["state"] == "empty":
            each["state"] = Works.LOCKED.value
    return cards


def make_slot_card(row: Slot, *, with_serial: bool) -> dict[str, Any]:
    shown = {"slot_number": row.number, "state": row.state, "battery_level": row.charge if row.bank_serial else None}
    return shown | ({"powerbank_sn": row.bank_serial, "held_because": row.held_because} if with_serial else {})
