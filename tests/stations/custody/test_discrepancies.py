"""Discrepancies between stations and the database are limited, are announced, and are settled by staff."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import new_id, transaction, utcnow
from powerbank.stations.custody import discrepancies, registration
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import DiscrepancyKind, Place, Whereabouts
from powerbank.stations.events import StationAlarm
from tests.stations import prepared
from tests.stations.conftest import Make
from tests.stations.talker import Talker, find_live_row, list_heard_events, list_stays, query_rows, query_value

Staff = Callable[..., dict[str, str]]
Act = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("context")

OPEN = "SELECT kind, serial, slot_number, times FROM discrepancies WHERE resolved_at IS NULL ORDER BY id"


@pytest.fixture
def headers(staff_headers: Staff) -> dict[str, str]:
    return staff_headers("operations")


@pytest.fixture
def act(client: FlaskClient, headers: dict[str, str]) -> Act:
    def post(serial: str, what: str, *, key: str | None = None, **body: Any) -> Any:
        return client.post(
            f"/api/admin/powerbanks/{serial}/{what}",
            json={"reason": "seen by crew"} | body,
            headers=headers | {"Idempotency-Key": key or str(uuid4())},
        )

    return post


def miss(talker: Talker) -> None:
    """Let the station say again and again that the bank of slot 1 is gone."""
    for _ in range(3):
        talker.snapshot({2: "102", 3: "103"})
        talker.wait(30)


def test_a_station_that_invents_serials_opens_so_many(talker: Talker, hear: None) -> None:
    for flood in range(50):
        talker.snapshot({4: f"fake-{flood}"})
        talker.event("returned", 4, f"made-up-{flood}")
        talker.wait(1)
    counts = query_rows("SELECT kind, count(*) FROM discrepancies GROUP BY 1 ORDER BY 1")
    assert dict(map(tuple, counts)) == {"unknown_serial": discrepancies.MOST_OPEN, "bank_missing": 3}
    told = [each["kind"] for each in list_heard_events(StationAlarm)]
    assert sorted(told) == ["bank_missing", "unknown_serial"]  # the first of each kind


def test_a_station_that_claims_the_banks_of_others_opens_so_many(talker: Talker, make_station: Make) -> None:
    other = Talker(make_station("B", slots=40))
    serials = [f"2{number:02}" for number in range(40)]
    with transaction():
        registration.register_banks(serials=serials, model=None, now=utcnow())
    other.snapshot(dict(enumerate(serials, 1)), count=40)
    for serial in serials:
        talker.wait(1)
        talker.snapshot({1: "101", 2: "102", 3: "103", 4: serial})
    assert query_value("SELECT count(*) FROM discrepancies WHERE kind = 'bank_elsewhere'") == discrepancies.MOST_OPEN


def test_a_discrepancy_that_comes_and_goes_is_one_row(talker: Talker, hear: None) -> None:
    for _ in range(10):
        talker.snapshot({2: "102", 3: "103"})
        talker.wait(30)
        talker.snapshot({1: "101", 2: "102", 3: "103"})
        talker.wait(30)
    assert query_rows("SELECT times, resolved_by FROM discrepancies") == [(10, "system")]
    assert len(list_heard_events(StationAlarm)) == 1
    talker.wait(3600)
    miss(talker)
    assert [(each["station_sn"], each["kind"], each["detail"]) for each in list_heard_events(StationAlarm)][1:] == [
        ("A", "bank_missing", "power bank 101 is missing from slot 1")
    ]


def test_a_missing_bank_is_settled_by_saying_where_it_is(
    talker: Talker, act: Act, client: FlaskClient, headers: dict[str, str]
) -> None:
    miss(talker)
    [item] = client.get("/api/admin/discrepancies?kind=bank_missing", headers=headers).get_json()["items"]
    assert (item["station_sn"], item["serial"], item["slot_number"], item["times"]) == ("A", "101", 1, 1)
    refused = client.post(
        f"/api/admin/discrepancies/{item['id']}/resolve", json={"resolution": "whatever"}, headers=headers
    )
    assert (refused.status_code, refused.get_json()["code"]) == (409, "say_where_it_is")
    key = str(uuid4())
    answers = [act("101", "write-off", reason="stolen", key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    stay = answers[0].get_json()["custody"][0]
    assert (stay["place"], stay["cause"], stay["until"]) == ("lost", "written off: stolen", None)
    miss(talker)
    assert query_rows(OPEN) == []
    assert [place for place, _, _ in list_stays("101")] == ["warehouse", "slot", "lost"]
    assert query_rows("SELECT resolution, resolved_by LIKE 'staff:%' AS by_staff FROM discrepancies") == [
        ("written off: stolen", True)
    ]
    [row] = query_rows("SELECT actor, old, new FROM audit_log WHERE action = 'power_banks.write_off'")
    assert row.actor.startswith("staff:")
    assert (row.old["place"], row.new) == ("slot", {"reason": "stolen"})
    assert act("101", "write-off").get_json()["code"] == "already_written_off"


def test_a_bank_that_was_written_off_and_is_seen_again_is_back(talker: Talker, act: Act, hear: None) -> None:
    miss(talker)
    assert act("101", "write-off").status_code == 200
    talker.snapshot({1: "101", 2: "102", 3: "103"})
    assert list_stays("101")[-1] == ("slot", 1, "")
    assert find_live_row(talker).available_banks == 3
    assert query_rows(OPEN) == []
    assert [each["kind"] for each in list_heard_events(StationAlarm)] == ["bank_missing", "written_off_is_back"]


def test_a_bank_that_was_written_off_is_found(talker: Talker, act: Act) -> None:
    miss(talker)
    assert act("101", "write-off").status_code == 200
    found = act("101", "found", reason="behind the shelf").get_json()
    assert (found["custody"][0]["place"], found["custody"][0]["cause"]) == ("warehouse", "found: behind the shelf")
    assert act("101", "found").get_json()["code"] == "not_lost"


def test_a_quarantined_bank_is_found_into_quarantine(talker: Talker, act: Act) -> None:
    miss(talker)
    assert act("101", "quarantine").status_code == 200
    assert act("101", "found").get_json()["custody"][0]["place"] == "quarantined"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"place": "warehouse", "holder": "Thamel store"}, ("warehouse", None, "Thamel store")),
        ({"place": "crew", "holder": "Hari"}, ("crew", None, "Hari")),
        ({"place": "quarantined"}, ("quarantined", None, None)),
        ({"place": "slot", "station_sn": "A", "slot_number": 4}, ("slot", 4, None)),
    ],
)
def test_staff_say_where_it_is(talker: Talker, act: Act, body: dict[str, Any], place: tuple[Any, ...]) -> None:
    miss(talker)
    placed = act("101", "place", **body)
    assert placed.status_code == 200, placed.get_json()
    stay = placed.get_json()["custody"][0]
    assert (stay["place"], stay["slot_number"], stay["holder"]) == place
    assert stay["cause"] == "placed: seen by crew"
    assert query_rows(OPEN) == []


def test_a_slot_that_staff_name_is_compared_with_the_next_snapshot(talker: Talker, act: Act) -> None:
    miss(talker)
    assert act("101", "place", place="slot", station_sn="A", slot_number=4).status_code == 200
    talker.snapshot({2: "102", 3: "103"})
    assert [tuple(row) for row in query_rows(OPEN)] == [("bank_missing", "101", 4, 1)]
    talker.wait(30)
    talker.snapshot({2: "102", 3: "103", 4: "101"})
    assert query_rows(OPEN) == []


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        ("place", {"place": "lost"}, 422),
        ("place", {"place": "slot"}, 422),
        ("place", {"place": "slot", "station_sn": "A", "slot_number": 99}, 422),
        ("place", {"place": "slot", "station_sn": "nowhere", "slot_number": 1}, 404),
        ("place", {"place": "warehouse", "station_sn": "A", "slot_number": 1}, 422),
        ("place", {}, 422),
        ("place", {"place": "slot", "station_sn": "A", "slot_number": 2}, 409),  # 102 is there
        ("write-off", {"reason": ""}, 422),
        ("write-off", {"more": 1}, 422),
    ],
)
def test_an_impossible_parameter_is_refused(
    talker: Talker, act: Act, what: str, body: dict[str, Any], code: int
) -> None:
    miss(talker)
    before = list_stays("101")
    assert act("101", what, **body).status_code == code
    assert list_stays("101") == before
    assert act("nobody", "write-off").status_code == 404


def test_a_bank_that_somebody_has_or_that_is_in_its_slot_is_not_written_off(talker: Talker, act: Act) -> None:
    assert act("101", "write-off").get_json()["code"] == "power_bank_in_its_slot"
    with transaction():
        prepared.reserve_bank(custody_queries.lock_bank("102").id, rental_id=new_id())
    talker.wait(30)
    talker.snapshot({1: "101", 3: "103"})
    assert act("102", "write-off").get_json()["code"] == "power_bank_promised"
    with transaction():
        banks.move_bank(
            custody_queries.lock_bank("103").id, Whereabouts(Place.USER, rental_id=new_id()), at=utcnow(), cause="x"
        )
    assert act("103", "write-off").get_json()["code"] == "power_bank_rented"


def test_what_a_stolen_cabinet_held_is_written_off(talker: Talker, act: Act) -> None:
    talker.say("presence", {"online": False})
    assert act("101", "write-off", reason="the cabinet was stolen").status_code == 200


def test_settled_discrepancies_are_deleted_after_a_year(talker: Talker, act: Act) -> None:
    miss(talker)
    assert act("101", "write-off").status_code == 200
    with transaction():
        assert discrepancies.delete_old_discrepancies(now=utcnow()) == 0
        assert discrepancies.delete_old_discrepancies(now=utcnow() + 2 * discrepancies.RETENTION) == 1


def test_a_discrepancy_is_opened_once_and_settled(
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
