"""A station where nothing can be rented says why."""

from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.stations.availability import eligibility
from powerbank.stations.registry import services
from tests.stations.conftest import Make
from tests.stations.custody.test_services import CLOSED


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, None),
        ({"online": False}, "station_offline"),
        ({"opening_hours": CLOSED}, "station_closed"),
        ({"rent_enabled": False}, "no_powerbank_available"),
        ({"active": False}, "not_found"),
    ],
)
def test_a_station_that_cannot_be_rented_from_says_why(
    context: Flask, make_station: Make, facts: dict[str, Any], code: str | None
) -> None:
    make_station("A", charges={1: 90}, **facts)
    if code is None:
        assert eligibility.find_rentable_station("A", now=utcnow()).sn == "A"
        with transaction():
            services.set_maintenance("A", enable=True)
        code = "station_maintenance"
    with pytest.raises(AppError) as refused:
        eligibility.find_rentable_station("A", now=utcnow())
    assert refused.value.code == code
