"""The route of a member, as the app asks for it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import transaction
from powerbank.stations.warehouses import services as warehouses
from tests.crew.conftest import Member
from tests.stations.conftest import Make
from tests.stations.talker import Talker

Hire = Callable[..., Member]
Order = Callable[..., Any]
HERE = {"lat": 27.70, "lng": 85.30}


@pytest.fixture
def stations(context: Flask, make_station: Make) -> list[Talker]:
    """Give three stations in a line to the east, the first one three kilometres from here."""
    talkers = [
        Talker(make_station(sn, lat=27.70, lng=85.30 + east / 100)) for sn, east in (("A", 3), ("B", 6), ("C", 9))
    ]
    talkers[2].snapshot({1: "x1", 2: "x2"})
    return talkers


def test_a_route_says_where_to_go_and_what_to_carry(hire: Hire, order: Order, stations: list[Talker]) -> None:
    """What the last station can spare is fetched first, and brought to the first on the way back."""
    with transaction():
        house = warehouses.make_warehouse({"name": "Teku", "lat": 27.70, "lng": 85.30})
    ram = hire()
    wanted = [order("A", "empty", wants={"bring": 2}), order("C", "full", wants={"take": 2})]
    for task in wanted:
        ram.do(f"tasks/{task['id']}/claim")
    route = ram.get("route", **HERE)
    told = [(each["station_sn"], each["load"], each["unload"]) for each in route["items"]]
    assert told == [("C", 2, 0), ("A", 0, 2)]
    assert [each["task_id"] for each in route["items"]] == [wanted[1]["id"], wanted[0]["id"]]
    assert route["distance_m"] == sum(each["distance_m"] for each in route["items"])
    assert all(each["in_time"] and not each["missing"] for each in route["items"])
    assert house.id is not None


def test_flat_banks_end_in_a_warehouse(hire: Hire, order: Order, stations: list[Talker]) -> None:
    with transaction():
        house = warehouses.make_warehouse({"name": "Teku", "lat": 27.70, "lng": 85.31})
    ram = hire()
    ram.do(f"tasks/{order('C', 'low_charge', wants={'take': 2})['id']}/claim")
    route = ram.get("route", **HERE)
    assert [(each["kind"], each["load"], each["unload"]) for each in route["items"]] == [
        ("task", 2, 0),
        ("warehouse", 0, 2),
    ]
    assert route["items"][1]["warehouse_id"] == str(house.id)


def test_every_claimed_task_is_said_also_one_whose_house_is_closed(
    hire: Hire, order: Order, make_station: Make, stations: list[Talker]
) -> None:
    make_station("NEVER", lat=27.70, lng=85.305, opening_hours={"weekly": {}})
    ram = hire()
    for sn in ("NEVER", "A", "B"):
        ram.do(f"tasks/{order(sn, 'clean')['id']}/claim")
    route = ram.get("route", **HERE)
    assert [(each["station_sn"], each["in_time"]) for each in route["items"]] == [
        ("A", True),
        ("B", True),
        ("NEVER", False),
    ]


def test_without_a_place_it_begins_where_the_member_was_last(hire: Hire, order: Order, stations: list[Talker]) -> None:
    ram = hire()
    assert ram.get("route") == {"start": None, "items": [], "seconds": 0, "distance_m": 0}
    for sn in ("A", "B"):
        ram.do(f"tasks/{order(sn, 'clean')['id']}/claim")
    ram.do("shift/start")
    assert ram.ask("location", lat=27.70, lng=85.37).status_code == 204
    route = ram.get("route")
    assert route["start"] == {"lat": 27.70, "lng": 85.37}
    assert [each["station_sn"] for each in route["items"]] == ["B", "A"]


def test_half_a_place_is_refused_and_others_have_no_route(hire: Hire, client: Any, people: Any) -> None:
    ram = hire()
    assert client.get("/api/crew/route?lat=27.7", headers=ram.headers).status_code == 422
    assert client.get("/api/crew/route", headers=people.join("sita").headers).status_code == 403
