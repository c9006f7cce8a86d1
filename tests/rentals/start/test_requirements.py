"""A person reads what keeps them from renting before a start refuses it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from tests.people import change

Make = Callable[..., Any]


def test_whoever_may_rent_misses_nothing(renter: Make) -> None:
    assert renter().get("/rentals/requirements") == {"may_rent": True, "missing": []}


def test_all_that_is_missing_comes_in_the_order_of_the_refusals(app: Flask, renter: Make) -> None:
    sita = renter()
    change(app, "UPDATE users SET kyc_status = 'rejected', address = NULL")
    answer = sita.get("/rentals/requirements")
    assert answer["may_rent"] is False
    assert [each["code"] for each in answer["missing"]] == ["profile_incomplete", "kyc_required"]
    change(app, "UPDATE users SET address = 'Thamel'")
    assert [each["code"] for each in sita.get("/rentals/requirements")["missing"]] == ["kyc_required"]


def test_an_open_rental_is_one_of_them(renter: Make, package: Callable[..., UUID], make_station: Make) -> None:
    make_station("A", charges={1: 60})
    sita = renter()
    assert sita.initiate(package()).status_code == 202
    (only,) = sita.get("/rentals/requirements")["missing"]
    assert (only["code"], only["due_amount"]) == ("open_rental_exists", None)


def test_the_reasons_are_in_the_readers_language(app: Flask, client: FlaskClient, renter: Make) -> None:
    sita = renter()
    change(app, "UPDATE users SET kyc_status = 'none'")
    headers = sita.headers | {"Accept-Language": "ne"}
    (only,) = client.get("/api/rentals/requirements", headers=headers).get_json()["missing"]
    assert only["detail"] != "Have your identity checked first."
