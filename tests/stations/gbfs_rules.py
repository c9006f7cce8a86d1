"""What the published JSON Schemas of GBFS 3.0 (MobilityData/gbfs-json-schema, folder `v3.0`) ask of the feeds that we
serve, in our own words: which fields must be there, of which types, within which limits. Optional fields that we do not
serve are left out, and one that we begin to serve must be added here first."""

from typing import Any

from jsonschema import Draft7Validator, FormatChecker

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
FLAG = {"type": "boolean"}
TIME = {"type": "string", "format": "date-time"}
ADDRESS = {"type": "string", "pattern": r"^https?://[^\s/]+(/[^\s]*)?$"}
E_MAIL = {"type": "string", "format": "email"}
LANGUAGE = {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z]{2})?$"}


def one_of(*values: str) -> dict[str, Any]:
    return {"enum": list(values)}


def many(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item} | more


def thing(needed: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object", "required": list(needed), "properties": needed | optional, "additionalProperties": False,
    }  # fmt: skip


def has(name: str) -> dict[str, Any]:
    return {"contains": {"required": ["name"], "properties": {"name": {"const": name}}}}


TRANSLATED = many(thing({"text": TEXT, "language": LANGUAGE}))
FEED_NAMES = one_of(
    "gbfs", "gbfs_versions", "system_information", "vehicle_types", "station_information", "station_status",
    "vehicle_status", "system_alerts", "system_regions", "system_pricing_plans", "geofencing_zones",
)  # fmt: skip
FEED = thing({"name": FEED_NAMES, "url": ADDRESS})
# A feed of stations comes with one of their state; some feed says what there is to rent now.
FEEDS = many(FEED, minItems=1, allOf=[has("system_information"), has("station_information"), has("station_status")])

SYSTEM = thing(
    {
        "system_id": TEXT, "languages": many(LANGUAGE), "name": TRANSLATED, "opening_hours": TEXT,
        "feed_contact_email": E_MAIL, "timezone": {"type": "string", "pattern": "^[A-Z][A-Za-z_]+/[A-Za-z_]+$"},
    },
    url=ADDRESS,
)  # fmt: skip

VEHICLE_TYPE = thing(
    {
        "vehicle_type_id": TEXT,
        "form_factor": one_of(
            "bicycle", "cargo_bicycle", "car", "moped", "scooter_standing", "scooter_seated", "other"
        ),
        # All other kinds of propulsion owe a range in metres, which no power bank has.
        "propulsion_type": {"const": "human"},
    },
    name=TRANSLATED,
    return_constraint=one_of("free_floating", "roundtrip_station", "any_station", "hybrid"),
)

STATION = thing(
    {
        "station_id": TEXT, "name": TRANSLATED,
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
    },
    address=TEXT, capacity=COUNT, is_virtual_station=FLAG, station_opening_hours=TEXT,
    rental_uris=thing({}, android=ADDRESS, ios=ADDRESS, web=ADDRESS),
)  # fmt: skip

STATE = thing(
    {
        "station_id": TEXT, "num_vehicles_available": COUNT, "is_installed": FLAG, "is_renting": FLAG,
        "is_returning": FLAG, "last_reported": TIME,
    },
    vehicle_types_available=many(thing({"vehicle_type_id": TEXT, "count": COUNT})),
    num_vehicles_disabled=COUNT, num_docks_available=COUNT, num_docks_disabled=COUNT,
    vehicle_docks_available=many(thing({"vehicle_type_ids": many(TEXT), "count": COUNT})),
)  # fmt: skip

DATA = {
    "gbfs": thing({"feeds": FEEDS}),
    "system_information": SYSTEM,
    "vehicle_types": thing({"vehicle_types": many(VEHICLE_TYPE)}),
    "station_information": thing({"stations": many(STATION)}),
    "station_status": thing({"stations": many(STATE)}),
}


def complaints(name: str, body: Any) -> list[str]:
    rules = thing({"last_updated": TIME, "ttl": COUNT, "version": {"const": "3.0"}, "data": DATA[name]})
    checker = Draft7Validator(rules, format_checker=FormatChecker())
    return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in checker.iter_errors(body)]
