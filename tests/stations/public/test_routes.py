"""People see stations in a list, one by one, as favourites, and on the page behind the QR code."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from powerbank.stations.registry.opening_hours import DAYS, describe_today, format_for_osm, is_open, list_openings
from powerbank.stations.registry.search_terms import make_query, make_vector_of_texts
from tests.stations.conftest import Make, SignIn

Staff = Callable[..., dict[str, str]]


def test_a_station_with_its_slots(client: FlaskClient, make_station: Make) -> None:
    make_station("A", charges={1: 90, 3: 12})
    shown = client.get("/api/stations/A").get_json()
    assert shown["slots"] == [
        {"slot_number": 1, "state": "bank", "battery_level": 90},
        {"slot_number": 2, "state": "empty", "battery_level": None},
        {"slot_number": 3, "state": "bank", "battery_level": 12},
        {"slot_number": 4, "state": "empty", "battery_level": None},
    ]
    assert (shown["available_banks"], shown["free_slots"], shown["packages"]) == (1, 2, [])
    assert (shown["opening_hours"], shown["open_now"], shown["address"]) == (None, True, "Thamel Marg 1")


def test_serials_are_for_staff_only(
    client: FlaskClient, make_station: Make, sign_in: SignIn, staff_headers: Staff
) -> None:
    make_station("A", charges={1: 90})
    for headers in ({}, sign_in()):
        assert "powerbank_sn" not in client.get("/api/stations/A", headers=headers).get_json()["slots"][0]
    shown = client.get("/api/stations/A", headers=staff_headers("viewer")).get_json()
    assert [slot["powerbank_sn"] for slot in shown["slots"]] == ["A-1", None, None, None]


def test_a_client_that_has_the_page_already_gets_no_body(
    client: FlaskClient, make_station: Make, staff_headers: Staff
) -> None:
    make_station("A")
    first = client.get("/api/stations/A")
    again = client.get("/api/stations/A", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    client.patch("/api/admin/stations/A", json={"name": "Renamed"}, headers=staff_headers())
    assert client.get("/api/stations/A", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_an_inactive_station_is_not_found(client: FlaskClient, make_station: Make, sign_in: SignIn) -> None:
    make_station("A", active=False)
    headers = sign_in()
    for path in ("/api/stations/A", "/api/stations/B", "/s/A", "/s/B", "/api/packages?station_sn=A"):
        assert client.get(path, headers=headers if path.startswith("/api/stations") else {}).status_code == 404
    assert client.put("/api/stations/A/favorite", headers=headers).status_code == 404


def test_favourites_come_and_go(client: FlaskClient, make_station: Make, sign_in: SignIn) -> None:
    for sn in "ABC":
        make_station(sn)
    mine, theirs = sign_in("sita"), sign_in("gita")
    for sn in ("C", "A", "A"):
        assert client.put(f"/api/stations/{sn}/favorite", headers=mine).status_code == 204

    def listed(headers: dict[str, str]) -> list[tuple[str, bool]]:
        items = client.get("/api/users/me/favorites", headers=headers).get_json()["items"]
        return [(item["sn"], item["is_favorite"]) for item in items]

    assert listed(mine) == [("A", True), ("C", True)]
    assert listed(theirs) == []
    assert client.get("/api/stations/A", headers=mine).get_json()["is_favorite"]
    assert client.delete("/api/stations/A/favorite", headers=mine).status_code == 204
    assert client.delete("/api/stations/A/favorite", headers=mine).status_code == 204
    assert listed(mine) == [("C", True)]
    assert client.get("/api/users/me/favorites").status_code == 401


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=tham", ["A"]),
        ("q=MARG", ["A", "B"]),
        ("q=marg+kath", ["A"]),
        ("q=ktm-0", ["KTM-001"]),
        ("q=ham", []),
        ("q=पाटन", ["B"]),
        ("q=%27%5C%26%7C", []),
        ("q=o%27neil", ["KTM-001"]),
        ("city=lalitPUR", ["B", "KTM-001"]),
        ("status=offline", ["B"]),
        ("status=maintenance", ["KTM-001"]),
        ("status=online", ["A"]),
        ("q=marg&city=Lalitpur", ["B"]),
    ],
)
def test_a_search_finds_the_beginnings_of_terms(
    client: FlaskClient, make_station: Make, staff_headers: Staff, query: str, found: list[str]
) -> None:
    make_station("A", name="Thamel Chowk", address="Thamel Marg")
    make_station("B", name="पाटन दरबार", address="Mangal Marg", city="Lalitpur", online=False)
    make_station("KTM-001", name="O'Neil's", address="Jhamsikhel", city="Lalitpur")
    client.post("/api/admin/stations/KTM-001/maintenance", json={"enable": True}, headers=staff_headers())
    answer = client.get(f"/api/stations?{query}")
    assert [item["sn"] for item in answer.get_json()["items"]] == found


def test_the_list_is_paged(client: FlaskClient, make_station: Make) -> None:
    for sn in "CABED":
        make_station(sn)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get("/api/stations?limit=2" + (f"&cursor={cursor}" if cursor else "")).get_json()
        seen += [item["sn"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert seen == ["A", "B", "C", "D", "E"]


def test_terms_are_quoted_for_postgresql() -> None:
    assert make_vector_of_texts("Bob's", "a\\b") == "'a' 'b' 'bob' 's'"
    assert make_query("New-Road 'x") == "'new':* & 'road':* & 'x':*"
    assert make_query("'&|!") is None


WEEK: dict[str, Any] = {
    "weekly": {"mon": [["07:00", "12:00"], ["18:00", "02:00"]], "sun": [["00:00", "24:00"]]},
    "exceptions": [{"date": "2026-11-23", "hours": []}, {"date": "2026-11-25", "hours": [["22:00", "04:00"]]}],
}


@pytest.mark.parametrize(
    ("local", "is_open_then"),
    [
        ("2026-11-16T06:59", False),
        ("2026-11-16T07:00", True),
        ("2026-11-16T11:59", True),
        ("2026-11-16T12:00", False),
        ("2026-11-16T18:00", True),
        ("2026-11-16T23:59", True),
        ("2026-11-17T01:59", True),
        ("2026-11-17T02:00", False),
        ("2026-11-15T00:00", True),
        ("2026-11-15T23:59", True),
        ("2026-11-16T00:00", False),
        ("2026-11-18T12:00", False),
        # The 23rd is a Monday on which the venue stays shut, and so are the small hours after it.
        ("2026-11-23T08:00", False),
        ("2026-11-24T01:00", False),
        ("2026-11-25T21:59", False),
        ("2026-11-25T22:00", True),
        ("2026-11-26T03:59", True),
        ("2026-11-26T04:00", False),
    ],
)
def test_a_station_is_open_within_its_hours(local: str, is_open_then: bool) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Kathmandu")).astimezone(UTC)
    assert is_open(json.dumps(WEEK), "Asia/Kathmandu", at) is is_open_then


def test_the_same_moment_is_another_time_elsewhere() -> None:
    hours = '{"weekly": {"mon": [["09:00", "17:00"]]}}'
    at = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)  # 09:45 in Kathmandu
    assert is_open(hours, "Asia/Kathmandu", at)
    assert not is_open(hours, "Europe/Berlin", at)


def test_opening_hours_are_written_in_the_form_of_openstreetmap() -> None:
    told = format_for_osm(WEEK)
    assert told.startswith("Mo 07:00-12:00,18:00-02:00; Tu off;")
    assert told.endswith("Su 00:00-24:00; 2026 Nov 23 off; 2026 Nov 25 22:00-04:00")
    assert format_for_osm(None) == "24/7"


def test_a_closed_station_says_so(client: FlaskClient, make_station: Make) -> None:
    make_station("A", opening_hours={"weekly": {}, "exceptions": []})
    assert client.get("/api/stations/A").get_json()["open_now"] is False
    assert client.get("/api/stations").get_json()["items"][0]["open_now"] is False


def test_the_page_behind_the_code(client: FlaskClient, make_station: Make) -> None:
    make_station("A", name="Bar & <Grill>", charges={1: 90})
    english = client.get("/s/A")
    assert english.status_code == 200
    assert "Bar &amp; &lt;Grill&gt;" in english.text
    assert 'href="powerbank://stations/A"' in english.text
    assert "<script" not in english.text
    assert "style=" not in english.text
    assert "<img" not in english.text
    nepali = client.get("/s/A", headers={"Accept-Language": "ne, en;q=0.5"})
    assert 'lang="ne"' in nepali.text
    assert "एपमा खोल्नुहोस्" in nepali.text
    assert "Accept-Language" in nepali.headers["Vary"]


def test_the_page_of_a_closed_station_promises_no_power_bank(client: FlaskClient, make_station: Make) -> None:
    make_station("A", charges={1: 90}, opening_hours={"weekly": {}, "exceptions": []})
    page = client.get("/s/A").text
    assert "Closed at this time" in page
    assert "power banks to take" not in page
    assert "Scan this code" not in page
    assert "free slots to return into" in page


def test_an_old_code_leads_to_a_page_for_people(client: FlaskClient) -> None:
    page = client.get("/s/NOPE")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is no such station" in page.text


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([["07:00", "12:00"], ["18:00", "02:00"]], "07:00–12:00, 18:00–02:00"),
        ([["00:00", "24:00"]], "00:00–24:00"),
        ([], None),
    ],
)
def test_the_hours_of_today_are_written_as_text(pairs: list[list[str]], words: str | None) -> None:
    hours = json.dumps({"weekly": dict.fromkeys(DAYS, pairs)})
    assert describe_today(hours, "Asia/Kathmandu", datetime.now(UTC)) == words


def test_openings_are_listed_over_midnight_and_exceptions() -> None:
    """Monday to Wednesday: evenings that last until two, and a day on which the house stays closed."""
    hours = json.dumps(
        {
            "weekly": {day: [["18:00", "02:00"]] for day in DAYS},
            "exceptions": [{"date": "2026-12-01", "hours": []}],
        }
    )
    since, until = (datetime.fromisoformat(f"2026-{each}:00+05:45") for each in ("11-30T01:00", "12-02T19:00"))
    written = [
        f"{opens:%d %H:%M}–{closes:%d %H:%M}" for opens, closes in list_openings(hours, "Asia/Kathmandu", since, until)
    ]
    assert written == ["30 01:00–30 02:00", "30 18:00–01 02:00", "02 18:00–02 19:00"]
    assert list_openings(None, "Asia/Kathmandu", since, until) == [(since, until)]
