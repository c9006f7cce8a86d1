"""A person cancels a rental, before the ejection or by a return within the window."""

from collections.abc import Callable

from flask import Flask

from powerbank.base.db import utcnow
from tests.rentals.cabinets import MINUTE, Cabinets
from tests.rentals.conftest import Out


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
