"""Ways are those of roads where a server knows them, and estimated where it does not answer."""

import pytest
from flask import Flask

from powerbank.crew.routing.trips import measure_ways
from powerbank.crew.routing.ways import find_ways
from powerbank.integrations.errors import VendorError
from powerbank.integrations.osrm.client import Osrm
from powerbank.stations.availability.kept_slots import Place
from scripts.sandbox import Sandbox

PLACES = [Place(27.70, 85.30), Place(27.71, 85.32), Place(27.68, 85.35)]


@pytest.fixture
def roads(app: Flask, sandbox: Sandbox, context: None, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"{sandbox.url}/osrm"
    known = app.config["SETTINGS"].model_copy(update={"osrm_url": url})
    monkeypatch.setitem(app.config, "SETTINGS", known)
    monkeypatch.delitem(app.extensions, "osrm", raising=False)
    return url


def test_without_a_server_ways_are_estimated(context: None) -> None:
    ways = find_ways(PLACES)
    assert ways == measure_ways(PLACES)
    straight = PLACES[0].distance_to(PLACES[1])
    assert straight < ways.metres[0][1] < 2 * straight


def test_a_server_says_how_long_the_roads_are_in_each_direction(roads: str) -> None:
    ways = find_ways(PLACES)
    straight = PLACES[0].distance_to(PLACES[1])
    assert ways.metres[0][1] == pytest.approx(1.5 * straight, rel=0.01)
    assert ways.seconds[0][1] == pytest.approx(1.2 * ways.seconds[1][0], rel=0.02)


@pytest.mark.parametrize("fault", ["no_segment", "no_way", "error", "html", "drop"])
def test_a_server_that_does_not_know_costs_no_route(roads: str, sandbox: Sandbox, fault: str) -> None:
    sandbox.faults.set("osrm", fault)
    assert find_ways(PLACES) == measure_ways(PLACES)


def test_a_server_that_is_away_is_a_vendors_error() -> None:
    with pytest.raises(VendorError):
        Osrm(url="http://127.0.0.1:9").measure_ways([(27.7, 85.3)])


def test_more_places_than_a_server_takes_are_estimated(roads: str) -> None:
    many = PLACES * 34
    assert find_ways(many) == measure_ways(many)
