"""Give what tests of blocked returns begin with: a full station, and one nearby with free slots."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import transaction
from powerbank.stations.availability import live_rows
from tests.databases import execute, superuser_url
from tests.people import change
from tests.rentals import rentals_in_states
from tests.rentals.conftest import Renter, make_older
from tests.stations.conftest import Make

Pass = Callable[[float], None]
NEAR = {"lat": 27.7180, "lng": 85.3150}  # some 400 m from station A


def fill(app: Flask, sn: str, *, but: int = 0) -> None:
    """Fill the slots of a station, but for the last few."""
    change(
        app,
        """UPDATE slots SET works = 'locked'
            WHERE station_id = (SELECT id FROM stations WHERE sn = :sn) AND number <= 4 - :but""",
        sn=sn,
        but=but,
    )
    refresh(app, sn)


def refresh(app: Flask, sn: str) -> None:
    with app.app_context(), transaction():
        live_rows.refresh_live_rows([rentals_in_states.station_id(sn)])


def block(person: Renter, rental_id: str, sn: str = "A", **more: Any) -> Any:
    return person.post(f"/rentals/{rental_id}/return-blocked", {"station_sn": sn, **more})


@pytest.fixture
def near(make_station: Make) -> None:
    """Make station B, which is near and has four free slots."""
    make_station("B", name="Patan", **NEAR)


@pytest.fixture
def pass_minutes(app: Flask) -> Pass:
    """Let minutes pass for the rentals and their pauses: everything about them is moved into the past."""

    def move(minutes: float) -> None:
        make_older(app, minutes)
        span = f"interval '{minutes} min'"
        times = ("started_at", "due_at", "metered_from", "paused_from", "paused_until")
        execute(
            superuser_url(app.config["TEST_DATABASE"]),
            f"UPDATE rentals SET {', '.join(f'{each} = {each} - {span}' for each in times)}",
            f"""UPDATE blocked_returns SET reported_at = reported_at - {span}, paused_from = paused_from - {span},
                                           paused_until = paused_until - {span}""",
        )

    return move
