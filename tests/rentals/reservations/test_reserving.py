"""Reserving a power bank: who may, for how long, what is held, and that nobody else gets the bank."""

from datetime import datetime
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.clock import utcnow
from powerbank.base.db import transaction
from powerbank.base.errors import AppError
from powerbank.rentals.reservations import services
from tests.people import change, rows
from tests.rentals.conftest import Renter, Renters
from tests.rentals.reservations.conftest import Pass, reserve
from tests.stations.conftest import Make

pytestmark = pytest.mark.usefixtures("three_banks")


def minutes_between(begin: str, end: str) -> float:
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() / 60, 3)


def test_the_best_bank_is_kept_and_the_most_it_may_cost_is_held(app: Flask, sita: Renter, hour: UUID) -> None:
    made = reserve(sita, hour, minutes=15)
    assert made.status_code == 201, made.text
    found = made.get_json()
    assert (found["status"], found["station_sn"], found["slot_number"]) == ("active", "A", 2)
    assert (found["fee"], found["fee_so_far"], found["currency"]) == ("5.00", "0.00", "NPR")
    assert minutes_between(found["created_at"], found["free_until"]) == 10
    assert minutes_between(found["created_at"], found["expires_at"]) == 15
    assert sita.wallet() == ("75.00", "5.00", 0, "0.00")
    assert sita.get(f"/reservations/{found['reservation_id']}") == found
    assert sita.get("/reservations") == {"items": [found], "next_cursor": None}
    kept = rows(app, "SELECT serial FROM bank_reservations JOIN power_banks ON id = bank_id")
    assert [row.serial for row in kept] == ["A-2"]


def test_the_free_minutes_hold_nothing(sita: Renter, hour: UUID) -> None:
    assert reserve(sita, hour, minutes=10).get_json()["fee"] == "0.00"
    assert sita.wallet() == ("80.00", "0.00", 0, "0.00")


def test_nobody_else_is_offered_the_bank(client: FlaskClient, sita: Renter, hour: UUID, renter: Renters) -> None:
    reserve(sita, hour)
    here = client.get("/api/stations/nearby?lat=27.7153&lng=85.3123").get_json()["items"]
    assert [each["available_banks"] for each in here] == [2]
    assert client.get("/api/stations/A").get_json()["available_banks"] == 2
    status = client.get("/gbfs/3.0/station_status.json").get_json()["data"]["stations"]
    assert [each["num_vehicles_available"] for each in status] == [2]
    types = client.get("/gbfs/3.0/vehicle_types.json").get_json()["data"]["vehicle_types"]
    assert [each["default_reserve_time"] for each in types] == [20]
    ram = renter("ram", wallet="80.00")
    begun = ram.initiate(hour)
    assert ram.rental(begun.get_json()["rental_id"])["powerbank_sn"] == "A-3"


def test_repeat_with_the_same_key_is_the_same_reservation(sita: Renter, hour: UUID) -> None:
    key = str(uuid4())
    first, again = reserve(sita, hour, key=key), reserve(sita, hour, key=key)
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    refused = sita.client.post(
        "/api/reservations",
        json={"station_sn": "A", "package_id": str(hour), "minutes": 5},
        headers=sita.headers | {"Idempotency-Key": ""},
    )
    assert refused.get_json()["code"] == "idempotency_key_required"


def test_one_at_a_time(sita: Renter, hour: UUID) -> None:
    reserve(sita, hour)
    refused = reserve(sita, hour)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "reservation_exists")


def test_a_reservation_whose_time_is_over_keeps_nobody_from_the_next(
    sita: Renter, hour: UUID, pass_minutes: Pass
) -> None:
    first = reserve(sita, hour, minutes=12).get_json()["reservation_id"]
    pass_minutes(13)
    assert sita.get(f"/reservations/{first}")["status"] == "expired"
    assert reserve(sita, hour).status_code == 201
    assert sita.wallet()[:2] == ("78.00", "0.00")


def test_three_unused_a_day_are_enough(app: Flask, sita: Renter, hour: UUID) -> None:
    for _ in range(3):
        made = reserve(sita, hour).get_json()["reservation_id"]
        assert sita.client.delete(f"/api/reservations/{made}", headers=sita.headers).status_code == 200
    refused = reserve(sita, hour)
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_reservations")
    assert 0 < int(refused.headers["Retry-After"]) <= 86400
    yesterday = "created_at - interval '1 day'"
    change(app, f"UPDATE reservations SET created_at = {yesterday}, expires_at = {yesterday}")
    assert reserve(sita, hour).status_code == 201


@pytest.mark.parametrize("minutes", [0, 21, -1, "ten", None])
def test_minutes_are_one_to_twenty(sita: Renter, hour: UUID, minutes: object) -> None:
    body = {"station_sn": "A", "package_id": str(hour), "minutes": minutes}
    assert sita.post("/reservations", body).status_code == 422


@pytest.mark.parametrize(
    ("sql", "code", "told"),
    [
        ("UPDATE users SET status = 'suspended'", 403, "account_blocked"),
        ("UPDATE users SET city = NULL", 403, "profile_incomplete"),
        ("UPDATE users SET kyc_status = 'pending'", 403, "kyc_required"),
        ("UPDATE station_live SET online = false", 409, "station_offline"),
        ("UPDATE stations SET maintenance = true", 409, "station_maintenance"),
        ("UPDATE packages SET active = false", 409, "package_inactive"),
        ("UPDATE slots SET charge = 29", 409, "no_powerbank_available"),
    ],
)
def test_who_may_not_rent_may_not_reserve(app: Flask, sita: Renter, hour: UUID, sql: str, code: int, told: str) -> None:
    change(app, sql)
    refused = reserve(sita, hour, minutes=20)
    assert (refused.status_code, refused.get_json()["code"]) == (code, told)
    assert rows(app, "SELECT count(*) FROM bank_reservations") == rows(app, "SELECT count(*) FROM ledger_holds")


def test_the_fee_must_be_there(app: Flask, renter: Renters, hour: UUID) -> None:
    poor = renter("ram", wallet="9.99")
    refused = reserve(poor, hour, minutes=20)
    assert (refused.status_code, refused.get_json()["shortfall"]) == (402, "0.01")
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]
    assert reserve(poor, hour, minutes=19).status_code == 201


def test_a_person_with_a_rental_reserves_nothing(sita: Renter, hour: UUID) -> None:
    sita.initiate(hour)
    assert reserve(sita, hour).get_json()["code"] == "open_rental_exists"


def test_the_last_bank_is_kept_for_five_minutes(make_station: Make, sita: Renter, hour: UUID) -> None:
    make_station("B", charges={1: 90})
    found = reserve(sita, hour, sn="B", minutes=20).get_json()
    assert minutes_between(found["created_at"], found["expires_at"]) == 5
    assert found["fee"] == "0.00"


def test_staff_set_the_free_minutes_and_the_rate(app: Flask, sita: Renter, hour: UUID) -> None:
    change(
        app,
        """INSERT INTO app_config (key, value, updated_by) VALUES ('reservation_free_minutes', '2', 'test'),
                                                                   ('reservation_rate', '"2.50"', 'test')""",
    )
    assert reserve(sita, hour, minutes=5).get_json()["fee"] == "7.50"


def test_two_requests_at_once_make_one_reservation(app: Flask, sita: Renter, hour: UUID) -> None:
    barrier, made = Barrier(4), list[str]()

    def work() -> None:
        with app.app_context():
            barrier.wait()
            try:
                with transaction():
                    services.reserve_bank(user_id=sita.id, station_sn="A", package_id=hour, minutes=15, now=utcnow())
                made.append("made")
            except AppError as refused:
                made.append(refused.code)

    threads = [Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(made) == ["made", *["reservation_exists"] * 3]
    assert sita.wallet()[:2] == ("75.00", "5.00")
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(1,)]


def test_an_account_with_a_reservation_is_not_deleted(sita: Renter, hour: UUID) -> None:
    reserve(sita, hour)
    refused = sita.client.delete("/api/users/me", headers=sita.headers)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "reservation_exists")
