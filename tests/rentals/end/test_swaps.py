"""A faulty bank reported at once is replaced free of charge, on the same terms."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.promotions import services
from powerbank.rentals.end import swaps
from tests.databases import execute, superuser_url
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets, sweep
from tests.rentals.conftest import Packages, Renter, Renters, make_older
from tests.stations.conftest import Make


@pytest.fixture
def faulty(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> Callable[..., tuple[Renter, str]]:
    """Make a rental begun with a coupon of 20 %, whose bank is reported as not charging and is not yet back."""

    def begin(*, banks: int = 2) -> tuple[Renter, str]:
        make_station("A", charges={number: 100 - number for number in range(1, banks + 1)})
        with app.app_context(), transaction():
            services.create_coupon(
                name="Dashain", code="DASHAIN", kind="percent", value=20, total_limit=1, budget=10_00
            )
        sita = renter()
        begun = sita.initiate(package(price="50.00"), coupon_code="DASHAIN")
        assert begun.status_code == 202, begun.text
        rental_id = str(begun.get_json()["rental_id"])
        cabinets.work()
        cabinets.ejects()
        assert sita.rental(rental_id)["amount_paid"] == "40.00"
        assert sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "not_charging"}).status_code == 201
        return sita, rental_id

    return begin


Faulty = Callable[..., tuple[Renter, str]]


def coupon(app: Flask) -> Any:
    return tuple(rows(app, "SELECT used, spent FROM coupons")[0])


def test_replacement_costs_the_same_as_the_first_rental(app: Flask, faulty: Faulty, cabinets: Cabinets) -> None:
    """Whatever became of the package, the prices and the coupon meanwhile."""
    sita, rental_id = faulty()
    change(app, "UPDATE packages SET price = 99900, duration_minutes = 1, active = false")
    change(app, """INSERT INTO app_config (key, value, updated_by) VALUES ('overdue_rate_per_hour', '"99.00"', 'x')""")
    change(app, "UPDATE coupons SET active = false")
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    (other,) = sita.get("/rentals/active")["items"]
    assert (other["powerbank_sn"], other["swap_of"], other["discount"]) == ("A-2", rental_id, "10.00")
    assert (other["package"]["price"], other["package"]["duration_minutes"]) == ("50.00", 60)
    assert sita.wallet()[:2] == ("460.00", "40.00")
    cabinets.ejects()
    assert sita.wallet()[:2] == ("460.00", "0.00")
    assert rows(app, "SELECT DISTINCT overdue_rate FROM rentals") == [(5_00,)]
    assert coupon(app) == (1, 10_00)
    assert rows(app, "SELECT rental_id::text, status FROM coupon_redemptions") == [(other["id"], "used")]


def test_swap_without_another_bank_gives_everything_back(app: Flask, faulty: Faulty, cabinets: Cabinets) -> None:
    sita, rental_id = faulty(banks=1)
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.get("/rentals/active")["items"] == []
    assert sita.wallet()[:2] == ("500.00", "0.00")
    assert coupon(app) == (0, 0)
    assert sita.rental(rental_id)["timeline"][-1]["detail"] == {"code": "no_powerbank_available"}


def test_late_swap_ends_once(app: Flask, faulty: Faulty, cabinets: Cabinets) -> None:
    sita, rental_id = faulty(banks=1)
    cabinets.take_back("A-1", slot=1)
    with app.app_context():
        for _ in range(2):
            with transaction():
                swaps.abandon_swap(UUID(rental_id), now=utcnow())
    assert [each["event"] for each in sita.rental(rental_id)["timeline"]].count("swap_refused") == 1
    assert coupon(app) == (0, 0)


def test_faulty_bank_that_comes_back_too_late_is_not_swapped(app: Flask, faulty: Faulty, cabinets: Cabinets) -> None:
    sita, rental_id = faulty()
    make_older(app, 20)
    change(app, "UPDATE rental_cases SET reported_at = reported_at - interval '16 min'")
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.get("/rentals/active")["items"] == []


def test_faulty_bank_of_a_package_that_ran_out_on_the_way_back_is_swapped(
    app: Flask, faulty: Faulty, cabinets: Cabinets
) -> None:
    """The way back takes its time, and a short package has run out by then."""
    sita, rental_id = faulty()
    make_older(app, 14)
    execute(
        superuser_url(app.config["TEST_DATABASE"]),
        """UPDATE rentals SET started_at = started_at - interval '14 min',
                              metered_from = metered_from - interval '14 min', due_at = now() - interval '1 min'""",
        "UPDATE rental_cases SET reported_at = reported_at - interval '13 min'",
    )
    sweep(app, cabinets)
    assert sita.rental(rental_id)["status"] == "overdue"
    cabinets.take_back("A-1", slot=1)
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"], found["due_amount"]) == ("cancelled", "0.00", "0.00")
    (other,) = sita.get("/rentals/active")["items"]
    assert (other["powerbank_sn"], other["swap_of"]) == ("A-2", rental_id)


class TestLimits:
    """Each believed fault takes a power bank out of use and may make a rental free, so it is believed so often."""

    @pytest.fixture
    def fault(
        self, app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
    ) -> Callable[..., tuple[str, bool]]:
        """Rent, report a fault and give back. Return the status of the case, and whether the bank is out of use."""
        make_station("A", charges={number: 100 - number for number in range(1, 9)})
        sita, one_hour = renter(wallet="900.00"), package(price="50.00")

        def begin(days_ago: float = 0) -> tuple[str, bool]:
            begun = sita.initiate(one_hour)
            assert begun.status_code == 202, begun.text
            rental_id = str(begun.get_json()["rental_id"])
            cabinets.work()
            cabinets.ejects()
            serial = sita.rental(rental_id)["powerbank_sn"]
            told = sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "damaged"}).get_json()
            [bank] = rows(app, "SELECT quarantine_reason FROM power_banks WHERE serial = :serial", serial=serial)
            change(
                app,
                "UPDATE rental_cases SET reported_at = reported_at - make_interval(days => :days)"
                " WHERE rental_id = CAST(:id AS uuid)",
                id=rental_id,
                days=days_ago,
            )
            change(
                app,
                "UPDATE rentals SET status = 'completed', ended_at = now(), settled_at = now() WHERE status = 'active'",
            )
            return told["status"], bank.quarantine_reason is not None

        return begin

    def test_one_fault_a_day_is_believed(self, fault: Callable[..., tuple[str, bool]]) -> None:
        assert fault(days_ago=0) == ("upheld", True)
        assert fault(days_ago=0) == ("open", False)

    def test_three_faults_a_month_are_believed(self, fault: Callable[..., tuple[str, bool]]) -> None:
        assert [fault(days_ago=days) for days in (20, 10, 2)] == [("upheld", True)] * 3
        assert fault() == ("open", False)

    def test_faults_that_staff_upheld_do_not_count(self, app: Flask, fault: Callable[..., tuple[str, bool]]) -> None:
        fault()
        change(app, "UPDATE rental_cases SET decided_by = 'staff:x'")
        assert fault() == ("upheld", True)
