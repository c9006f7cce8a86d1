"""A search finds the stations around a point, exact in order and distance, everywhere on the globe."""

import contextlib
import math
import random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from config import load
from powerbank import create_app
from powerbank.base.db import new_id, read_alone, transaction
from scripts.bench.shared import stations
from tests.databases import execute, superuser_url
from tests.stations.conftest import Make, SignIn

KATHMANDU = (27.7153, 85.3123)


def ask(client: FlaskClient, lat: float, lng: float, **more: object) -> list[dict[str, object]]:
    answer = client.get("/api/stations/nearby", query_string={"lat": lat, "lng": lng} | more)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["items"])


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Compute a distance by the angle between two unit vectors, which is not the formula under test."""

    def vector(point: tuple[float, float]) -> tuple[float, float, float]:
        lat, lng = map(math.radians, point)
        return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)

    u, v = vector(a), vector(b)
    cross = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    return 6371.0088 * math.atan2(math.hypot(*cross), sum(x * y for x, y in zip(u, v, strict=True)))


def test_the_nearest_comes_first_with_what_the_app_shows(client: FlaskClient, make_station: Make) -> None:
    make_station("FAR", lat=27.7200, lng=85.3200)
    make_station("NEAR", lat=27.7160, lng=85.3125, charges={1: 90, 2: 10})
    make_station("AWAY", lat=27.9, lng=85.5)
    found = ask(client, *KATHMANDU)
    assert [item["sn"] for item in found] == ["NEAR", "FAR"]
    near = found[0]
    assert near["distance_m"] == round(kilometres(KATHMANDU, (27.7160, 85.3125)) * 1000)
    assert (near["available_banks"], near["free_slots"], near["status"]) == (1, 2, "online")
    assert (near["open_now"], near["is_favorite"]) == (True, False)
    assert str(near["last_seen"]).endswith("Z")


def test_a_search_nearby_filters_by_banks_and_free_slots(client: FlaskClient, make_station: Make) -> None:
    make_station("FULL", charges={1: 90, 2: 90}, slots=2)
    make_station("EMPTY", slots=2, lat=27.7154)
    make_station("HIDDEN", active=False)
    assert {item["sn"] for item in ask(client, *KATHMANDU)} == {"FULL", "EMPTY"}
    assert [item["sn"] for item in ask(client, *KATHMANDU, min_banks=2)] == ["FULL"]
    assert [item["sn"] for item in ask(client, *KATHMANDU, min_free_slots=1)] == ["EMPTY"]
    assert [item["sn"] for item in ask(client, *KATHMANDU, limit=1)] == ["FULL"]
    assert ask(client, *KATHMANDU, min_banks=3) == []


def test_a_switch_turned_off_shows_nothing_to_take_or_to_fill(client: FlaskClient, make_station: Make) -> None:
    make_station("A", charges={1: 90}, rent_enabled=False)
    make_station("B", charges={1: 90}, return_enabled=False)
    shown = {item["sn"]: (item["available_banks"], item["free_slots"]) for item in ask(client, *KATHMANDU)}
    assert shown == {"A": (0, 3), "B": (1, 0)}


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ((-16.5, 179.99), (-16.5, -179.99)),
        ((-16.5, -179.99), (-16.5, 179.99)),
        ((0.0, 180.0), (0.0, -180.0)),
        ((89.99, 0.0), (89.99, 180.0)),
        ((-89.99, 10.0), (-89.99, -170.0)),
        ((90.0, 0.0), (89.97, 123.0)),
        ((-90.0, 77.0), (-89.97, -60.0)),
    ],
)
def test_over_the_date_line_and_the_poles(
    client: FlaskClient, make_station: Make, here: tuple[float, float], there: tuple[float, float]
) -> None:
    make_station("THERE", lat=there[0], lng=there[1])
    found = ask(client, *here)
    assert [item["sn"] for item in found] == ["THERE"]
    assert found[0]["distance_m"] == pytest.approx(kilometres(here, there) * 1000, abs=1)


REGIONS = [
    (27.7, 85.3, 0.3),
    (-16.5, 180.0, 1.0),
    (89.0, 0.0, 180.0),
    (-89.5, 40.0, 180.0),
    (0.0, 0.0, 2.0),
    (60.0, -150.0, 5.0),
]


def test_every_answer_is_what_a_look_at_all_stations_gives(app: Flask, client: FlaskClient) -> None:
    chance = random.Random(7)
    places: dict[str, tuple[float, float]] = {}
    rows = []
    for number in range(1500):
        lat, lng, spread = chance.choice(REGIONS)
        lat = max(-90.0, min(90.0, lat + chance.uniform(-1, 1) * min(spread, 1.0)))
        lng = (lng + chance.uniform(-spread, spread) + 180) % 360 - 180
        places[f"S{number}"] = (lat, lng)
        rows.append({"id": new_id(), "sn": f"S{number}", "lat": lat, "lng": lng, "banks": chance.randrange(4)})
    with app.app_context(), transaction():
        stations.insert(rows)
    banks = {row["sn"]: row["banks"] for row in rows}
    for _ in range(60):
        lat, lng, spread = chance.choice(REGIONS)
        here = (
            max(-90.0, min(90.0, lat + chance.uniform(-0.5, 0.5))),
            (lng + chance.uniform(-spread, spread) + 180) % 360 - 180,
        )
        radius, limit, least = chance.choice([1, 5, 60, 500]), chance.choice([1, 5, 100]), chance.choice([0, 0, 3])
        wanted = [(kilometres(here, place), sn) for sn, place in places.items() if banks[sn] >= least]
        expected = sorted(each for each in wanted if each[0] <= radius)[:limit]
        found = ask(client, *here, radius_km=radius, limit=limit, min_banks=least)
        assert [item["sn"] for item in found] == [sn for _, sn in expected], (here, radius, limit, least)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"lat": 91, "lng": 0},
        {"lat": 0, "lng": 181},
        {"lat": "nan", "lng": 0},
        {"lat": 0, "lng": "inf"},
        {"lat": 0, "lng": 0, "radius_km": 0},
        {"lat": 0, "lng": 0, "radius_km": 501},
        {"lat": 0, "lng": 0, "limit": 101},
    ],
)
def test_a_search_that_makes_no_sense_is_refused(client: FlaskClient, query: dict[str, object]) -> None:
    assert client.get("/api/stations/nearby", query_string=query).status_code == 422


def test_only_my_own_favourites_are_marked(client: FlaskClient, make_station: Make, sign_in: SignIn) -> None:
    make_station("A")
    mine, theirs = sign_in("sita"), sign_in("gita")
    assert client.put("/api/stations/A/favorite", headers=mine).status_code == 204
    query = {"lat": KATHMANDU[0], "lng": KATHMANDU[1]}

    def marked(headers: dict[str, str]) -> bool:
        answer = client.get("/api/stations/nearby", query_string=query, headers=headers)
        return bool(answer.get_json()["items"][0]["is_favorite"])

    assert (marked(mine), marked(theirs), marked({})) == (True, False, False)


def test_a_token_that_is_no_good_is_refused_not_ignored(client: FlaskClient) -> None:
    query = {"lat": 0, "lng": 0}
    for token in ("Bearer rubbish", "Basic eDp5", ""):
        answer = client.get("/api/stations/nearby", query_string=query, headers={"Authorization": token})
        assert answer.status_code == 401


def test_the_search_reads_the_index_and_not_the_table(app: Flask, clean: None, database_name: str) -> None:
    """Looked at with many stations: neither half of the search reads them all, even if it was planned with none."""
    from powerbank.stations.public import nearby_stations

    read = text("SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'station_live'")
    asked = {"lat": 27.7, "lng": 85.3, "radius_km": 5.0, "limit": 20, "user_id": None}
    execute(superuser_url(database_name), "VACUUM ANALYZE station_live")  # it is known to be empty
    with app.app_context(), transaction() as session:
        assert session.execute(nearby_stations._NEARBY, asked | {"min_banks": 0, "min_free_slots": 0}).all() == []
        stations.fill(5000)
        for least in (0, 5):
            params = asked | {"min_banks": least, "min_free_slots": 0}
            before = session.execute(read).one()
            assert len(session.execute(nearby_stations._NEARBY, params).all()) == 20
            after = session.execute(read).one()
            assert after.seq_scan == before.seq_scan
            assert 20 < after.idx_tup_fetch - before.idx_tup_fetch < 1000


def test_an_error_of_a_bare_read_is_answered_like_any_other(app: Flask, clean: None) -> None:
    with app.app_context():
        with pytest.raises(DataError):
            read_alone(text("SELECT CAST(:what AS integer)"), {"what": "much"})
        assert read_alone(text("SELECT CAST(:what AS integer), '%'"), {"what": "7"}) == [(7, "%")]


def test_a_connection_that_the_server_ended_is_not_used_again(app: Flask, clean: None) -> None:
    with app.app_context():
        with pytest.raises(OperationalError) as refused:
            read_alone(text("SELECT pg_terminate_backend(pg_backend_pid())"), {})
        assert refused.value.connection_invalidated
        assert read_alone(text("SELECT 1"), {}) == [(1,)]


def test_without_a_database_it_is_a_refusal_with_a_time_to_come_back(clean: None) -> None:
    nowhere = load().model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/nothing"})
    answer = create_app(nowhere).test_client().get("/api/stations/nearby?lat=0&lng=0")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_transaction_after_a_bare_read_is_one(app: Flask, clean: None) -> None:
    """The connection comes back from reading without transactions to writing with them."""
    with app.app_context():
        read_alone(text("SELECT 1"), {})
        with contextlib.suppress(ZeroDivisionError), transaction():
            stations.fill(1)
            raise ZeroDivisionError
        assert read_alone(text("SELECT count(*) FROM stations"), {}) == [(0,)]


def test_a_bare_read_inside_a_transaction_sees_what_that_has_written(app: Flask, clean: None) -> None:
    with app.app_context(), transaction():
        stations.fill(1)
        assert [tuple(row) for row in read_alone(text("SELECT count(*) FROM stations"), {})] == [(1,)]
