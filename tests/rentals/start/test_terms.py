"""A person reads in the rental what it costs to be late, and until when it is free."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from tests.people import change
from tests.rentals.cabinets import Cabinets

Make = Callable[..., Any]


def test_the_terms_stand_in_the_rental(renter: Make, package: Make, cabinets: Cabinets, make_station: Make) -> None:
    make_station("A", charges={1: 60})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    assert sita.rental(rental_id)["terms"] == {
        "overdue_rate_per_hour": "5.00",
        "overdue_grace_minutes": 0,
        "overdue_cap_per_day": None,
        "replacement_price": "3000.00",
        "lost_after_days": 7,
        "deposit": "100.00",
        "cancel_until": None,
    }
    cabinets.work()
    cabinets.ejects()
    out = sita.rental(rental_id)
    assert out["terms"]["cancel_until"] > out["started_at"]
    assert out["usage_amount"] == "0.00"


def test_what_is_paid_afterwards_shows_what_it_costs_so_far(
    app: Flask, renter: Make, package: Make, cabinets: Cabinets, make_station: Make
) -> None:
    make_station("A", charges={1: 60})
    sita = renter()
    rental_id = sita.initiate(package(price="0.00", minutes=480, unit=(30, "20.00"))).get_json()["rental_id"]
    cabinets.work()
    cabinets.ejects()
    assert sita.rental(rental_id)["usage_amount"] == "20.00"
    change(app, "UPDATE rentals SET metered_from = metered_from - interval '45 minutes'")
    assert sita.rental(rental_id)["usage_amount"] == "40.00"
