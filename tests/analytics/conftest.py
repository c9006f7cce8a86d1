"""Rentals and stations for the tests of figures, and a fold."""

from collections.abc import Callable

import pytest
from flask import Flask

from jobs.analytics import fold
from tests.people import change
from tests.rentals.conftest import cabinets, out, package, renter  # noqa: F401
from tests.stations.conftest import broker, make_station  # noqa: F401

Fold = Callable[[], int]


@pytest.fixture
def folded(app: Flask) -> Fold:
    """Fold what happened so far, as the job does: `folded()`."""

    def do() -> int:
        change(app, "UPDATE figure_marks SET rests_until = NULL")  # as it does on a machine that is not busy
        with app.app_context():
            return fold(seconds=30)

    return do
