"""The open-data feed says what GBFS 3.0 asks for."""

import copy
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.stations import gbfs_rules
from tests.stations.conftest import Make


@pytest.fixture(autouse=True)
def _fresh(app: Flask) -> None:
    app.extensions.pop("gbfs", None)


def feed(client: FlaskClient, name: str) -> dict[str, object]:
    answer = client.get(f"/gbfs/3.0/{name}.json")
    assert answer.status_code == 200
    body = answer.get_json()
    assert gbfs_rules.complaints(name, body) == []
    return dict(body["data"])


def test_the_first_feed_leads_to_all_others(client: FlaskClient) -> None:
    feeds = feed(client, "gbfs")["feeds"]
    assert isinstance(feeds, list)
    assert {each["name"] for each in feeds} == {
        "system_information", "vehicle_types", "station_information", "station_status",
    }  # fmt: skip
    for each in feeds:
        feed(client, each["name"])
        assert each["url"].endswith(f"/gbfs/3.0/{each['name']}.json")
    assert client.get("/gbfs/3.0/free_bike_status.json").status_code == 404


def test_stations_and_what_is_in_them(client: FlaskClient, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 10})
    make_station("B", online=False)
    make_station("C", active=False)
    information = feed(client, "station_information")["stations"]
    assert isinstance(information, list)
    assert [each["station_id"] for each in information] == ["A", "B"]
    first = information[0]
    assert (first["lat"], first["lon"], first["capacity"]) == (27.7153, 85.3123, 4)
    assert first["name"] == [{"text": "Thamel", "language": "en"}]
    status = feed(client, "station_status")["stations"]
    assert isinstance(status, list)
    a, b = status
    assert (a["num_vehicles_available"], a["num_docks_available"]) == (1, 2)
    assert a["vehicle_types_available"] == [{"vehicle_type_id": "power-bank", "count": 1}]
    assert (a["is_installed"], a["is_renting"], a["is_returning"]) == (True, True, True)
    assert (b["is_renting"], b["last_reported"]) == (False, "1970-01-01T00:00:00Z")


def test_it_can_be_kept(client: FlaskClient, make_station: Make) -> None:
    make_station("A")
    first = client.get("/gbfs/3.0/station_status.json")
    assert "public" in first.headers["Cache-Control"]
    again = client.get("/gbfs/3.0/station_status.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    make_station("B")
    assert client.get("/gbfs/3.0/station_status.json").data == first.data  # until its time to live is over


SPOILT: dict[str, list[tuple[tuple[str | int, ...], object]]] = {
    "gbfs": [(("data", "feeds", 3, "name"), "free_bike_status"), (("data", "feeds", 0, "url"), "no address")],
    "system_information": [(("data", "languages", 0), "english"), (("data", "feed_contact_email"), "nobody")],
    "vehicle_types": [(("data", "vehicle_types", 0, "propulsion_type"), "electric"), (("version",), "2.3")],
    "station_information": [(("data", "stations", 0, "lat"), 91), (("data", "stations", 0, "name"), "A")],
    "station_status": [(("data", "stations", 0, "last_reported"), 1700000000), (("ttl",), -1)],
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_rules_complain_of_what_is_wrong(client: FlaskClient, make_station: Make, name: str) -> None:
    make_station("A", opening_hours={"weekly": {"mon": [["07:00", "21:00"]]}, "exceptions": []})
    good = client.get(f"/gbfs/3.0/{name}.json").get_json()
    assert gbfs_rules.complaints(name, good) == []
    for place, value in SPOILT[name]:
        bad: Any = copy.deepcopy(good)
        inner = bad
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value
        assert len(gbfs_rules.complaints(name, bad)) >= 1, place
        del inner[place[-1]]
        if isinstance(place[-1], str):
            assert gbfs_rules.complaints(name, bad), place
