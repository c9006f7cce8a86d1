"""Power banks move, are reserved for rentals, and are held back by staff."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.stations.custody import registration
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts
from powerbank.stations.models import Slot
from tests.examples import THOROUGH
from tests.stations import prepared
from tests.stations.conftest import Make, find_bank_id

Staff = Callable[..., dict[str, str]]
CREW = Whereabouts(Place.CREW, holder="ram")


def list_stays_of_bank(serial: str) -> list[Any]:
    db.session.rollback()
    return list(
        db.session.execute(
            text("SELECT c.* FROM custody c JOIN power_banks b ON b.id = bank_id WHERE serial = :serial ORDER BY c.id"),
            {"serial": serial},
        ).all()
    )


def test_a_move_closes_one_stay_and_opens_the_next(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    rental = uuid4()
    with transaction():
        assert banks.move_bank(
            find_bank_id("A-1"), Whereabouts(Place.USER, rental_id=rental), at=utcnow(), cause="ejected"
        )
    with transaction():
        assert not banks.move_bank(
            find_bank_id("A-1"), Whereabouts(Place.USER, rental_id=rental), at=utcnow(), cause="ejected"
        )
    found = list_stays_of_bank("A-1")
    assert [row.place for row in found] == ["warehouse", "slot", "user"]
    assert [row.period.upper for row in found] == [found[1].period.lower, found[2].period.lower, None]


def test_a_clock_that_is_behind_does_not_turn_the_timeline_round(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    with transaction():
        banks.move_bank(find_bank_id("A-1"), CREW, at=utcnow() - timedelta(days=2), cause="picked up")
    found = list_stays_of_bank("A-1")
    assert found[2].period.lower == found[1].period.upper
    assert found[2].period.lower > found[1].period.lower


PLACES = st.sampled_from(["crew", "warehouse", "lost", "slot", "user"])


@given(moves=st.lists(st.tuples(PLACES, st.integers(-5, 5)), max_size=12))
@settings(max_examples=15 * THOROUGH, deadline=None, suppress_health_check=[*HealthCheck])
def test_whatever_happens_there_is_one_place_at_any_time(
    context: Flask, make_station: Make, moves: list[tuple[str, int]]
) -> None:
    serial, sn = str(uuid4())[:18], str(uuid4())[:18]
    station = make_station(sn)
    with transaction():
        registration.register_banks(serials=[serial], model=None, now=utcnow())
    for place, minutes in moves:
        to = Whereabouts(
            Place(place),
            station.id if place == "slot" else None,
            1 if place == "slot" else None,
            uuid4() if place == "user" else None,
        )
        with transaction():
            banks.move_bank(find_bank_id(serial), to, at=utcnow() + timedelta(minutes=minutes), cause="try")
    found = list_stays_of_bank(serial)
    assert found[-1].period.upper is None
    assert all(a.period.upper == b.period.lower for a, b in pairwise(found))
    assert all(row.period.upper is None or row.period.upper > row.period.lower for row in found)


def test_the_best_bank_is_the_fullest_then_the_least_used(context: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 80, 2: 95, 3: 95, 4: 29})
    with transaction() as session:
        session.execute(text("UPDATE power_banks SET cycles = 50 WHERE serial = 'A-2'"))

    def best(least: int = 30) -> str | None:
        rental = new_id()
        try:
            with transaction():
                return banks.promise_best_bank(station.id, holder_id=rental, min_battery=least).serial
        except AppError:
            return None
        finally:
            with transaction():
                banks.end_promise(rental)

    assert best() == "A-3"
    with transaction():
        banks.quarantine_bank("A-3", reason="swollen", now=utcnow())
    assert best() == "A-2"
    with transaction():
        banks.mark_doubtful(find_bank_id("A-2"), "no answer to the ejection")
    assert best() == "A-1"
    with transaction() as session:
        session.execute(update(Slot).where(Slot.station_id == station.id, Slot.number == 1).values(works="locked"))
    assert best() is None
    assert best(20) == "A-4"
    with transaction():
        banks.clear_doubt(find_bank_id("A-2"))
    assert best() == "A-2"


def test_a_bank_that_the_database_has_elsewhere_is_not_handed_out(context: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 80})
    with transaction():
        banks.move_bank(find_bank_id("A-1"), CREW, at=utcnow(), cause="picked up")
    with pytest.raises(AppError), transaction():
        banks.promise_best_bank(station.id, holder_id=new_id(), min_battery=30)


def test_two_that_race_for_the_last_bank(app: Flask, client: FlaskClient, make_station: Make) -> None:
    station = make_station("A", charges={1: 80, 2: 70})

    def rent(_: int) -> str:
        with app.app_context():
            try:
                with transaction():
                    return banks.promise_best_bank(station.id, holder_id=new_id(), min_battery=30).serial
            except AppError as refused:
                return refused.code

    with ThreadPoolExecutor(max_workers=8) as pool:
        got = list(pool.map(rent, range(8)))
    assert sorted(got) == ["A-1", "A-2"] + ["no_powerbank_available"] * 6
    assert client.get("/api/stations/A").get_json()["available_banks"] == 0


def test_changes_by_two_at_once_are_counted_once_each(app: Flask, client: FlaskClient, make_station: Make) -> None:
    """The second counts while the first has not committed, and must not write what it saw then."""
    station = make_station("A", charges={1: 80, 2: 70})

    def rent() -> str:
        with app.app_context(), transaction():
            return banks.promise_best_bank(station.id, holder_id=new_id(), min_battery=30).serial

    with ThreadPoolExecutor(1) as pool, app.app_context():
        with transaction():
            banks.promise_best_bank(station.id, holder_id=new_id(), min_battery=30)
            second = pool.submit(rent)
            time.sleep(0.5)
            assert not second.done()
        assert second.result(timeout=60) == "A-2"
    assert client.get("/api/stations/A").get_json()["available_banks"] == 0


def test_a_reservation_is_of_one_rental_and_ends(context: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 80})
    rental = new_id()
    with transaction():
        choice = banks.promise_best_bank(station.id, holder_id=rental, min_battery=30)
    with transaction():
        assert not prepared.reserve_bank(choice.bank_id, rental_id=new_id())
    with transaction():
        banks.end_promise(rental)
        banks.end_promise(rental)
    with transaction():
        assert banks.promise_best_bank(station.id, holder_id=new_id(), min_battery=30).serial == "A-1"


def test_quarantine_and_release(client: FlaskClient, make_station: Make, staff_headers: Staff) -> None:
    make_station("A", charges={1: 80})
    headers = staff_headers("operations")
    client.post("/api/admin/powerbanks", json={"serials": ["W"]}, headers=headers)
    for serial, place in (("W", "quarantined"), ("A-1", "slot")):
        answer = client.post(f"/api/admin/powerbanks/{serial}/quarantine", json={"reason": "wet"}, headers=headers)
        assert (answer.status_code, answer.get_json()["custody"][0]["place"]) == (200, place)
        listed = client.get("/api/admin/powerbanks?quarantined=true", headers=headers).get_json()["items"]
        assert serial in [item["serial"] for item in listed]
    assert client.get("/api/stations/A").get_json()["available_banks"] == 0
    for serial, place in (("W", "warehouse"), ("A-1", "slot")):
        answer = client.post(f"/api/admin/powerbanks/{serial}/release", headers=headers)
        assert (answer.get_json()["quarantine_reason"], answer.get_json()["custody"][0]["place"]) == (None, place)
    assert client.get("/api/stations/A").get_json()["available_banks"] == 1
    refused = client.post("/api/admin/powerbanks/W/release", headers=headers)
    assert refused.get_json(force=True)["code"] == "not_quarantined"
    in_stock = client.get("/api/admin/powerbanks?place=warehouse", headers=headers).get_json()["items"]
    assert [item["serial"] for item in in_stock] == ["W"]
    assert client.get("/api/admin/powerbanks/X", headers=headers).status_code == 404


CLOSED = {"weekly": {}, "exceptions": []}
