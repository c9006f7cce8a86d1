"""What a view of the map shows, and which stations stand behind one of its marks."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from powerbank.stations.registry import seed
from tests.admin.test_console_pages import sign_in
from tests.conftest import ADMIN, PASSWORD
from tests.people import change

NEPAL = {"west": "80", "south": "26", "east": "89", "north": "31"}
VIEW, MEMBERS = "/console/map/view", "/console/map/members"


@pytest.fixture
def network(app: Flask, client: FlaskClient) -> None:
    """Register twelve stations: one is away, one is in maintenance, the others have neither banks nor spoken yet."""
    with app.app_context(), transaction():
        administration.ensure_staff(email=ADMIN, password=PASSWORD, role=Role.VIEWER)
        seed.seed_stations(utcnow())
    change(app, "UPDATE station_live SET online = sn <> 'KTM-003', available_banks = 3, maintenance = sn = 'KTM-004'")
    change(app, "UPDATE station_live SET available_banks = 0 WHERE sn = 'KTM-005'")
    sign_in(client)


def read(client: FlaskClient, path: str, **asked: Any) -> str:
    answer = client.get(path, query_string=NEPAL | asked)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<template>.*?</template>|<[^>]+>", " ", answer.text))


def test_stations_far_away_share_a_mark_that_counts_their_states(client: FlaskClient, network: None) -> None:
    said = read(client, VIEW, zoom=5)
    assert "Kathmandu: 12 stations" in said or "Lalitpur: 12 stations" in said or "Bhaktapur: 12 stations" in said
    for count in ("1 offline", "1 maintenance", "1 empty or full", "33 banks"):
        assert count in said


def test_each_station_has_its_own_mark_from_near_by(client: FlaskClient, network: None) -> None:
    near = {"west": 85.30, "south": 27.70, "east": 85.32, "north": 27.72}
    said = read(client, VIEW, zoom=17, **near)
    for name in ("Thamel Chowk", "Durbar Marg", "New Road Gate", "Ratna Park"):
        assert name in said
    assert "Boudha Stupa" not in said
    assert "stations" not in said


def test_one_state_can_be_shown_alone(client: FlaskClient, network: None) -> None:
    said = read(client, VIEW, zoom=17, state="offline")
    assert "New Road Gate" in said
    assert "Ratna Park" not in said
    assert "No station here." in read(client, VIEW, zoom=17, state="offline", north=26.5)


def test_the_stations_behind_a_mark_are_listed_with_those_first_that_need_somebody(
    client: FlaskClient, network: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = read(client, MEMBERS)
    places = [said.index(name) for name in ("New Road Gate", "Tribhuvan Airport", "Ratna Park", "Thamel Chowk")]
    assert places == sorted(places)
    monkeypatch.setattr("powerbank.stations.availability.map_cells.MEMBERS_SHOWN", 10)
    first = client.get(MEMBERS, query_string=NEPAL).text
    following = re.search(r'data-map-more="([^"]+)"', first)
    assert following
    rest = client.get(MEMBERS, query_string=NEPAL | {"after": following[1]}).text
    names = re.findall(r"/s(?:tations)?/(KTM-\d+)", first) + re.findall(r"/s(?:tations)?/(KTM-\d+)", rest)
    assert len(names) == len(set(names)) == 12
    assert "data-map-more" not in rest


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (VIEW, {"zoom": "20"}),
        (VIEW, {"zoom": ""}),
        (VIEW, {"zoom": "3", "west": "nan"}),
        (VIEW, {"zoom": "3", "state": "broken"}),
        (MEMBERS, {"north": "91"}),
    ],
)
def test_what_is_no_view_is_refused(client: FlaskClient, network: None, path: str, asked: dict[str, str]) -> None:
    assert client.get(path, query_string=NEPAL | asked).status_code == 422


def test_a_cursor_that_was_made_up_is_taken_calmly(client: FlaskClient, network: None) -> None:
    for after in ("x", "9:KTM", "²:a", "0:\x00"):
        assert client.get(MEMBERS, query_string=NEPAL | {"after": after}).status_code == 200


def test_strangers_see_no_map(client: FlaskClient) -> None:
    assert client.get(VIEW, query_string=NEPAL | {"zoom": 5}).status_code == 302
