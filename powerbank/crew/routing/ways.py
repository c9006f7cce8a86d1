"""How long all ways of a trip are: on real roads where an OSRM server is configured and answers, else estimated."""

from collections.abc import Sequence

import structlog
from flask import current_app

from powerbank.crew.routing.trips import Ways, measure_ways
from powerbank.integrations.errors import VendorError
from powerbank.integrations.osrm.client import Osrm
from powerbank.stations.availability.kept_slots import Place

log = structlog.get_logger(__name__)

MOST_PLACES = 100  # what a server takes unless its operator says otherwise


def find_ways(places: Sequence[Place]) -> Ways:
    """Ask for the ways outside of any transaction. A server that is away or slow costs a second and not the route."""
    url = current_app.config["SETTINGS"].osrm_url
    if url is None or len(places) > MOST_PLACES:
        return measure_ways(places)
    try:
        table = _client(url).measure_ways([(each.lat, each.lng) for each in places])
    except VendorError as away:
        log.warning("osrm.away", error=str(away))
        return measure_ways(places)
    return Ways(table.seconds, table.metres)


def _client(url: str) -> Osrm:
    """Give this process's client, which keeps its connections."""
    client: Osrm | None = current_app.extensions.get("osrm")
    if client is None:
        client = current_app.extensions["osrm"] = Osrm(url=url)
    return client
