"""Staff manage packages, and people see those that a station offers."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import utcnow
from powerbank.base.errors import AppError
from powerbank.stations.availability import eligibility
from tests.stations.conftest import Make

Staff = Callable[..., dict[str, str]]
HOUR = {"name": "1 hour", "duration_minutes": 60, "price": "40.00", "payment_model": "prepaid"}
METERED = HOUR | {"name": "Metered", "payment_model": "postpaid", "unit_minutes": 30, "unit_price": "20.5"}


def offered(client: FlaskClient, query: str = "") -> list[str]:
    return [item["name"] for item in client.get(f"/api/packages{query}").get_json()["items"]]


def test_a_package_is_made_and_offered(client: FlaskClient, staff_headers: Staff) -> None:
    headers = staff_headers()
    made = client.post("/api/admin/packages", json=METERED, headers=headers)
    assert made.status_code == 201
    assert (made.get_json()["price"], made.get_json()["unit_price"]) == ("40.00", "20.50")
    [item] = client.get("/api/packages").get_json()["items"]
    assert item["id"] == made.get_json()["id"]
    assert (item["price"], item["currency"], item["payment_model"]) == ("40.00", "NPR", "postpaid")
    address = f"/api/admin/packages/{item['id']}"
    assert client.patch(address, json={"active": False}, headers=headers).status_code == 200
    assert offered(client) == []


@pytest.mark.parametrize(
    "change",
    [
        {"price": "1.001"},
        {"price": "-1"},
        {"price": "NaN"},
        {"price": "1e3"},
        {"price": 40},
        {"price": "9" * 30},
        {"price": "४०"},
        {"price": "４０"},
        {"duration_minutes": 0},
        {"payment_model": "postpaid"},
        {"unit_minutes": 5},
        {"payment_model": "x"},
        {"unit_minutes": 30, "unit_price": "0"},
        {"duration_minutes": 10**30},
    ],
)
def test_a_wrong_package_is_refused(client: FlaskClient, staff_headers: Staff, change: dict[str, Any]) -> None:
    assert client.post("/api/admin/packages", json=HOUR | change, headers=staff_headers()).status_code == 422


def test_a_change_must_leave_a_package_whole(client: FlaskClient, staff_headers: Staff) -> None:
    headers = staff_headers()
    made = client.post("/api/admin/packages", json=METERED, headers=headers).get_json()
    refused = client.patch(f"/api/admin/packages/{made['id']}", json={"unit_price": None}, headers=headers)
    assert refused.status_code == 422


def test_a_restricted_package_is_offered_there_only(
    app: Flask, client: FlaskClient, make_station: Make, staff_headers: Staff
) -> None:
    for sn in "AB":
        make_station(sn)
    headers = staff_headers()
    everywhere = client.post("/api/admin/packages", json=HOUR, headers=headers).get_json()["id"]
    only_a = client.post("/api/admin/packages", json=METERED, headers=headers).get_json()["id"]
    address = f"/api/admin/packages/{only_a}/stations"
    assert client.get(address, headers=headers).get_json() == {"station_sns": []}
    assert client.put(address, json={"station_sns": ["A"]}, headers=headers).get_json() == {"station_sns": ["A"]}
    assert offered(client, "?station_sn=A") == ["1 hour", "Metered"]
    assert offered(client, "?station_sn=B") == ["1 hour"]
    assert [item["name"] for item in client.get("/api/stations/B").get_json()["packages"]] == ["1 hour"]
    refused = client.put(address, json={"station_sns": ["A", "X"]}, headers=headers)
    assert refused.status_code == 422
    assert client.get(address, headers=headers).get_json() == {"station_sns": ["A"]}
    with app.app_context():
        for package_id in (everywhere, only_a):
            station = eligibility.find_rentable_station("A", now=utcnow())
            assert str(eligibility.find_rentable_package(package_id, station).id) == package_id
        with pytest.raises(AppError) as no:
            eligibility.find_rentable_package(only_a, eligibility.find_rentable_station("B", now=utcnow()))
    assert (no.value.status, no.value.code) == (409, "package_inactive")
    assert client.put(address, json={"station_sns": []}, headers=headers).status_code == 200
    assert offered(client, "?station_sn=B") == ["1 hour", "Metered"]


def test_only_staff_with_the_permission_change_packages(client: FlaskClient, staff_headers: Staff) -> None:
    for role in ("support", "finance", "viewer"):
        assert client.post("/api/admin/packages", json=HOUR, headers=staff_headers(role)).status_code == 403
    assert client.post("/api/admin/packages", json=HOUR).status_code == 401
