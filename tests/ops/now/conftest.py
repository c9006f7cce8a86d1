"""Rentals for the tests of what happens now."""

from tests.rentals.conftest import cabinets, out, package, renter  # noqa: F401
from tests.stations.conftest import broker, make_station  # noqa: F401
