"""Give what tests of reservations begin with."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.databases import execute, superuser_url
from tests.rentals.conftest import Packages, Renter, Renters
from tests.stations.conftest import Make

Reserve = Callable[..., Any]
Pass = Callable[[float], None]


def reserve(person: Renter, package: UUID, *, sn: str = "A", minutes: int = 10, key: str | None = None) -> Any:
    body = {"station_sn": sn, "package_id": str(package), "minutes": minutes}
    return person.post("/reservations", body, key=key)


@pytest.fixture
def pass_minutes(app: Flask) -> Pass:
    """Let minutes pass for the reservations: everything about them is moved into the past."""

    def move(minutes: float) -> None:
        span = f"interval '{minutes} min'"
        execute(
            superuser_url(app.config["TEST_DATABASE"]),
            f"""UPDATE reservations SET created_at = created_at - {span}, free_until = free_until - {span},
                                        expires_at = expires_at - {span}""",
        )

    return move


@pytest.fixture
def three_banks(make_station: Make) -> None:
    make_station("A", charges={1: 60, 2: 95, 3: 80})


@pytest.fixture
def sita(renter: Renters) -> Renter:
    return renter("sita", wallet="80.00")


@pytest.fixture
def hour(package: Packages) -> UUID:
    return package(price="50.00")
