"""The sweeps move rentals on whose jobs are gone, and no broken rental stops them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.rentals.start import initiation
from tests.people import change, rows
from tests.rentals import rentals_in_states
from tests.rentals.cabinets import MINUTE, Cabinets, sweep
from tests.rentals.conftest import Out, Packages, Renter, Renters, make_older
from tests.stations.conftest import Make


def test_sweep_repeats_lost_jobs(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=90, minutes=60)
    with app.app_context(), transaction():
        rentals_in_states.put_back("A-1", rentals_in_states.station_id("A"), 3, utcnow() - 2 * MINUTE)
    sweep(app, cabinets)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "445.00"


def test_sweep_cancels_a_rental_that_was_never_sent(
    app: Flask, renter: Callable[..., Renter], package: Callable[..., object], make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]  # type: ignore[arg-type]
    make_older(app, 4)
    sweep(app, cabinets)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet()[:2] == ("500.00", "0.00")
    assert cabinets.commands() == []


def test_staff_hear_once_of_a_broken_rental_and_the_sweep_goes_on(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets, monkeypatch: Any
) -> None:
    """The sweep comes each minute; it must neither die of it each minute nor tell of it each minute."""
    make_station("A", charges={1: 90, 2: 80})
    broken, sound = (renter(name).initiate(package()).get_json()["rental_id"] for name in ("sita", "hari"))
    change(app, "UPDATE rentals SET created_at = now() - interval '10 min'")

    def abandon(rental_id: UUID, **how: Any) -> None:
        if str(rental_id) == broken:
            raise RuntimeError("a row that nobody thought of")
        initiation_abandon(rental_id, **how)

    initiation_abandon = initiation.abandon_initiation
    monkeypatch.setattr(initiation, "abandon_initiation", abandon)
    for _ in range(3):
        sweep(app, cabinets)
    assert rows(app, f"SELECT status FROM rentals WHERE id = '{sound}'") == [("cancelled",)]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE state = 'dead'") == [(0,)]
    told = rows(app, "SELECT context ->> 'key' FROM staff_notices WHERE type = 'anomaly'")
    assert told == [(f"rental_broken:{broken}",)]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'notify_staff'") == [(1,)]
