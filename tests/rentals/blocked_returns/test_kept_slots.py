"""Slots that are kept: never for two, and another one is kept where somebody uses it or its station fails."""

from threading import Barrier, Thread

import pytest
from flask import Flask

from jobs.rentals import run_sweep
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.rentals.blocked_returns.sweeps import blocked_return_steps
from powerbank.stations.availability import kept_slots, live_rows
from powerbank.stations.availability.kept_slots import Place
from tests.people import change, rows
from tests.rentals.blocked_returns.conftest import NEAR, block, fill
from tests.rentals.cabinets import MINUTE, Cabinets
from tests.rentals.conftest import Out, Packages, Renter, Renters
from tests.rentals.rentals_in_states import station_id
from tests.stations.conftest import Make, seat_bank

pytestmark = pytest.mark.usefixtures("near")


def sweep(app: Flask, cabinets: Cabinets) -> None:
    with app.app_context():
        run_sweep(*blocked_return_steps(utcnow()))
    cabinets.work()


def go_to(person: Renter, rental_id: str) -> tuple[str, int] | None:
    found = person.rental(rental_id)["pause"]["go_to"]
    return None if found is None else (found["station_sn"], found["slot_number"])


def notices(person: Renter) -> list[str]:
    found = [each["type"] for each in person.get("/notifications")["items"]]
    return [each for each in reversed(found) if each.startswith("return_")]


def test_another_slot_is_kept_where_somebody_returns_into_it(
    app: Flask, make_station: Make, renter: Renters, package: Packages, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    hour, rentals = package(), []
    for name in ("sita", "ram"):
        person = renter(name)
        rental_id = person.initiate(hour).get_json()["rental_id"]
        cabinets.work()
        cabinets.ejects(at=utcnow() - 10 * MINUTE)
        rentals.append((person, rental_id))
    (sita, hers), (ram, his) = rentals
    fill(app, "A")
    block(sita, hers)
    assert go_to(sita, hers) == ("B", 1)
    cabinets.take_back("A-2", "B", 1)
    assert ram.rental(his)["status"] == "completed"
    assert go_to(sita, hers) == ("B", 2)
    assert sita.rental(hers)["timeline"][-1]["event"] == "return_slot_moved"
    assert notices(sita) == ["return_paused", "return_slot_moved"]
    assert rows(app, "SELECT slot_number FROM kept_slots") == [(2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE stations SET maintenance = true WHERE sn = 'B'",
        "UPDATE station_live SET online = false WHERE sn = 'B'",
        "UPDATE slots SET works = 'faulty' WHERE station_id = (SELECT id FROM stations WHERE sn = 'B')",
    ],
)
def test_a_station_that_fails_moves_the_promise_on(
    app: Flask, out: Out, cabinets: Cabinets, make_station: Make, sql: str
) -> None:
    make_station("C", lat=27.73, lng=85.33)
    sita, rental_id = out(ago=10)
    fill(app, "A")
    block(sita, rental_id)
    sweep(app, cabinets)
    assert go_to(sita, rental_id) == ("B", 1)
    change(app, sql)
    if "slots" in sql:
        fill(app, "B")
    sweep(app, cabinets)
    assert go_to(sita, rental_id) == ("C", 1)
    assert notices(sita) == ["return_paused", "return_slot_moved"]


def test_the_person_is_told_at_once_where_no_other_can_be_kept(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=10)
    fill(app, "A")
    block(sita, rental_id)
    fill(app, "B", but=2)
    sweep(app, cabinets)
    assert go_to(sita, rental_id) is None
    assert notices(sita) == ["return_paused", "return_slot_gone"]
    sweep(app, cabinets)
    assert len(notices(sita)) == 2


def test_a_blocked_second_station_moves_the_promise_on(
    app: Flask, out: Out, cabinets: Cabinets, make_station: Make
) -> None:
    make_station("C", lat=27.73, lng=85.33)
    sita, rental_id = out(ago=10)
    fill(app, "A")
    first = block(sita, rental_id).get_json()
    fill(app, "B")
    again = block(sita, rental_id, "B").get_json()
    assert (again["block_id"], again["go_to"]["station_sn"]) == (first["block_id"], "C")
    assert again["paused_until"] == first["paused_until"]
    # A report about a station that has free slots changes nothing.
    refused = block(sita, rental_id, "C").get_json()
    assert (refused["status"], refused["reason"]) == ("refused", "slots_free")
    assert go_to(sita, rental_id) == ("C", 1)


def test_closed_and_distant_stations_keep_none(app: Flask, out: Out, make_station: Make) -> None:
    change(app, """UPDATE station_live SET hours = '{"weekly": {}}' WHERE sn = 'B'""")
    make_station("C", lat=28.20, lng=83.98)  # Pokhara
    sita, rental_id = out(ago=10)
    fill(app, "A")
    assert block(sita, rental_id).get_json()["go_to"] is None


def test_a_bank_that_crew_seat_there_moves_the_promise_on(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=10)
    fill(app, "A")
    block(sita, rental_id)
    with app.app_context(), transaction():
        seat_bank(station_id("B"), 1, "X-1", 50)
    sweep(app, cabinets)
    assert go_to(sita, rental_id) == ("B", 2)


def test_no_slot_is_kept_for_two(app: Flask) -> None:
    """Eight people at once: two of B's four slots are kept, since two are left to the others."""
    barrier, found = Barrier(8), list[int | None]()

    def keep() -> None:
        with app.app_context():
            barrier.wait()
            with transaction(), live_rows.delay_refresh():
                kept = kept_slots.keep_nearest_slot(
                    Place(**NEAR), holder_id=new_id(), until=utcnow() + 30 * MINUTE, now=utcnow()
                )
                found.append(None if kept is None else kept.slot_number)

    threads = [Thread(target=keep) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    kept = [each for each in found if each is not None]
    assert len(kept) == len(set(kept)) >= 2
    with app.app_context(), transaction():
        assert kept_slots.keep_nearest_slot(Place(**NEAR), holder_id=new_id(), until=utcnow(), now=utcnow()) is None
