"""A person cancels a rental, before the ejection or by a return within the window."""

from collections.abc import Callable

from flask import Flask

from powerbank.base.db import utcnow
from tests.people import Headers, change, rows
from tests.rentals.cabinets import MINUTE, Cabinets, sweep
from tests.rentals.conftest import Out, Packages, Renters
from tests.rentals.test_coincidences import resolve
from tests.stations.conftest import Make


def test_return_within_the_window_is_refunded_once_a_day(
    out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=2, price="50.00")
    asked = sita.post(f"/rentals/{rental_id}/cancel")
    assert (asked.status_code, asked.get_json()["status"]) == (200, "active")
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet()[0] == "500.00"
    second = sita.initiate(package()).get_json()["rental_id"]  # type: ignore[arg-type]
    cabinets.work()
    cabinets.ejects()
    cabinets.take_back("A-1", slot=1)
    refused = sita.post(f"/rentals/{second}/cancel")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "cancelled_today")
    assert sita.wallet()[0] == "450.00"


def test_cancellation_may_be_requested_after_the_return(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=2)
    cabinets.take_back("A-1", slot=1)
    assert sita.post(f"/rentals/{rental_id}/cancel").get_json()["status"] == "cancelled"
    assert sita.wallet()[0] == "500.00"


def test_return_after_the_window_is_not_cancelled(out: Out, cabinets: Cabinets, app: Flask) -> None:
    sita, rental_id = out(ago=2)
    sita.post(f"/rentals/{rental_id}/cancel")
    cabinets.take_back("A-1", slot=1, at=utcnow() + 4 * MINUTE)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "450.00"


class TestShortPackages:
    """A package that runs out within the window: times decide, not whether the sweep has marked it overdue."""

    def test_asked_before_it_runs_out_and_returned_after(self, app: Flask, out: Out, cabinets: Cabinets) -> None:
        sita, rental_id = out(ago=4, minutes=2)
        sweep(app, cabinets)
        assert sita.rental(rental_id)["status"] == "overdue"
        asked = sita.post(f"/rentals/{rental_id}/cancel")
        assert (asked.status_code, asked.get_json()["status"]) == (200, "overdue")
        cabinets.take_back("A-1", slot=1)
        found = sita.rental(rental_id)
        assert (found["status"], found["amount_paid"], found["due_amount"]) == ("cancelled", "0.00", "0.00")
        assert sita.wallet()[0] == "500.00"

    def test_returned_after_the_window(self, app: Flask, out: Out, cabinets: Cabinets) -> None:
        sita, rental_id = out(ago=4, minutes=2)
        sweep(app, cabinets)
        sita.post(f"/rentals/{rental_id}/cancel")
        cabinets.take_back("A-1", slot=1, at=utcnow() + 2 * MINUTE)
        assert sita.rental(rental_id)["status"] == "completed"
        assert sita.wallet()[0] == "445.00"


def test_asked_before_the_ejection_that_nobody_saw(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    """The power bank is known to have been out only when it is back. It was not wanted any more by then."""
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package(price="50.00")).get_json()["rental_id"]
    cabinets.work()
    assert sita.post(f"/rentals/{rental_id}/cancel").get_json()["status"] == "ejecting"
    cabinets.says_nothing()
    assert sita.rental(rental_id)["status"] == "unresolved"
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet()[:2] == ("500.00", "0.00")


def test_staff_cancel_an_overdue_rental_whose_meter_stands_still(
    out: Out, cabinets: Cabinets, app: Flask, staff_headers: Callable[[str], Headers]
) -> None:
    sita, rental_id = out(ago=90, minutes=60)
    sweep(app, cabinets)
    change(app, "UPDATE stations SET maintenance = true")
    assert sita.post(f"/rentals/{rental_id}/return-blocked", {"station_sn": "A"}).status_code == 201
    done = resolve(sita, staff_headers("support"), rental_id, action="cancel")
    assert done.status_code == 200, done.text
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet()[0] == "500.00"
    assert rows(app, "SELECT outcome FROM blocked_returns") == [("ended",)]
