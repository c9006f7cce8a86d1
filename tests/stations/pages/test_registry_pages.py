"""Stations are registered and changed at the console, and their codes are printed."""

import json
import re
from collections.abc import Callable

from flask import Flask

from powerbank.auth.staff.roles import Role
from powerbank.stations.models import Station
from tests.people import rows
from tests.stations.pages.conftest import Console

Make = Callable[..., Station]
Enter = Callable[..., Console]

NEW = {
    "sn": "N-1",
    "imei": "imei-n1",
    "name": "नयाँ सडक",
    "address": "New Road 3",
    "city": "Kathmandu",
    "lat": "27.7",
    "lng": "85.3",
    "timezone": "Asia/Kathmandu",
    "protocol": "json-v1",
    "slots": "6",
    "active": "yes",
    "rent_enabled": "yes",
    "hours_mon": "07:00-12:00, 18:00-02:00",
    "hours_exceptions": "2026-12-25: 10:00-14:00\n2026-12-26:",
    "amenities": ["wifi", "indoor"],
    "images": "",
}


def test_a_station_is_registered_and_its_password_is_shown_once(app: Flask, console: Enter, clean: None) -> None:
    staff = console()
    page = staff.send("/console/new-station", of="/console/new-station", **NEW)
    password = re.search(r"data-secret>([^<]+)<", page.text)
    assert password
    assert page.headers["Cache-Control"] == "no-store"
    found = rows(app, "SELECT opening_hours, return_enabled, amenities FROM stations WHERE sn = 'N-1'")[0]
    assert found[0]["weekly"] == {"mon": [["07:00", "12:00"], ["18:00", "02:00"]]}
    assert [each["hours"] for each in found[0]["exceptions"]] == [[["10:00", "14:00"]], []]
    assert (found[1], found[2]) == (False, ["wifi", "indoor"])
    again = staff.send("/console/new-station", of="/console/new-station", **NEW)
    assert "already" in again.text
    assert password[1] not in staff.open("/console/stations/N-1").text
    changed = staff.send("/console/stations/N-1/credentials", of="/console/stations/N-1")
    assert "data-secret" in changed.text
    assert password[1] not in changed.text
    assert password[1] not in json.dumps([list(row) for row in rows(app, "SELECT new FROM audit_log")])


def test_what_is_wrong_is_told_beside_its_field_and_a_change_is_in_the_audit_log(
    app: Flask, console: Enter, stations: list[str]
) -> None:
    staff = console()
    wrong = NEW | {"lat": "123", "hours_mon": "7-25", "slots": "0"}
    page = staff.send("/console/stations/K1/edit", of="/console/stations/K1/edit", **wrong)
    assert page.status_code == 200
    assert page.text.count('class="error"') >= 3
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'stations.update'") == [(0,)]
    staff.send("/console/stations/K1/edit", of="/console/stations/K1/edit", **(NEW | {"always_open": "yes"}))
    assert rows(app, "SELECT name, opening_hours FROM stations WHERE sn = 'K1'") == [("नयाँ सडक", None)]
    page = staff.open("/console/stations/K1/edit").text
    assert 'value="नयाँ सडक"' in page
    assert re.search(r'name="always_open" value="yes" checked', page)


def test_codes_are_printed_on_sheets(console: Enter, make_station: Make) -> None:
    for number in range(8):
        make_station(f"S{number}", name='<b>"Thamel"' if number == 0 else "Thamel")
    staff = console(Role.VIEWER)
    large = staff.open("/console/station-codes").text
    assert (large.count('viewBox="0 0 210 297"'), large.count("<b>")) == (2, 0)
    assert staff.open("/console/station-codes?size=small").text.count('viewBox="0 0 210 297"') == 1
    assert staff.open("/console/station-codes?q=nowhere").text.count('viewBox="0 0 210 297"') == 0
    assert "<svg" in staff.open("/console/stations/S1/code").text
    assert staff.open("/console/stations/S1/code.svg").content_type == "image/svg+xml"
