"""The feeds of open data. Each process makes a feed once in its time to live, however many people ask for it."""

import json
from email.utils import parseaddr
from typing import Any

from flask import Response, current_app

from powerbank.api.openapi import Blueprint
from powerbank.api.server.response_headers import cacheable
from powerbank.base.db import utcnow
from powerbank.stations.public import gbfs

blueprint = Blueprint("Open data", __name__, url_prefix="/gbfs/3.0", description="Stations and availability (GBFS).")

ENVELOPE = {
    "type": "object",
    "required": ["last_updated", "ttl", "version", "data"],
    "properties": {
        "last_updated": {"type": "string", "format": "date-time"},
        "ttl": {"type": "integer"},
        "version": {"type": "string"},
        "data": {"type": "object"},
    },
}


@blueprint.get("/<any(gbfs, system_information, vehicle_types, station_information, station_status):name>.json")
@blueprint.alt_response(200, schema=ENVELOPE)
def feed(name: str) -> Response:
    """A feed in the manner of GBFS 3.0"""
    feeds: dict[str, tuple[float, bytes]] = current_app.extensions.setdefault("gbfs", {})
    now = utcnow()
    cached = feeds.get(name)
    if cached is None or now.timestamp() - cached[0] >= gbfs.TTL[name]:
        cached = feeds[name] = (now.timestamp(), _make_feed(name))
    left = max(0, int(gbfs.TTL[name] - (now.timestamp() - cached[0])))
    return cacheable(Response(cached[1], content_type="application/json"), left)


def _make_feed(name: str) -> bytes:
    settings: Any = current_app.config["SETTINGS"]
    contact = parseaddr(settings.mail_from)[1]
    value = gbfs.make_feed(name, public_url=settings.public_url, contact=contact, now=utcnow())
    return json.dumps(value, ensure_ascii=False).encode()
