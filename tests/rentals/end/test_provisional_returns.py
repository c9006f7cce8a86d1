"""Provisional returns: nothing is collected before the self-test of the station has ended."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from flask import Flask

from jobs.rentals import run_sweep
from powerbank.base.db import transaction, utcnow
from powerbank.rentals import sweeps
from powerbank.stations.custody import registration
from tests.rentals.cabinets import sweep
from tests.rentals.conftest import Renter
from tests.rentals.state_machine.street import Street
from tests.stations.messages.test_volinks_cabinets import RETURNED, UPDATE, frame, holes
from tests.stations.talker import Talker, list_stays, query_value

FAILED, PASSED = 0x24, 0x01


class Cabinet:
    """One of `volinks-v1` with one bank; its time is the street's."""

    def __init__(self, street: Street, talker: Talker) -> None:
        self.street, self.talker = street, talker

    def says(self, *command: int) -> None:
        self.talker.take(UPDATE, frame(*command))
        self.street.work()

    def shows(self, serial: int) -> None:
        self.talker.take(UPDATE, holes(serial))
        self.street.work()

    def takes_back_provisionally(self) -> datetime:
        self.says(0x40, *RETURNED, 0x24, 13, 80)
        return self.talker.now

    def tests_itself(self, result: int) -> None:
        self.says(0x28, 0x10, 1, result, 0, 0, 0, 0, 0, 1, 2, 80, 25, 50, 1, 13, 1)

    def wait(self, **span: float) -> None:
        self.street.wait([self.talker], **span)


@pytest.fixture
def rented(
    street: Street, renter: Callable[..., Renter], package: Callable[..., UUID], make_station: Callable[..., object]
) -> tuple[Renter, str, Cabinet]:
    """Make a rental that is out for nearly an hour, which is what was paid."""
    street.begin(hours_ago=2)
    made = make_station("C", protocol="volinks-v1")
    with transaction():
        registration.register_banks(serials=["258"], model=None, now=street.now)
    cabinet = Cabinet(street, Talker(made, now=street.now))  # type: ignore[arg-type]
    cabinet.shows(258)
    sita = renter()
    rental_id = street.initiate(sita, package(minutes=60), cabinet.talker)
    cabinet.says(0x31, 1, 0, 0, 1, 2, 1, 0)
    cabinet.shows(0)
    cabinet.wait(minutes=58)
    cabinet.shows(0)
    cabinet.wait(seconds=30)
    assert sita.rental(rental_id)["status"] == "active"
    return sita, rental_id, cabinet


Rented = tuple[Renter, str, Cabinet]


def test_passed_self_test_ends_the_rental_at_the_return(app: Flask, rented: Rented) -> None:
    sita, rental_id, cabinet = rented
    back_at = cabinet.takes_back_provisionally()
    cabinet.wait(minutes=4)
    sweep(app, cabinet.street)
    assert sita.rental(rental_id)["status"] == "active", "neither overdue nor completed"
    cabinet.tests_itself(PASSED)
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"]) == ("completed", "0.00")
    assert datetime.fromisoformat(found["ended_at"]) == back_at


def test_failed_self_test_and_missing_bank_keep_the_rental_open(app: Flask, rented: Rented) -> None:
    sita, rental_id, cabinet = rented
    cabinet.takes_back_provisionally()
    cabinet.wait(minutes=4)
    cabinet.tests_itself(FAILED)
    assert list_stays("258")[-1] == ("user", None, rental_id)
    assert query_value("SELECT count(*) FROM station_commands WHERE command = 'get_status' AND status = 'queued'") >= 1
    cabinet.wait(seconds=30)
    cabinet.shows(0)
    cabinet.wait(minutes=10)
    sweep(app, cabinet.street)
    sweep(app, cabinet.street)
    assert sita.rental(rental_id)["status"] == "overdue", "no sweep overrules a self-test"
    assert list_stays("258")[-1] == ("user", None, rental_id)
    assert query_value("SELECT count(*) FROM discrepancies WHERE resolved_at IS NULL") == 0


def test_failed_self_test_and_bank_in_its_slot_end_the_rental_at_the_return(app: Flask, rented: Rented) -> None:
    sita, rental_id, cabinet = rented
    back_at = cabinet.takes_back_provisionally()
    cabinet.wait(minutes=4)
    cabinet.tests_itself(FAILED)
    assert sita.rental(rental_id)["status"] == "active"
    cabinet.wait(seconds=30)
    cabinet.shows(258)
    found = sita.rental(rental_id)
    assert (found["status"], found["timeline"][-1]["event"]) in [("completed", "returned"), ("completed", "settled")]
    assert datetime.fromisoformat(found["ended_at"]) == back_at
    assert found["overdue_amount"] == "0.00"
    assert list_stays("258")[-1][:2] == ("slot", 1)
    assert query_value("SELECT quarantine_reason FROM power_banks").startswith("self-test"), "and not handed out again"


@pytest.mark.parametrize(("shown", "status"), [(258, "completed"), (0, "overdue")])
def test_slot_decides_when_the_self_test_never_comes(app: Flask, rented: Rented, shown: int, status: str) -> None:
    sita, rental_id, cabinet = rented
    cabinet.takes_back_provisionally()
    cabinet.wait(minutes=2)
    cabinet.shows(shown)
    with app.app_context():
        run_sweep(sweeps.provisional_return_step(utcnow()))
    cabinet.street.work()
    sweep(app, cabinet.street)
    assert sita.rental(rental_id)["status"] == status
