"""Power banks that come out after the rental failed or went on to another power bank."""

from collections.abc import Callable

from flask import Flask

from tests.people import rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Packages, Renter, Renters
from tests.stations.conftest import Make


def begun(sita: Renter, package: Packages, cabinets: Cabinets, *, refusals: int) -> str:
    """Make a rental whose ejection was refused so often.

    Each refusal but the last was followed by the next best bank.
    """
    rental_id = str(sita.initiate(package(price="50.00")).get_json()["rental_id"])
    cabinets.work()
    for _ in range(refusals):
        cabinets.refuses()
    return rental_id


def promises(app: Flask) -> list[str]:
    query = "SELECT serial FROM bank_reservations r JOIN power_banks b ON b.id = r.bank_id"
    return [row.serial for row in rows(app, query)]


def holder(app: Flask, serial: str) -> str:
    query = f"""SELECT rental_id FROM custody c JOIN power_banks b ON b.id = c.bank_id
                 WHERE serial = '{serial}' AND upper_inf(period)"""
    return str(rows(app, query)[0].rental_id)


def test_earlier_bank_comes_out_after_the_rental_failed(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80, 3: 70})
    sita = renter()
    rental_id = begun(sita, package, cabinets, refusals=3)
    assert sita.rental(rental_id)["status"] == "failed"
    cabinets.ejects_late(serial="A-1")
    found = sita.rental(rental_id)
    assert (found["status"], found["powerbank_sn"], found["slot_number"]) == ("active", "A-1", 1)
    assert holder(app, "A-1") == rental_id
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00")
    assert rows(app, "SELECT count(*) FROM staff_notices WHERE type = 'rental_came_late'") == [(1,)]
    cabinets.take_back("A-1", slot=4)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00"), "nothing charged, and nothing earned"


def test_earlier_bank_comes_out_before_the_next_command_is_sent(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter()
    rental_id = begun(sita, package, cabinets, refusals=1)
    assert cabinets.commands() == [("A-1", "failed"), ("A-2", "queued")]
    cabinets.ejects_late(serial="A-1")
    found = sita.rental(rental_id)
    assert (found["status"], found["powerbank_sn"], found["amount_paid"]) == ("active", "A-1", "50.00")
    assert cabinets.commands() == [("A-1", "succeeded"), ("A-2", "expired")], "the second is not asked for any more"
    assert promises(app) == []
    assert sita.wallet() == ("450.00", "0.00", 0, "0.00")


def test_earlier_bank_comes_out_while_the_next_command_is_refused(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter()
    rental_id = begun(sita, package, cabinets, refusals=1)
    cabinets.sent()
    cabinets.ejects_late(serial="A-1")
    assert sita.rental(rental_id)["powerbank_sn"] == "A-1"
    assert promises(app) == ["A-2"], "it may be coming out: nobody else gets it"
    cabinets.refuses()
    assert promises(app) == []
    found = sita.rental(rental_id)
    assert (found["status"], found["powerbank_sn"], found["amount_paid"]) == ("active", "A-1", "50.00")


def test_second_bank_gets_a_rental_of_its_own(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter()
    rental_id = begun(sita, package, cabinets, refusals=1)
    cabinets.ejects()  # the second
    cabinets.ejects_late(serial="A-1")
    cabinets.work()
    here = {each["powerbank_sn"]: each for each in sita.get("/rentals/active")["items"]}
    assert set(here) == {"A-1", "A-2"}
    other = here["A-1"]["id"]
    assert (here["A-2"]["id"], holder(app, "A-2"), holder(app, "A-1")) == (rental_id, rental_id, other)
    assert sita.wallet() == ("450.00", "0.00", 0, "0.00"), "one was paid"
    told = rows(app, "SELECT context ->> 'rental_id' AS id FROM staff_notices WHERE type = 'rental_came_late'")
    assert [row.id for row in told] == [other]
    cabinets.take_back("A-1", slot=3)
    assert sita.rental(other)["status"] == "completed"
    assert sita.rental(rental_id)["status"] == "active", "the one that was paid goes on"
    cabinets.take_back("A-2", slot=4)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "450.00"


def test_staff_can_charge_a_second_bank_that_never_comes_back(
    app: Flask,
    renter: Renters,
    package: Packages,
    make_station: Make,
    cabinets: Cabinets,
    staff_headers: Callable[..., dict[str, str]],
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter(wallet="4000.00")
    begun(sita, package, cabinets, refusals=1)
    cabinets.ejects()
    cabinets.ejects_late(serial="A-1")
    other = holder(app, "A-1")
    answer = sita.client.post(
        f"/api/admin/rentals/{other}/resolve",
        headers=staff_headers("support"),
        json={"action": "lost", "reason": "kept it"},
    )
    assert answer.status_code == 200, answer.text
    cabinets.work()
    assert sita.rental(other)["status"] == "lost"
    assert sita.wallet()[0] == "950.00"
    assert cabinets.place("A-1") == "lost"


def test_repeated_ejection_opens_no_third_rental(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter()
    begun(sita, package, cabinets, refusals=1)
    cabinets.ejects()
    cabinets.ejects_late(serial="A-1")
    from jobs.rentals import settle_ejection
    from powerbank.base.db import transaction

    for row in rows(app, "SELECT id FROM station_commands ORDER BY id"):
        with app.app_context(), transaction():
            settle_ejection(command_id=str(row.id), status="")
    assert rows(app, "SELECT count(*) FROM rentals") == [(2,)]
