"""How long a station may be silent before it counts as offline: so many of its protocol's heartbeats."""

from datetime import timedelta

from sqlalchemy import ColumnElement, case, literal

from powerbank.content import app_config
from powerbank.stations.models import Station
from powerbank.stations.protocols import registry

OF_AN_UNKNOWN_PROTOCOL = timedelta(minutes=30)


def offline_after() -> ColumnElement[timedelta]:
    """For a query that reads `Station`."""
    intervals = app_config.current().offline_after_intervals
    return case(
        *(
            (Station.protocol == name, literal(timedelta(seconds=protocol.heartbeat_seconds * intervals)))
            for name, protocol in registry.by_name.items()
        ),
        else_=literal(OF_AN_UNKNOWN_PROTOCOL),
    )
