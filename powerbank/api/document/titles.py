"""Titles, groups and common parameters of the document."""

from typing import Any

PARAMETERS = {
    "limit": "How many at most, from 1 to 100.",
    "cursor": "The `next_cursor` of the page before; left out for the first one.",
    "Idempotency-Key": "Up to 255 visible characters, one for each thing that a person does. The same key with the "
    "same body gives the first answer again.",
    "since": "Only what is from this time on, or newer than this version.",
    "until": "Only what is before this time.",
    "wait": "Seconds to wait for something newer, at most 25.",
    "lat": "Latitude in degrees.",
    "lng": "Longitude in degrees.",
    "radius_km": "How far around the point to look, in kilometres.",
    "min_banks": "Only stations with at least so many power banks to take.",
    "min_free_slots": "Only stations with at least so many free slots to return into.",
    "q": "Beginnings of words to search for.",
    "sn": "The number of a station, as in its QR code.",
    "station_sn": "The number of a station, as in its QR code.",
    "city": "The name of a city.",
    "code": "A code as a person typed it.",
    "gateway": "A gateway as the list of ways to pay names it.",
    "imei": "The number of the modem of a station.",
    "key": "The name of a setting.",
    "kind": "Only of this kind.",
    "queue": "The name of a queue.",
    "serial": "The number of a power bank.",
    "slot_number": "A slot of the station, from 1 on.",
    "state": "Only those in this state.",
    "status": "Only those with this status.",
    "type": "Only of this type.",
    "unread": "Only those that were not read.",
    "language": "`en` or `ne`.",
    "platform": "`android`, `ios` or `web`.",
    "version": "The version of the app, such as `1.4.0`.",
}
_SHORTEST_TITLE, _LONGEST_TITLE = 12, 50


def add_titles(document: dict[str, Any]) -> None:
    """Give each route a short title with the rest as its description, explain parameters, and group the routes."""
    for operations in document["paths"].values():
        _describe_parameters(operations.get("parameters", ()))
        for method, operation in operations.items():
            if method != "parameters":
                _describe_parameters(operation.get("parameters", ()))
                _shorten(operation)
    tags = document["tags"]
    tags.sort(key=lambda tag: (_ORDER.index(_group(tag["name"])), _rank(tag["name"])))
    document["x-tagGroups"] = [
        {"name": group, "tags": [tag["name"] for tag in tags if _group(tag["name"]) == group]} for group in _ORDER
    ]


def _describe_parameters(parameters: Any) -> None:
    for parameter in parameters:
        name = parameter.get("name", "")
        if name.endswith("_id"):
            parameter.setdefault("description", f"The id of the {name.removesuffix('_id').replace('_', ' ')}.")
        elif name in PARAMETERS:
            parameter.setdefault("description", PARAMETERS[name])


def _shorten(operation: dict[str, Any]) -> None:
    """Let the first part of a long summary be its title, and the whole of it the beginning of its description."""
    whole = " ".join(operation.get("summary", "").split())
    title = whole
    for mark in ("; ", ". ", ": ", ", "):
        shorter = title.partition(mark)[0]
        if len(title) > _LONGEST_TITLE and len(shorter) >= _SHORTEST_TITLE:
            title = shorter
    operation["summary"] = title
    if title != whole:
        described = operation.get("description")
        operation["description"] = f"{whole}.\n\n{described}" if described else f"{whole}."


_ORDER = ("For people's apps", "For staff", "For machines")
_OF_STAFF = frozenset({"Configuration", "Own staff account", "Staff", "Staff sign-in", "Audit log", "System"})
_OF_MACHINES = frozenset({"Gateways", "Health", "Open data"})


# As an app meets them. What is not named here comes after them.
_AS_AN_APP_MEETS_THEM = (
    *("Sign-in", "Identifiers", "Profile", "Avatar", "KYC", "Documents"),
    *("Stations", "Packages", "Reservations", "Rentals", "Station issues"),
    *("Payment options", "Wallet", "Payments", "Dues", "Refunds"),
    *("Points", "Coupons", "Referrals", "Social"),
    *("Live", "Notifications", "Devices", "Notification preferences", "Content", "Pictures", "Operations"),
)


def _rank(tag: str) -> int:
    order = _AS_AN_APP_MEETS_THEM
    return order.index(tag) if tag in order else len(order)


def _group(tag: str) -> str:
    if tag in _OF_MACHINES:
        return _ORDER[2]
    return _ORDER[1] if tag in _OF_STAFF or tag.endswith("(staff)") else _ORDER[0]
