"""Staff list the starts that were refused, over the API and at the console."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.admin.console.conftest import Member, console  # noqa: F401
from tests.people import change
from tests.rentals.conftest import Packages, Renter, Renters
from tests.stations.conftest import Make

API, PAGE = "/api/admin/refused-starts", "/console/refused-starts"
Console = Callable[..., Member]


@pytest.fixture
def sita(app: Flask, renter: Renters, package: Packages, make_station: Make) -> Renter:
    """Somebody who had too little money at A, found it away, and then looked for a station that is not there."""
    make_station("A", charges={1: 90})
    person, an_hour = renter(wallet="20.00"), package(price="50.00")
    assert person.initiate(an_hour).status_code == 402
    change(app, "UPDATE station_live SET online = false")
    assert person.initiate(an_hour).status_code == 409
    assert person.initiate(an_hour, sn="nowhere").status_code == 404
    return person


def test_each_filter_finds_its_own_newest_first(sita: Renter, staff_headers: Callable[..., dict[str, str]]) -> None:
    headers = staff_headers("viewer")

    def listed(**query: Any) -> list[dict[str, Any]]:
        answer = sita.client.get(API, headers=headers, query_string=query)
        assert answer.status_code == 200, answer.text
        return list(answer.get_json()["items"])

    def reasons(**query: Any) -> list[str]:
        return [each["reason"] for each in listed(**query)]

    assert reasons() == ["not_found", "station_offline", "insufficient_funds"]
    assert reasons(station_sn="A") == ["station_offline", "insufficient_funds"]
    assert reasons(reason="station_offline") == reasons(reason="station_offline", station_sn="A") == ["station_offline"]
    assert len(reasons(user_id=str(sita.id), since="2020-01-01T00:00:00Z")) == 3
    assert reasons(until="2020-01-01T00:00:00Z") == reasons(station_sn="B") == []
    newest = listed()[0]
    assert (newest["station_sn"], newest["user_id"]) == ("nowhere", str(sita.id))
    assert (newest["value"], newest["currency"]) == ("50.00", "NPR")


def test_pages_follow_each_other(sita: Renter, staff_headers: Callable[..., dict[str, str]]) -> None:
    headers, cursor, found = staff_headers("viewer"), None, []
    for _ in range(3):
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = sita.client.get(API, headers=headers, query_string=query).get_json()
        found += [each["reason"] for each in answer["items"]]
        cursor = answer["next_cursor"]
    assert (found, cursor) == (["not_found", "station_offline", "insufficient_funds"], None)


def test_only_staff_may_ask(sita: Renter, staff_headers: Callable[..., dict[str, str]]) -> None:
    assert sita.client.get(API, headers=sita.headers).status_code == 401
    assert sita.client.get(f"{API}?since=yesterday", headers=staff_headers("viewer")).status_code == 422


def test_the_list_says_why_and_leads_to_the_station_and_the_person(sita: Renter, console: Console) -> None:  # noqa: F811
    viewer = console("viewer")
    shown = viewer.read(PAGE)
    for said in ("too little money", "station offline", "no such station", f"/console/people/{sita.id}"):
        assert said in shown
    assert 'href="/console/stations/A"' in shown
    assert 'href="/console/stations/nowhere"' not in shown, "there is no such page"
    assert "no such station" not in viewer.read(f"{PAGE}?station_sn=A").partition('id="list"')[2]
    assert "Nothing matches." in viewer.read(f"{PAGE}?until=2020-01-01")
    taken = viewer.open(f"{PAGE}?reason=station_offline&format=csv").text.splitlines()
    assert taken[0].split(",")[:3] == ["When", "Why", "Station"]
    assert [line.split(",")[1:] for line in taken[1:]] == [["station_offline", "A", str(sita.id), "50.00"]]


def test_the_first_page_the_station_and_the_person_lead_to_it(sita: Renter, console: Console) -> None:  # noqa: F811
    viewer = console("viewer")
    assert 'href="/console/refused-starts?since=' in viewer.read("/console/now")
    station = viewer.read("/console/stations/A")
    assert '<b>2</b><a href="/console/refused-starts?station_sn=A">' in station
    assert f'href="/console/refused-starts?user_id={sita.id}"' in console("support").read(f"/console/people/{sita.id}")


def test_a_list_without_rows_says_what_would_fill_it(console: Console) -> None:  # noqa: F811
    assert "No refused starts." in console("viewer").read(PAGE)
