"""A reservation becomes a rental: the kept bank comes out, and what keeping it cost counts towards the price."""

from uuid import UUID

import pytest
from flask import Flask

from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Packages, Renter, Renters
from tests.rentals.reservations.conftest import Pass, reserve
from tests.stations.conftest import Make

pytestmark = pytest.mark.usefixtures("three_banks")


def begin(person: Renter, package: UUID, *, sn: str = "A", method: str = "wallet_only") -> str:
    begun = person.initiate(package, sn=sn, method=method)
    assert begun.status_code == 202, begun.text
    return str(begun.get_json()["rental_id"])


def test_the_kept_bank_becomes_the_rental(app: Flask, sita: Renter, hour: UUID, cabinets: Cabinets) -> None:
    kept = reserve(sita, hour, minutes=15).get_json()["reservation_id"]
    change(app, "UPDATE slots SET charge = 99 WHERE bank_serial = 'A-1'")  # it would be the best one now
    rental_id = begin(sita, hour)
    assert sita.rental(rental_id)["powerbank_sn"] == "A-2"
    found = sita.get(f"/reservations/{kept}")
    assert (found["status"], found["rental_id"], found["fee"]) == ("used", rental_id, "0.00")
    cabinets.work()
    cabinets.ejects()
    assert sita.wallet() == ("30.00", "0.00", 0, "0.00")
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]


def test_the_fee_counts_towards_the_price(sita: Renter, hour: UUID, cabinets: Cabinets, pass_minutes: Pass) -> None:
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    pass_minutes(12.5)  # three minutes have begun after the free ones
    rental_id = begin(sita, hour)
    assert sita.wallet() == ("30.00", "47.00", 0, "0.00")
    cabinets.work()
    cabinets.ejects()
    found = sita.rental(rental_id)
    assert (found["amount_paid"], found["reservation_credit"]) == ("50.00", "3.00")
    assert sita.get(f"/reservations/{kept}")["fee"] == "3.00"
    assert sita.wallet() == ("30.00", "0.00", 0, "0.00")


def test_the_held_fee_pays_the_rental(renter: Renters, hour: UUID, pass_minutes: Pass) -> None:
    """Whoever has just enough for the rental reserves and rents: keeping the bank is not paid twice."""
    exact = renter("ram", wallet="50.00")
    reserve(exact, hour, minutes=20)
    pass_minutes(14.5)
    asked = {"scenario": "pre_payment", "package_id": str(hour)}
    offered = exact.post("/payment/calculate-options", asked).get_json()
    assert [each["method"] for each in offered["options"]] == ["wallet_only"], "what is held counts"
    assert offered["available_wallet"] == "50.00"
    begin(exact, hour)
    assert exact.wallet() == ("0.00", "45.00", 0, "0.00")


def test_the_fee_counts_towards_what_a_postpaid_rental_cost(
    renter: Renters, package: Packages, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    ram, units = renter("ram", wallet="200.00"), package(unit=(30, "10.00"))
    reserve(ram, units, minutes=20)
    pass_minutes(13.5)
    begin(ram, units)
    cabinets.work()
    cabinets.ejects()
    assert ram.wallet() == ("96.00", "100.00", 0, "0.00")
    cabinets.take_back("A-2")
    assert ram.wallet() == ("190.00", "0.00", 0, "0.00")


@pytest.mark.parametrize("how", ["refused", "expired"])
def test_the_fee_comes_back_where_the_station_gives_nothing(
    app: Flask, sita: Renter, hour: UUID, cabinets: Cabinets, pass_minutes: Pass, how: str
) -> None:
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    pass_minutes(12.5)
    rental_id = begin(sita, hour)
    if how == "refused":
        cabinets.work()
        for _ in range(3):
            cabinets.refuses()
        assert sita.rental(rental_id)["status"] == "failed"
    else:
        change(app, "UPDATE rentals SET created_at = created_at - interval '4 min'")
        cabinets.work()
        assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet() == ("80.00", "0.00", 0, "0.00")
    assert sita.get(f"/reservations/{kept}")["fee"] == "0.00"
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]


def test_who_walks_away_pays_for_the_minutes(sita: Renter, hour: UUID, pass_minutes: Pass) -> None:
    reserve(sita, hour, minutes=20)
    pass_minutes(12.5)
    rental_id = begin(sita, hour)
    assert sita.post(f"/rentals/{rental_id}/cancel").status_code == 200
    assert sita.wallet() == ("77.00", "0.00", 0, "0.00")


def test_another_station_ends_the_reservation(
    app: Flask, sita: Renter, hour: UUID, make_station: Make, pass_minutes: Pass
) -> None:
    make_station("B", charges={1: 90})
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    pass_minutes(10.5)
    rental_id = begin(sita, hour, sn="B")
    assert sita.rental(rental_id)["powerbank_sn"] == "B-1"
    assert (sita.get(f"/reservations/{kept}")["status"], sita.get(f"/reservations/{kept}")["fee"]) == (
        "cancelled",
        "1.00",
    )
    assert sita.wallet() == ("29.00", "50.00", 0, "0.00")
    assert rows(app, "SELECT available_banks FROM station_live WHERE sn = 'A'") == [(3,)]


def test_another_bank_comes_out_where_the_kept_one_cannot(app: Flask, sita: Renter, hour: UUID) -> None:
    reserve(sita, hour)
    change(app, "UPDATE power_banks SET doubt = 'test' WHERE serial = 'A-2'")
    assert sita.rental(begin(sita, hour))["powerbank_sn"] == "A-3"
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(1,)]


def test_a_refused_rental_leaves_the_reservation_as_it_was(sita: Renter, package: Packages, hour: UUID) -> None:
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    refused = sita.initiate(package(price="500.00"))
    assert refused.status_code == 402
    assert sita.get(f"/reservations/{kept}")["status"] == "active"
    assert sita.wallet() == ("70.00", "10.00", 0, "0.00")
