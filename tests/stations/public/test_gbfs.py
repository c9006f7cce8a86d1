"""The feeds of open data are valid GBFS 3.0, as the validator of its community says."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gbfs_validator import GBFS
from gbfs_validator.fetch import Fetcher, FetchError

from tests.stations.conftest import Make


@pytest.fixture(autouse=True)
def _fresh(app: Flask) -> None:
    app.extensions.pop("gbfs", None)


def feed(client: FlaskClient, name: str) -> dict[str, object]:
    answer = client.get(f"/gbfs/3.0/{name}.json")
    assert answer.status_code == 200
    return dict(answer.get_json()["data"])


def test_the_first_feed_leads_to_all_others(client: FlaskClient) -> None:
    feeds = feed(client, "gbfs")["feeds"]
    assert isinstance(feeds, list)
    assert {each["name"] for each in feeds} == {
        "system_information",
        "vehicle_types",
        "station_information",
        "station_status",
    }
    for each in feeds:
        feed(client, each["name"])
        assert each["url"].endswith(f"/gbfs/3.0/{each['name']}.json")
    assert client.get("/gbfs/3.0/free_bike_status.json").status_code == 404


def test_the_feeds_show_stations_and_what_is_in_them(client: FlaskClient, make_station: Make) -> None:
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


def test_a_feed_can_be_cached(client: FlaskClient, make_station: Make) -> None:
    make_station("A")
    first = client.get("/gbfs/3.0/station_status.json")
    assert "public" in first.headers["Cache-Control"]
    again = client.get("/gbfs/3.0/station_status.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    make_station("B")
    assert client.get("/gbfs/3.0/station_status.json").data == first.data  # until its time to live is over


class FromTheApplication(Fetcher):
    """Fetches for the validator, and can spoil what it fetches."""

    def __init__(self, client: FlaskClient, spoilt: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self.client, self.spoilt = client, spoilt

    def get_json(self, url: str) -> object:
        path = urlsplit(url).path
        answer = self.client.get(path)
        if answer.status_code != 200:
            raise FetchError(url, str(answer.status_code))
        body: dict[str, Any] = answer.get_json()
        for items in body["data"].values():
            if isinstance(items, list) and path in self.spoilt:
                items[0] |= self.spoilt[path]
        return body


def complaints(client: FlaskClient, **spoilt: dict[str, Any]) -> list[str]:
    """List the complaints about all files together.

    They come from the published schemas, from the rules between files, and from fields that no schema knows.
    """
    fetcher = FromTheApplication(client, {f"/gbfs/3.0/{name}.json": more for name, more in spoilt.items()})
    report = GBFS("http://127.0.0.1:8000/gbfs/3.0/gbfs.json", docked=True, fetcher=fetcher).validation()
    wrong: list[str] = []
    for file in report["files"]:
        if file["required"] and not file["exists"]:
            wrong.append(f"{file['file']} is missing")
        for part in file.get("languages", [file]):  # only the first feed is one without languages
            wrong += [f"{file['file']}{each['instancePath']}: {each['message']}" for each in part["errors"] or []]
            if part.get("body"):
                wrong += [f"{file['file']}{place}: unknown" for place in unknown(part["schema"], part["body"])]
    return wrong


def unknown(schema: dict[str, Any], value: Any, place: str = "") -> list[str]:
    """List the fields that no schema knows.

    The schemas let any field pass, so a misspelt optional one would stay unseen.
    """
    if isinstance(value, list):
        return [each for item in value for each in unknown(schema.get("items", {}), item, place)]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    found = [f"{place}/{name}" for name in value if name not in known]
    return found + [
        each for name in value if name in known for each in unknown(known[name], value[name], f"{place}/{name}")
    ]


def test_a_network_that_has_no_station_yet_is_valid(client: FlaskClient) -> None:
    assert complaints(client) == []


def test_stations_of_every_kind_are_valid(client: FlaskClient, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 10})
    make_station("B", online=False)
    make_station("C", opening_hours={"weekly": {"mon": [["07:00", "21:00"]]}, "exceptions": []})
    make_station("D", active=False)
    assert complaints(client) == []


@pytest.mark.parametrize(
    "spoilt",
    [
        {"gbfs": {"url": "no address"}},
        {"station_information": {"lat": 91}},
        {"station_information": {"name": "A"}},
        {"station_information": {"rental_uri": {}}},
        {"station_information": {"rental_uris": {"ios": "powerbank://stations/A"}}},
        {"station_status": {"last_reported": 1700000000}},
        {"station_status": {"vehicle_types_available": [{"vehicle_type_id": "bicycle", "count": 1}]}},
        {"vehicle_types": {"propulsion_type": "steam"}},
        {"vehicle_types": {"propulsion_type": "electric"}},
    ],
)
def test_a_feed_that_is_wrong_does_not_pass(
    client: FlaskClient, make_station: Make, spoilt: dict[str, dict[str, Any]]
) -> None:
    make_station("A")
    assert complaints(client, **spoilt)
