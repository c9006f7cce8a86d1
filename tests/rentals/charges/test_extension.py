"""A person extends a rental at the price of a package."""

from collections.abc import Callable

from flask import Flask

from tests.rentals.cabinets import Cabinets, sweep
from tests.rentals.conftest import Out


def test_extension_moves_the_due_time_and_costs_the_package(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=30, minutes=60, price="50.00")
    before = sita.rental(rental_id)["due_at"]
    more = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(price="30.00", minutes=45))})
    assert more.status_code == 200
    assert more.get_json()["amount_paid"] == "80.00"
    assert more.get_json()["due_at"] > before
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["is_returned_on_time"] is True
    again = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package())})
    assert (again.status_code, again.get_json()["code"]) == (409, "not_extendable")


def test_extension_of_an_overdue_rental_pays_the_overdue_fee_first(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=90, minutes=60, price="50.00")
    sweep(app, cabinets)
    more = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(price="30.00"))})
    assert (more.get_json()["status"], more.get_json()["amount_paid"]) == ("active", "85.00")
    cabinets.take_back("A-1")
    found = sita.rental(rental_id)
    assert (found["overdue_amount"], found["is_returned_on_time"]) == ("5.00", False)
    assert sita.wallet()[0] == "415.00"


def test_extension_without_enough_money_is_refused(out: Out, package: Callable[..., object]) -> None:
    sita, rental_id = out(ago=90, minutes=60, wallet="60.00")
    refused = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(price="30.00"))})
    assert (refused.status_code, refused.get_json()["shortfall"]) == (402, "25.00")
    assert sita.wallet()[0] == "10.00"


def test_what_is_missing_is_missing_for_the_overdue_fee_and_the_package(
    out: Out, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=90, minutes=60, wallet="50.00")
    refused = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(price="30.00"))})
    assert (refused.status_code, refused.get_json()["shortfall"]) == (402, "35.00")


def test_reminder_is_sent_once_and_not_after_an_extension(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, _ = out(ago=50, minutes=60)
    cabinets.work()
    titles = [each["title"] for each in sita.get("/notifications")["items"]]
    assert titles.count("Your rental ends soon") == 1
