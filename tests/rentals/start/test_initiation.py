"""From the initiation of a rental to the ejection, and every way in which the power bank does not come out."""

import os

import pytest
from flask import Flask

from powerbank.integrations.mqtt.publisher import Publisher
from scripts.stack.servers.broker import EmbeddedBroker
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Packages, Renter, Renters
from tests.stations.conftest import Make


def status(person: Renter, rental_id: str) -> str:
    return str(person.rental(rental_id)["status"])


def test_rental_begins_with_the_ejection(
    app: Flask, renter: Renters, package: Packages, cabinets: Cabinets, make_station: Make
) -> None:
    make_station("A", charges={1: 60, 2: 95, 3: 20})
    sita = renter(wallet="80.00")
    begun = sita.initiate(package(price="50.00"))
    assert begun.status_code == 202
    assert begun.get_json()["status"] == "pending"
    rental_id = begun.get_json()["rental_id"]
    assert sita.wallet() == ("30.00", "50.00", 0, "0.00")
    cabinets.work()
    assert status(sita, rental_id) == "ejecting"
    assert cabinets.commands() == [("A-2", "queued")]
    cabinets.ejects()
    found = sita.rental(rental_id)
    assert (found["status"], found["powerbank_sn"], found["slot_number"]) == ("active", "A-2", 2)
    assert (found["amount_paid"], found["overdue_amount"], found["due_amount"]) == ("50.00", "0.00", "0.00")
    assert [each["event"] for each in found["timeline"]] == ["initiated", "eject_sent", "ejected"]
    assert sita.wallet() == ("30.00", "0.00", 0, "0.00")
    assert cabinets.place("A-2") == "user"
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]


def test_command_is_sent_by_the_first_job_while_the_broker_is_there(
    app: Flask, renter: Renters, package: Packages, cabinets: Cabinets, make_station: Make, broker: EmbeddedBroker
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    app.extensions["mqtt_publisher"] = (os.getpid(), link := Publisher(broker.url))
    try:
        link.ready()
        rental_id = sita.initiate(package()).get_json()["rental_id"]
        cabinets.work()
    finally:
        del app.extensions["mqtt_publisher"]
        link.close()
    assert status(sita, rental_id) == "ejecting"
    assert cabinets.commands() == [("A-1", "sent")]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'send_station_command'") == [(0,)]
    cabinets.ejects()
    assert status(sita, rental_id) == "active"


@pytest.mark.parametrize(
    ("sql", "code", "told"),
    [
        ("UPDATE users SET status = 'suspended'", 403, "account_blocked"),
        ("UPDATE users SET city = NULL", 403, "profile_incomplete"),
        ("UPDATE users SET kyc_status = 'pending'", 403, "kyc_required"),
        ("UPDATE station_live SET online = false", 409, "station_offline"),
        # The station is silent and no sweep has marked it, because no scheduler runs here.
        ("UPDATE station_live SET last_seen = now() - interval '91 s'", 409, "station_offline"),
        ("UPDATE station_live SET last_seen = NULL", 409, "station_offline"),
        ("UPDATE stations SET maintenance = true", 409, "station_maintenance"),
        ("UPDATE packages SET active = false", 409, "package_inactive"),
        ("UPDATE slots SET charge = 29", 409, "no_powerbank_available"),
        ("UPDATE stations SET rent_enabled = false", 409, "no_powerbank_available"),
    ],
)
def test_ineligible_person_is_refused_with_a_reason_and_pays_nothing(
    app: Flask, renter: Renters, package: Packages, make_station: Make, sql: str, code: int, told: str
) -> None:
    make_station("A", charges={1: 90})
    sita, one_hour = renter(), package()
    change(app, sql)
    refused = sita.initiate(one_hour)
    assert (refused.status_code, refused.get_json()["code"]) == (code, told)
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00")
    assert rows(app, "SELECT count(*) FROM rentals") == rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]


def test_too_little_money_is_refused_with_the_shortfall_and_nothing_is_reserved(
    app: Flask, renter: Renters, package: Packages, make_station: Make
) -> None:
    make_station("A", charges={1: 90})
    sita = renter(wallet="20.00", points=100)
    refused = sita.initiate(package(price="50.00"), method="combination")
    assert (refused.status_code, refused.get_json()["code"]) == (402, "insufficient_funds")
    assert refused.get_json()["shortfall"] == "20.00"
    assert sita.wallet() == ("20.00", "0.00", 100, "0.00")
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]


@pytest.mark.parametrize(
    ("method", "left"), [("points_only", ("10.00", 100)), ("combination", ("10.00", 100)), ("wallet_only", None)]
)
def test_points_pay_by_the_chosen_method(
    renter: Renters,
    package: Packages,
    make_station: Make,
    cabinets: Cabinets,
    method: str,
    left: tuple[str, int] | None,
) -> None:
    make_station("A", charges={1: 90})
    sita = renter(wallet="10.00", points=600)
    begun = sita.initiate(package(price="50.00"), method=method)
    if left is None:
        assert begun.status_code == 402
        return
    cabinets.work()
    cabinets.ejects()
    assert sita.rental(begun.get_json()["rental_id"])["amount_paid"] == "50.00"
    assert (sita.wallet()[0], sita.wallet()[2]) == left


def test_second_open_rental_is_refused(renter: Renters, package: Packages, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 90})
    sita, one_hour = renter(), package()
    first = sita.post(
        "/rentals/initiate", {"station_sn": "A", "package_id": str(one_hour), "payment_method": "wallet_only"}, key="k"
    )
    again = sita.post(
        "/rentals/initiate", {"station_sn": "A", "package_id": str(one_hour), "payment_method": "wallet_only"}, key="k"
    )
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    refused = sita.initiate(one_hour)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "open_rental_exists")


def test_refusals_try_the_next_bank_and_the_third_fails_the_rental(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 70, 2: 95, 3: 80, 4: 60})
    sita = renter(wallet="50.00")
    rental_id = sita.initiate(package(price="50.00")).get_json()["rental_id"]
    cabinets.work()
    for _ in range(2):
        cabinets.refuses()
        assert status(sita, rental_id) == "ejecting"
    cabinets.refuses()
    assert status(sita, rental_id) == "failed"
    assert cabinets.commands() == [("A-2", "failed"), ("A-3", "failed"), ("A-1", "failed")]
    assert sita.wallet() == ("50.00", "0.00", 0, "0.00")
    assert any("did not start" in each["body"] for each in sita.get("/notifications")["items"])


def test_silence_tries_the_same_bank_once_more(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 70, 2: 95})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    cabinets.work()
    cabinets.shows_it_still_in()
    assert status(sita, rental_id) == "ejecting"
    cabinets.shows_it_still_in()
    assert status(sita, rental_id) == "failed"
    assert cabinets.commands() == [("A-2", "failed"), ("A-2", "failed")]
    assert sita.wallet()[:2] == ("500.00", "0.00")
    assert rows(app, "SELECT serial FROM power_banks WHERE doubt IS NOT NULL") == [("A-2",)]


def test_unresolved_rental_is_resolved_when_the_station_answers(
    out: Out, cabinets: Cabinets, renter: Renters, package: Packages, make_station: Make
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    cabinets.work()
    cabinets.says_nothing()
    assert status(sita, rental_id) == "unresolved"
    assert sita.wallet()[:2] == ("450.00", "50.00")
    cabinets.ejects_late()
    assert status(sita, rental_id) == "active"
    assert sita.wallet()[:2] == ("450.00", "0.00")


def test_late_ejection_charges_nothing_until_staff_decide(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets, app: Flask
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita, one_hour = renter(), package()
    rental_id = sita.initiate(one_hour).get_json()["rental_id"]
    cabinets.work()
    for _ in range(2):
        cabinets.shows_it_still_in()
    assert status(sita, rental_id) == "failed"
    cabinets.ejects_late()
    assert status(sita, rental_id) == "active"
    assert sita.wallet()[:2] == ("500.00", "0.00")
    assert rows(app, "SELECT count(*) FROM staff_notices WHERE type = 'rental_came_late'") == [(1,)]
    assert sita.initiate(one_hour).status_code == 202, "it does not count as an open rental"
    cabinets.take_back("A-1")
    assert status(sita, rental_id) == "completed"
    assert sita.wallet()[3] == "0.00"


def test_confirmed_ejection_is_undone_when_the_bank_is_seen_in_its_slot(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(price="50.00")
    cabinets.shows_again("A-1", rental_id)
    assert status(sita, rental_id) == "cancelled"
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00")
    assert sita.initiate  # and may rent again at once


def test_rentals_of_one_station_are_ejected_one_after_the_other(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita, hari, one_hour = renter("sita"), renter("hari"), package()
    first = sita.initiate(one_hour).get_json()["rental_id"]
    second = hari.initiate(one_hour).get_json()["rental_id"]
    cabinets.work()
    assert (status(sita, first), status(hari, second)) == ("ejecting", "pending")
    cabinets.ejects()
    assert (status(sita, first), status(hari, second)) == ("active", "ejecting")
    cabinets.ejects()
    assert status(hari, second) == "active"


def test_cancellation_before_the_command_is_sent(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets, app: Flask
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    assert sita.post(f"/rentals/{rental_id}/cancel").get_json()["status"] == "cancelled"
    assert sita.post(f"/rentals/{rental_id}/cancel").status_code == 200
    cabinets.work()
    assert cabinets.commands() == []
    assert sita.wallet()[:2] == ("500.00", "0.00")
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]
