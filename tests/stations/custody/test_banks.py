"""Power banks: where each one is, which one is handed out, and what staff do with them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from jobs.operations import fail_operation
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.stations.availability import eligibility, live_rows
from powerbank.stations.custody import discrepancies, registration
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import DiscrepancyKind, Place, Whereabouts
from powerbank.stations.models import Slot
from powerbank.stations.registry import services
from tests.databases import execute
from tests.people import rows
from tests.stations import prepared
from tests.stations.conftest import Make, bank_id

Staff = Callable[..., dict[str, str]]
CREW = Whereabouts(Place.CREW, holder="ram")


def stays(serial: str) -> list[Any]:
    db.session.rollback()
    return list(
        db.session.execute(
            text("SELECT c.* FROM custody c JOIN power_banks b ON b.id = bank_id WHERE serial = :serial ORDER BY c.id"),
            {"serial": serial},
        ).all()
    )


def test_banks_are_registered_once(context: Flask, client: FlaskClient, staff_headers: Staff) -> None:
    headers = staff_headers()
    first = client.post("/api/admin/powerbanks", json={"serials": ["1", "2", "2"], "model": "X"}, headers=headers)
    assert (first.status_code, first.get_json()) == (201, {"created": ["1", "2"], "existing": []})
    again = client.post("/api/admin/powerbanks", json={"serials": ["2", "3"]}, headers=headers).get_json()
    assert again == {"created": ["3"], "existing": ["2"]}
    shown = client.get("/api/admin/powerbanks/2", headers=headers).get_json()
    assert [(stay["place"], stay["until"]) for stay in shown["custody"]] == [("warehouse", None)]
    for serials in ([], ["a b"], ["x" * 65], [1]):
        assert client.post("/api/admin/powerbanks", json={"serials": serials}, headers=headers).status_code == 422


def test_a_move_closes_one_stay_and_opens_the_next(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    rental = uuid4()
    with transaction():
        assert banks.move_bank(bank_id("A-1"), Whereabouts(Place.USER, rental_id=rental), at=utcnow(), cause="ejected")
    with transaction():
        assert not banks.move_bank(
            bank_id("A-1"), Whereabouts(Place.USER, rental_id=rental), at=utcnow(), cause="ejected"
        )
    found = stays("A-1")
    assert [row.place for row in found] == ["warehouse", "slot", "user"]
    assert [row.period.upper for row in found] == [found[1].period.lower, found[2].period.lower, None]


def test_a_clock_that_is_behind_does_not_turn_the_timeline_round(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    with transaction():
        banks.move_bank(bank_id("A-1"), CREW, at=utcnow() - timedelta(days=2), cause="picked up")
    found = stays("A-1")
    assert found[2].period.lower == found[1].period.upper
    assert found[2].period.lower > found[1].period.lower


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody SET place = 'lost'",
        "UPDATE custody SET cause = 'x'",
        "UPDATE custody SET period = tstzrange(lower(period) - interval '1 day', NULL)",
        "UPDATE custody SET period = tstzrange(lower(period), now())",  # and it would be nowhere
        "DELETE FROM custody",
        "TRUNCATE custody",
        "INSERT INTO custody (id, bank_id, place, cause, period)"
        " SELECT gen_random_uuid(), bank_id, 'lost', 'x', tstzrange(now(), NULL) FROM custody",
        "INSERT INTO custody (id, bank_id, place, cause, period)"
        " SELECT gen_random_uuid(), bank_id, 'lost', 'x', tstzrange('2000-01-01', '2001-01-01') FROM custody",
        "INSERT INTO power_banks (id, serial) VALUES (gen_random_uuid(), 'nowhere')",
    ],
)
@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_the_database_holds_that_a_bank_is_in_one_place(
    context: Flask, environment: dict[str, str], role: str, statement: str
) -> None:
    with transaction():
        registration.register_banks(serials=["1"], model=None, now=utcnow())
    with pytest.raises(psycopg2.Error):
        execute(environment[role], statement)
    assert [row.place for row in stays("1")] == ["warehouse"]


def test_a_gap_between_two_stays_is_refused(context: Flask) -> None:
    with transaction():
        registration.register_banks(serials=["1"], model=None, now=utcnow())
    statements = (
        "UPDATE custody SET period = tstzrange(lower(period), lower(period) + interval '1 s')",
        "INSERT INTO custody (id, bank_id, place, cause, period) SELECT gen_random_uuid(), bank_id, 'lost', 'x',"
        " tstzrange(upper(period) + interval '1 s', NULL) FROM custody",
    )
    with pytest.raises(IntegrityError):
        in_one_transaction(*statements)


def in_one_transaction(*statements: str) -> None:
    with transaction() as session:
        for statement in statements:
            session.execute(text(statement))


PLACES = st.sampled_from(["crew", "warehouse", "lost", "slot", "user"])


@given(moves=st.lists(st.tuples(PLACES, st.integers(-5, 5)), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[*HealthCheck])
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
            banks.move_bank(bank_id(serial), to, at=utcnow() + timedelta(minutes=minutes), cause="try")
    found = stays(serial)
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
                return banks.reserve_best_bank(station.id, rental_id=rental, min_battery=least).serial
        except AppError:
            return None
        finally:
            with transaction():
                banks.end_reservation(rental)

    assert best() == "A-3"
    with transaction():
        banks.quarantine_bank("A-3", reason="swollen", now=utcnow())
    assert best() == "A-2"
    with transaction():
        banks.mark_doubtful(bank_id("A-2"), "no answer to the ejection")
    assert best() == "A-1"
    with transaction() as session:
        session.execute(update(Slot).where(Slot.station_id == station.id, Slot.number == 1).values(works="locked"))
    assert best() is None
    assert best(20) == "A-4"
    with transaction():
        banks.clear_doubt(bank_id("A-2"))
    assert best() == "A-2"


def test_a_bank_that_the_database_has_elsewhere_is_not_handed_out(context: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 80})
    with transaction():
        banks.move_bank(bank_id("A-1"), CREW, at=utcnow(), cause="picked up")
    with pytest.raises(AppError), transaction():
        banks.reserve_best_bank(station.id, rental_id=new_id(), min_battery=30)


def test_two_that_race_for_the_last_bank(app: Flask, client: FlaskClient, make_station: Make) -> None:
    station = make_station("A", charges={1: 80, 2: 70})

    def rent(_: int) -> str:
        with app.app_context():
            try:
                with transaction():
                    return banks.reserve_best_bank(station.id, rental_id=new_id(), min_battery=30).serial
            except AppError as refused:
                return refused.code

    with ThreadPoolExecutor(max_workers=8) as pool:
        got = list(pool.map(rent, range(8)))
    assert sorted(got) == ["A-1", "A-2"] + ["no_powerbank_available"] * 6
    assert client.get("/api/stations/A").get_json()["available_banks"] == 0


def test_what_two_do_at_once_is_counted_once_each(app: Flask, client: FlaskClient, make_station: Make) -> None:
    """The second counts while the first has not committed, and must not write what it saw then."""
    station = make_station("A", charges={1: 80, 2: 70})

    def rent() -> str:
        with app.app_context(), transaction():
            return banks.reserve_best_bank(station.id, rental_id=new_id(), min_battery=30).serial

    with ThreadPoolExecutor(1) as pool, app.app_context():
        with transaction():
            banks.reserve_best_bank(station.id, rental_id=new_id(), min_battery=30)
            second = pool.submit(rent)
            time.sleep(0.5)
            assert not second.done()
        assert second.result(timeout=60) == "A-2"
    assert client.get("/api/stations/A").get_json()["available_banks"] == 0


def test_a_promise_is_one_and_ends(context: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 80})
    rental = new_id()
    with transaction():
        choice = banks.reserve_best_bank(station.id, rental_id=rental, min_battery=30)
    with transaction():
        assert not prepared.reserve_bank(choice.bank_id, rental_id=new_id())
    with transaction():
        banks.end_reservation(rental)
        banks.end_reservation(rental)
    with transaction():
        assert banks.reserve_best_bank(station.id, rental_id=new_id(), min_battery=30).serial == "A-1"


def test_someone_looking_at_a_bank_keeps_nobody_waiting(app: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 80, 2: 70})

    def take() -> str:
        with app.app_context(), transaction():
            return banks.reserve_best_bank(station.id, rental_id=new_id(), min_battery=30).serial

    with app.app_context(), transaction(), ThreadPoolExecutor(1) as pool:
        custody_queries.lock_bank("A-1")
        assert pool.submit(take).result(timeout=60) == "A-2"


def test_free_slots(context: Flask, make_station: Make) -> None:
    station = make_station("A", charges={2: 80})
    with transaction() as session:
        session.execute(update(Slot).where(Slot.station_id == station.id, Slot.number == 3).values(works="faulty"))
        live_rows.refresh_live_rows([station.id])
        assert prepared.list_free_slots(station.id) == [1, 4]


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


def test_a_disagreement_is_opened_once_and_settled(
    app: Flask, client: FlaskClient, make_station: Make, staff_headers: Staff
) -> None:
    station = make_station("A")

    def seen(slot_number: int = 2) -> None:
        with app.app_context(), transaction():
            discrepancies.open_discrepancy(
                kind=DiscrepancyKind.UNKNOWN_SERIAL,
                serial="X",
                station_id=station.id,
                slot_number=slot_number,
                detail={"charge": 5},
                now=utcnow(),
            )

    seen()
    seen()
    headers = staff_headers("operations")
    [item] = client.get("/api/admin/discrepancies", headers=headers).get_json()["items"]
    assert (item["kind"], item["serial"], item["slot_number"]) == ("unknown_serial", "X", 2)
    address = f"/api/admin/discrepancies/{item['id']}/resolve"
    assert client.post(address, json={"resolution": "taken away"}, headers=headers).status_code == 200
    assert client.post(address, json={"resolution": "again"}, headers=headers).status_code == 409
    assert client.get("/api/admin/discrepancies", headers=headers).get_json()["items"] == []
    assert len(client.get("/api/admin/discrepancies?state=resolved", headers=headers).get_json()["items"]) == 1
    seen()
    assert client.get("/api/admin/discrepancies", headers=headers).get_json()["items"] == []  # it stays settled
    seen(slot_number=3)
    [other] = client.get("/api/admin/discrepancies?station_sn=A", headers=headers).get_json()["items"]
    assert (other["station_sn"], other["slot_number"], other["id"] != item["id"]) == ("A", 3, True)
    with app.app_context(), transaction():
        assert discrepancies.close_discrepancies("X", resolution="registered", now=utcnow()) == 1


CLOSED = {"weekly": {}, "exceptions": []}


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, None),
        ({"online": False}, "station_offline"),
        ({"opening_hours": CLOSED}, "station_closed"),
        ({"rent_enabled": False}, "no_powerbank_available"),
        ({"active": False}, "not_found"),
    ],
)
def test_may_anything_be_rented_here(
    context: Flask, make_station: Make, facts: dict[str, Any], code: str | None
) -> None:
    make_station("A", charges={1: 90}, **facts)
    if code is None:
        assert eligibility.find_rentable_station("A", now=utcnow()).sn == "A"
        with transaction():
            services.set_maintenance("A", enable=True)
        code = "station_maintenance"
    with pytest.raises(AppError) as refused:
        eligibility.find_rentable_station("A", now=utcnow())
    assert refused.value.code == code


def test_live_rows_are_made_again_as_they_were(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 10})
    make_station("B", online=False)

    def rows() -> list[Any]:
        db.session.rollback()
        found = db.session.execute(text("SELECT * FROM station_live ORDER BY sn")).mappings()
        return [{name: value for name, value in row.items() if name != "revision"} for row in found]

    before = rows()
    with transaction() as session:
        session.execute(text("UPDATE station_live SET available_banks = 77, name = 'x', hours = '{}', active = false"))
    assert rows() != before
    assert context.test_cli_runner().invoke(args=["stations", "rebuild-live"]).exit_code == 0
    assert rows() == before


def test_a_bank_in_two_hands_is_refused_by_the_database(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    reserve = "INSERT INTO bank_reservations (bank_id, rental_id) SELECT id, gen_random_uuid() FROM power_banks"
    with pytest.raises(IntegrityError):
        in_one_transaction(reserve, reserve)


class TestLongLists:
    """More than a request takes in by itself is an operation, which tells how far it is."""

    PATH = "/api/admin/powerbanks"

    def test_taken_in_by_and_by(
        self,
        client: FlaskClient,
        app: Flask,
        work: Callable[..., None],
        staff_headers: Callable[..., dict[str, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(registration, "MOST_PER_REQUEST", 4)
        monkeypatch.setattr(registration, "BATCH_SIZE", 2)
        headers = staff_headers("operations")
        assert client.post(self.PATH, json={"serials": ["3", "8"]}, headers=headers).status_code == 201
        serials = ["1", "2", "3", "4", "5", "5"]
        asked = client.post(self.PATH, json={"serials": serials, "model": "X"}, headers=headers)
        assert (asked.status_code, asked.headers["Location"]) == (
            202,
            f"/api/operations/{asked.get_json()['operation_id']}",
        )
        where = asked.headers["Location"]
        before = client.get(where, headers=headers).get_json()
        assert (before["status"], before["progress"], before["result"]) == ("pending", {"done": 0, "total": 5}, None)
        assert client.get(where, headers=staff_headers("viewer")).status_code == 404
        with app.app_context(), transaction():
            assert registration.register_next_batch(UUID(before["operation_id"]), now=utcnow())
        assert client.get(where, headers=headers).get_json()["progress"] == {"done": 2, "total": 5}
        work("default")
        done = client.get(where, headers=headers).get_json()
        assert (done["status"], done["progress"]["done"]) == ("succeeded", 5)
        assert done["result"] == {"created": ["1", "2", "4", "5"], "existing": ["3"]}
        assert rows(app, "SELECT count(*) FROM custody WHERE place = 'warehouse'") == [(6,)]

    def test_a_job_that_died_fails_it(
        self,
        client: FlaskClient,
        app: Flask,
        staff_headers: Callable[..., dict[str, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(registration, "MOST_PER_REQUEST", 1)
        headers = staff_headers()
        where = client.post(self.PATH, json={"serials": ["1", "2"]}, headers=headers).headers["Location"]
        with app.app_context(), transaction():
            fail_operation(operation_id=where.rpartition("/")[2])
        assert client.get(where, headers=headers).get_json()["error"]["code"] == "not_done"
