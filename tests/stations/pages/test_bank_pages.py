"""The console's pages of power banks and discrepancies: where a bank is and was, and what staff say about it."""

from collections.abc import Callable

import pytest
from flask import Flask

from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from powerbank.stations.custody import registration
from powerbank.stations.models import Station
from tests.people import rows
from tests.stations.pages.conftest import Console

Make = Callable[..., Station]
Enter = Callable[..., Console]
Show = Callable[[dict[int, str]], None]
PLACES = "SELECT serial, place FROM custody JOIN power_banks AS bank ON bank.id = bank_id WHERE upper_inf(period)"


def place_of(app: Flask, serial: str) -> str:
    return str(dict(map(tuple, rows(app, PLACES)))[serial])


@pytest.fixture
def banks(app: Flask, make_station: Make) -> None:
    """K-1 of 90 % and K-2 of 15 % in a station, W1 and W2 in the warehouse."""
    make_station("K", charges={1: 90, 2: 15})
    with app.app_context(), transaction():
        registration.register_banks(serials=["W1", "W2"], model="PB-5000", now=utcnow())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"K-1", "K-2", "W1", "W2"}),
        ("q=k-", {"K-1", "K-2"}),
        ("q=k_", set()),
        ("place=warehouse", {"W2"}),
        ("station_sn=K", {"K-1", "K-2"}),
        ("charge_below=20", {"K-2"}),
        ("quarantined=true", {"W1"}),
        ("health=faulty", set()),
    ],
)
def test_the_address_filters_the_list(app: Flask, console: Enter, banks: None, query: str, found: set[str]) -> None:
    staff = console()
    staff.send("/console/powerbanks/W1/quarantine", of="/console/powerbanks/W1", reason="Swollen")
    page = staff.open(f"/console/powerbanks?{query}").text
    assert {each for each in ("K-1", "K-2", "W1", "W2") if f"/console/powerbanks/{each}" in page} == found


def test_the_list_is_paged_and_exported(console: Enter, app: Flask, clean: None) -> None:
    with app.app_context(), transaction():
        registration.register_banks(serials=[f"B{number}" for number in range(60)], model=None, now=utcnow())
    staff = console(Role.VIEWER)
    first = staff.open("/console/powerbanks").text
    assert first.count('href="/console/powerbanks/B') == 50
    following = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert staff.open(following).text.count('href="/console/powerbanks/B') == 10
    assert len(staff.open("/console/powerbanks?format=csv").text.splitlines()) == 61
    assert staff.open("/console/powerbanks?cursor=odd&charge_below=many").status_code == 200


def test_one_bank_has_a_picture_of_where_it_was(app: Flask, console: Enter, banks: None) -> None:
    staff = console(Role.VIEWER)
    page = staff.open("/console/powerbanks/K-1").text
    assert page.count('class="bar ') == 2
    assert page.count('class="lane"') == 2
    assert "Write it off" not in page
    assert staff.open("/console/powerbanks/none").status_code == 404


def test_it_is_held_back_and_released(app: Flask, console: Enter, banks: None) -> None:
    staff, page = console(), "/console/powerbanks/W1"
    staff.send(f"{page}/quarantine", of=page, reason="Swollen")
    assert place_of(app, "W1") == "quarantined"
    assert "Swollen" in staff.open(page).text
    staff.send(f"{page}/release", of=page)
    assert place_of(app, "W1") == "warehouse"
    refused = staff.send(f"{page}/release", of=page)
    assert "not held back" in staff.open(refused.location).text


def test_it_is_written_off_found_and_placed(app: Flask, console: Enter, banks: None) -> None:
    staff, page = console(), "/console/powerbanks/W1"
    refused = staff.send(f"{page}/write-off", of=page, reason=" ")
    assert place_of(app, "W1") == "warehouse"
    assert 'class="toast bad"' in staff.open(refused.location).text
    staff.send(f"{page}/write-off", of=page, reason="Stolen")
    assert place_of(app, "W1") == "lost"
    assert "Stolen" in staff.open(page).text
    staff.send(f"{page}/found", of=page, reason="Under a seat", place="crew", holder="Asha")
    assert place_of(app, "W1") == "crew"
    staff.send(f"{page}/place", of=page, reason="Put in", place="slot", station_sn="K", slot_number="3")
    assert place_of(app, "W1") == "slot"
    refused = staff.send(f"{page}/place", of=page, reason="x", place="slot", station_sn="K")
    assert 'class="toast bad"' in staff.open(refused.location).text
    logged = rows(app, "SELECT action FROM audit_log WHERE object_id = 'W1' ORDER BY id")
    assert [action for (action,) in logged] == ["power_banks.write_off", "power_banks.found", "power_banks.place"]


def test_a_bank_that_its_station_shows_is_not_written_off(app: Flask, console: Enter, banks: None) -> None:
    staff, page = console(), "/console/powerbanks/K-1"
    refused = staff.send(f"{page}/write-off", of=page, reason="Gone")
    assert "shows this power bank" in staff.open(refused.location).text
    assert place_of(app, "K-1") == "slot"


def test_many_are_registered_at_once_or_by_a_job(
    app: Flask, console: Enter, banks: None, work: Callable[..., None]
) -> None:
    staff, page = console(), "/console/new-powerbanks"
    answer = staff.send(page, of=page, serials="W1, N1\nN2;N3", model="PB")
    assert "Registered: 3. Known already: 1." in staff.open(answer.location).text
    refused = staff.send(page, of=page, serials="not!a serial")
    assert 'class="toast bad"' in staff.open(refused.location).text
    many = staff.send(page, of=page, serials="\n".join(f"M{number}" for number in range(1001)))
    work()
    assert "1,001" in staff.open(many.location).text
    assert console(Role.VIEWER).open(page).status_code == 403


def test_a_missing_bank_is_ended_by_saying_where_it_is(app: Flask, console: Enter, show: Show) -> None:
    show({2: "102", 3: "103"})
    staff = console()
    page = staff.open("/console/stations/A").text
    discrepancy = page.partition("/console/discrepancies/")[2].partition('"')[0]
    shown = staff.open(f"/console/discrepancies/{discrepancy}").text
    assert "It is gone" in shown
    assert "It is known" not in shown
    staff.send("/console/powerbanks/101/write-off", of=f"/console/discrepancies/{discrepancy}", reason="Stolen")
    assert "settled" in staff.open(f"/console/discrepancies/{discrepancy}").text
    assert f"/console/discrepancies/{discrepancy}" not in staff.open("/console/discrepancies").text
    assert f"/console/discrepancies/{discrepancy}" in staff.open("/console/discrepancies?state=all").text


def test_an_unknown_bank_is_taken_into_the_stock_or_known(app: Flask, console: Enter, show: Show) -> None:
    show({1: "101", 2: "102", 3: "103", 4: "strange"})
    staff = console()
    listed = staff.open("/console/discrepancies?kind=unknown_serial").text
    page = "/console/discrepancies/" + listed.partition("/console/discrepancies/")[2].partition('"')[0]
    assert "It is ours" in staff.open(page).text
    staff.send(f"{page}/register", of=page)
    assert place_of(app, "strange") == "warehouse"
    show({1: "101", 2: "102", 3: "103", 4: "strange"})
    assert place_of(app, "strange") == "slot"
    show({1: "101", 2: "102", 3: "odd", 4: "strange"})
    listed = staff.open("/console/discrepancies?kind=unknown_serial").text
    page = "/console/discrepancies/" + listed.partition("/console/discrepancies/")[2].partition('"')[0]
    staff.send(f"{page}/resolve", of=page, reason="A toy")
    assert "A toy" in staff.open(page).text
