"""Returns and ejections as stations tell of them in their own protocol, in whatever order."""

import pytest

from tests.people import rows
from tests.rentals.cabinets import sweep
from tests.rentals.conftest import Packages, Renters
from tests.rentals.state_machine.street import Street
from tests.stations.talker import list_stays


def test_eject_confirmed_but_the_bank_still_seen_in_the_slot_within_60_s(
    street: Street, renter: Renters, package: Packages
) -> None:
    a, sita, one_hour = street.station("A", {1: "101"}), renter(), package()
    rental_id = street.rent(sita, one_hour, a)
    assert sita.wallet()[0] == "450.00"
    street.wait([a], seconds=59)
    street.shows(a, {1: "101"})
    found = sita.rental(rental_id)
    assert (found["status"], found["timeline"][-1]["event"]) == ("cancelled", "never_came_out")
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00")
    assert [place for place, _, _ in list_stays("101")] == ["warehouse", "slot", "user", "slot"]


def test_eject_confirmed_but_the_bank_still_seen_in_the_slot_after_60_s(
    street: Street, renter: Renters, package: Packages
) -> None:
    a, sita, one_hour = street.station("A", {1: "101"}), renter(), package()
    rental_id = street.rent(sita, one_hour, a)
    street.wait([a], seconds=61)
    street.shows(a, {1: "101"})
    found = sita.rental(rental_id)
    assert (found["status"], found["amount_paid"], found["is_returned_on_time"]) == ("completed", "50.00", True)


@pytest.mark.parametrize("silent", [20, 600])
def test_a_return_frame_lost_and_the_bank_seen_in_a_snapshot(
    street: Street, renter: Renters, package: Packages, silent: int
) -> None:
    """At the snapshot's time; or, where the station was offline across the return, at its last word before."""
    a, b, sita, one_hour = street.station("A", {1: "101"}), street.station("B"), renter(), package()
    rental_id = street.rent(sita, one_hour, a)
    street.wait([a, b], minutes=10)
    street.shows(b, {})
    last = b.now
    street.wait([a, b], seconds=silent)
    street.shows(b, {3: "101"})
    found = sita.rental(rental_id)
    assert (found["status"], found["return_station"]["sn"]) == ("completed", "B")
    assert street.time(sita, rental_id, "ended_at") == (b.now if silent < 90 else last)
    assert sita.wallet()[:2] == ("450.00", "0.00")


def test_same_bank_returned_rented_and_an_old_return_event_arriving(
    street: Street, renter: Renters, package: Packages
) -> None:
    a, b, sita, hari, one_hour = (
        street.station("A"),
        street.station("B", {1: "101"}),
        renter(),
        renter("hari"),
        package(),
    )
    first = street.rent(sita, one_hour, b)
    street.wait([a, b], minutes=5)
    lost_at, number = b.now, b.seq + 1
    b.seq = number  # the event is on its way, with this number
    street.wait([a, b], minutes=5)
    street.shows(b, {2: "101"})
    assert sita.rental(first)["status"] == "completed"
    second = street.rent(hari, one_hour, b)
    street.wait([a, b], minutes=1)
    street.happened(b, "returned", 2, "101", seq=number, boot_id=b.boot_id, ts=lost_at.isoformat())
    assert hari.rental(second)["status"] == "active"
    assert sita.rental(first)["status"] == "completed"
    assert list_stays("101")[-1] == ("user", None, second)
    assert (sita.wallet()[0], hari.wallet()[0]) == ("450.00", "450.00")
    street.wait([a, b], minutes=1)
    street.happened(a, "returned", 1, "101")
    assert hari.rental(second)["return_station"]["sn"] == "A"


def test_return_while_overdue(street: Street, renter: Renters, package: Packages) -> None:
    street.begin(hours_ago=3)
    a, sita, one_hour = street.station("A", {1: "101"}), renter(), package(minutes=60)
    rental_id = street.rent(sita, one_hour, a)
    street.wait([a], minutes=149)
    a.snapshot({})
    street.wait([a], minutes=1)
    sweep(street.app, street)
    assert sita.rental(rental_id)["status"] == "overdue"
    street.happened(a, "returned", 2, "101")
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"], found["is_returned_on_time"]) == ("completed", "10.00", False)
    assert sita.wallet() == ("440.00", "0.00", 5, "0.00")


def test_return_while_lost(street: Street, renter: Renters, package: Packages) -> None:
    a, sita, one_hour = street.station("A", {1: "101"}), renter(wallet="5000.00"), package(minutes=60)
    rental_id = street.rent(sita, one_hour, a)
    sweep(street.app, street)
    sweep(street.app, street)
    assert sita.rental(rental_id)["status"] == "lost"
    assert list_stays("101")[-1][0] == "lost"
    assert sita.wallet()[0] == "1950.00", "the replacement price in all, beside the package"
    street.wait([a], hours=301)
    street.happened(a, "returned", 2, "101")
    found = sita.rental(rental_id)
    assert (found["status"], found["due_amount"]) == ("completed", "0.00")
    assert list_stays("101")[-1][:2] == ("slot", 2)
    assert found["amount_paid"] == f"{50 + 5 * 300}.00", "the fees up to the return"
    assert sita.wallet()[0] == f"{5000 - 50 - 5 * 300}.00"


def test_return_while_unresolved(street: Street, renter: Renters, package: Packages) -> None:
    a, b, sita, one_hour = street.station("A", {1: "101"}), street.station("B"), renter(), package()
    street.wait([a, b], seconds=30)
    rental_id = street.initiate(sita, one_hour, a)
    asked_at = a.now
    street.nobody_knows(a)
    assert sita.rental(rental_id)["status"] == "unresolved"
    assert sita.wallet()[:2] == ("450.00", "50.00")
    street.wait([a, b], minutes=20)
    street.happened(b, "returned", 1, "101")
    found = sita.rental(rental_id)
    assert (found["status"], found["return_station"]["sn"]) == ("completed", "B")
    assert street.time(sita, rental_id, "started_at") == asked_at, "from the time of the command"
    assert sita.wallet()[:2] == ("450.00", "0.00")
    assert [place for place, _, _ in list_stays("101")] == ["warehouse", "slot", "user", "slot"]


def test_return_by_a_bank_with_no_rental(street: Street, renter: Renters, package: Packages) -> None:
    a, b = street.station("A", {1: "101"}), street.station("B")
    street.wait([a, b], minutes=1)
    a.snapshot({})  # somebody took it by force
    street.happened(b, "returned", 3, "101")
    assert list_stays("101")[-1][:2] == ("slot", 3)
    notices = "SELECT count(*) FROM staff_notices WHERE type = 'unmatched_return'"
    assert rows(street.app, notices) == [(1,)]
    assert rows(street.app, "SELECT count(*) FROM rentals") == [(0,)]
    assert rows(street.app, "SELECT count(*) FROM discrepancies WHERE resolved_at IS NULL") == [(0,)]


def test_two_returns_of_one_bank_at_two_stations(street: Street, renter: Renters, package: Packages) -> None:
    """The first ends the rental; a bank is in one place, and what the second claims is looked into."""
    a, b, c = street.station("A", {1: "101"}), street.station("B"), street.station("C")
    sita, one_hour = renter(), package()
    rental_id = street.rent(sita, one_hour, a)
    street.wait([a, b, c], minutes=10)
    street.happened(b, "returned", 1, "101")
    street.happened(c, "returned", 2, "101")
    found = sita.rental(rental_id)
    assert (found["status"], found["return_station"]["sn"]) == ("completed", "B")
    assert [each["event"] for each in found["timeline"]].count("returned") == 1
    assert list_stays("101")[-1][:2] == ("slot", 1)
    assert rows(street.app, "SELECT kind FROM discrepancies WHERE resolved_at IS NULL") == [("bank_elsewhere",)]
    assert sita.wallet()[:2] == ("450.00", "0.00")
