"""The form of a station: its fields as they are shown, and what they say once somebody has filled them in."""

from collections.abc import Mapping
from typing import Any

from powerbank.stations.models import Amenity, Station
from powerbank.stations.registry import queries
from powerbank.stations.registry.schemas import StationChangeSchema, StationSchema
from powerbank.stations.registry.written_hours import read_hours, write_hours

AMENITIES = [*Amenity]
SWITCHES = ("rent_enabled", "return_enabled", "active")
WORDS = ("name", "address", "city", "timezone", "protocol")
NUMBERS = ("lat", "lng")


def describe_new() -> dict[str, Any]:
    """Give the fields of a station that is registered now."""
    switches = dict.fromkeys(SWITCHES, "yes")
    return {"timezone": "Asia/Kathmandu", "slots": "8", "amenities": [], "images": ""} | switches | write_hours(None)


def describe(station: Station) -> dict[str, Any]:
    return {
        **{name: getattr(station, name) for name in (*WORDS, *NUMBERS)},
        **{name: "yes" if getattr(station, name) else "" for name in SWITCHES},
        "slots": len(queries.list_slots(station.id)),
        "amenities": station.amenities,
        "images": "\n".join(station.images),
        **write_hours(station.opening_hours),
    }


def read_new_station(form: Any) -> dict[str, Any]:
    """Read the form of a new station, or raise what is wrong with it."""
    facts: dict[str, Any] = StationSchema().load(
        _read(form) | {name: form.get(name, "").strip() for name in ("sn", "imei")}
    )
    return facts


def read_changes(form: Any) -> dict[str, Any]:
    changes: dict[str, Any] = StationChangeSchema(partial=True).load(_read(form))
    return changes


def describe_for_audit(station: Station) -> dict[str, Any]:
    """Describe for the audit log all that staff may change, with the number of slots."""
    return dict(StationSchema().dump(station)) | {"slots": len(queries.list_slots(station.id))}


def find_first(messages: Any) -> str:
    """Find the first of the messages about a field, which may have parts of its own."""
    while isinstance(messages, Mapping | list) and messages:
        messages = next(iter(messages.values())) if isinstance(messages, Mapping) else messages[0]
    return str(messages)


def _read(form: Any) -> dict[str, Any]:
    slots = form.get("slots", "").strip()
    return {
        **{name: form.get(name, "").strip() for name in (*WORDS, *NUMBERS)},
        **{name: bool(form.get(name)) for name in SWITCHES},
        "slots": int(slots) if slots.isdecimal() else slots,
        "amenities": form.getlist("amenities"),
        "images": [line.strip() for line in form.get("images", "").splitlines() if line.strip()],
        "opening_hours": read_hours(form),
    }
