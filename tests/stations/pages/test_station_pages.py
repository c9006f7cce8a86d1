"""The console's pages of stations: they filter by their address, show what the role may do, and act once."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from powerbank.auth.staff.roles import Role
from powerbank.base.clock import local_day
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.partners import services as partners
from powerbank.partners.agreements import services as agreements
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.models import Station
from tests.people import People, change, rows
from tests.stations.pages.conftest import Console
from tests.stations.talker import Talker

Make = Callable[..., Station]
Enter = Callable[..., Console]


def found_in(page: Any) -> list[str]:
    return re.findall(r'<a href="/console/stations/(\w+)">', page.text)


def test_the_address_filters_the_list_and_the_file(console: Enter, stations: list[str]) -> None:
    staff = console(Role.VIEWER)
    assert found_in(staff.open("/console/stations")) == stations
    assert found_in(staff.open("/console/stations?city=pokhara")) == ["P1"]
    assert found_in(staff.open("/console/stations?status=offline")) == ["K2"]
    assert found_in(staff.open("/console/stations?lacks=banks&q=thamel&status=online")) == ["P1"]
    assert "Nothing matches." in staff.open("/console/stations?q=nowhere").text
    lines = staff.open("/console/stations?format=csv&city=pokhara").text.splitlines()
    assert len(lines) == 2
    assert "P1" in lines[1]


def test_a_list_names_the_partner_of_each_station(console: Enter, stations: list[str], app: Flask) -> None:
    with app.app_context(), transaction():
        partner_id = partners.create_partner(name="Himalayan Java", kind="venue", contact={}).id
    change(app, f"UPDATE stations SET partner_id = '{partner_id}' WHERE sn = 'K1'")
    staff = console(Role.VIEWER)
    assert staff.open("/console/stations").text.count("Himalayan Java") == 1
    assert found_in(staff.open("/console/stations?partner=himal")) == ["K1"]
    assert found_in(staff.open("/console/stations?partner=Java")) == [], "a name is looked for by its beginning"
    assert found_in(staff.open("/console/stations?partner=%25")) == []
    heading, *lines = staff.open("/console/stations?format=csv").text.splitlines()
    at = heading.split(",").index("Partner")
    assert [line.split(",")[at] for line in lines] == ["Himalayan Java", *[""] * (len(stations) - 1)]


def test_a_viewer_sees_no_action(console: Enter, stations: list[str]) -> None:
    staff = console(Role.VIEWER)
    for address in ("/console/stations", "/console/stations/K1"):
        page = staff.open(address)
        assert page.status_code == 200
        for action in ("maintenance-title", "station-actions", "/edit", "credentials-title"):
            assert action not in page.text, (address, action)
    for address in ("/console/new-station", "/console/stations/K1/edit", "/console/station-actions"):
        assert staff.open(address).status_code == 403, address
    refused = staff.send("/console/stations/K1/maintenance", of="/console/stations", enable="on", reason="x")
    assert refused.status_code == 403


def test_a_station_is_drawn_as_its_cabinet(console: Enter, stations: list[str], app: Flask) -> None:
    change(app, "UPDATE slots SET works = 'faulty' WHERE number = 3")
    change(app, "UPDATE slots SET bank_serial = 'stranger', charge = 40 WHERE number = 4")
    page = console().open("/console/stations/K1").text
    assert page.count('class="slot bank"') == 3
    assert page.count('class="slot faulty"') == 1
    assert "/console/powerbanks/K1-1" in page
    assert page.count("not in our books") == 1
    assert console().open("/console/stations/none").status_code == 404


def test_the_agreement_of_a_station_is_named(app: Flask, console: Enter, stations: list[str]) -> None:
    with app.app_context(), transaction():
        partner = partners.create_partner(name="Himalayan Java", kind="venue", contact=None)
        agreements.make_agreement(
            partner.id,
            starts_on=local_day(utcnow()),
            ends_on=None,
            station_sns=["K1"],
            terms={"kind": "share", "percent": "30"},
            by="system",
        )
    staff = console(Role.VIEWER)
    assert "Himalayan Java" in staff.open("/console/stations/K1").text
    assert "Himalayan Java" not in staff.open("/console/stations/K2").text


def test_maintenance_is_switched_once_with_its_reason(app: Flask, console: Enter, stations: list[str]) -> None:
    staff, key = console(), str(new_id())
    for _ in range(2):
        answer = staff.send(
            "/console/stations/K1/maintenance", of="/console/stations/K1", once=key, enable="on", reason="Storm"
        )
        assert answer.status_code == 302
    assert rows(app, "SELECT maintenance FROM stations WHERE sn = 'K1'") == [(True,)]
    assert rows(app, "SELECT count(*) FROM station_commands WHERE command = 'maintenance_mode'") == [(1,)]
    logged = rows(app, "SELECT old, new FROM audit_log WHERE action = 'stations.maintenance'")
    assert [tuple(row) for row in logged] == [({"maintenance": False}, {"enable": True, "reason": "Storm"})]
    assert "End maintenance" in staff.open("/console/stations/K1").text


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({"command": "get_status"}, {}),
        ({"command": "lock_slot", "slot_number": "2"}, {"slot_number": 2}),
        ({"command": "eject_powerbank", "slot_number": "1"}, {"slot_number": 1, "powerbank_sn": "K1-1"}),
    ],
)
def test_a_command_is_sent(
    app: Flask, console: Enter, stations: list[str], fields: dict[str, str], made: dict[str, Any]
) -> None:
    staff = console()
    staff.send("/console/stations/K1/command", of="/console/stations/K1", **fields)
    found = rows(app, "SELECT command, parameters FROM station_commands")
    assert [tuple(row) for row in found] == [(fields["command"], made)]
    assert "on its way" in staff.open("/console/stations/K1").text


@pytest.mark.parametrize(
    ("sn", "fields", "told"),
    [
        ("K1", {"command": "eject_powerbank", "slot_number": "3"}, "no power bank in this slot"),
        ("K1", {"command": "lock_slot"}, "Which slot?"),
        ("K1", {"command": "dance"}, "Which command?"),
        ("P1", {"command": "lock_slot", "slot_number": "1"}, "no such command"),
    ],
)
def test_a_command_that_cannot_be_is_refused_on_the_page(
    app: Flask, console: Enter, stations: list[str], sn: str, fields: dict[str, str], told: str
) -> None:
    staff = console()
    answer = staff.send(f"/console/stations/{sn}/command", of=f"/console/stations/{sn}", **fields)
    assert told in staff.open(answer.location).text
    assert rows(app, "SELECT count(*) FROM station_commands") == [(0,)]


def test_a_slot_that_is_held_back_is_released(app: Flask, console: Enter, stations: list[str]) -> None:
    change(app, "UPDATE slots SET held_because = 'refused twice' WHERE number = 1")
    staff = console()
    assert "refused twice" in staff.open("/console/stations/K1").text
    staff.send("/console/stations/K1/slots/1/release", of="/console/stations/K1")
    held = rows(app, "SELECT count(*) FROM slots WHERE held_because IS NOT NULL")
    assert held == [(2,)]  # those of the other stations


def test_the_plot_has_the_numbers_of_the_history(context: Flask, console: Enter, talker: Talker) -> None:
    answer = console(Role.VIEWER).open("/console/stations/A/history.json?range=24h")
    told = json.loads(answer.text)
    assert told["zone"] == "Asia/Kathmandu"
    assert [each["unit"] for each in told["series"]] == ["%", "", ""]
    assert {len(each["values"]) for each in told["series"]} == {len(told["times"])}
    assert told["bands"][0]["label"] == "offline"


def test_all_that_match_are_previewed_and_acted_on(
    app: Flask, console: Enter, stations: list[str], work: Callable[..., None]
) -> None:
    staff, of = console(), "/console/station-actions?city=kathmandu"
    page = staff.open(of).text
    assert "Stations: 2" in page
    answer = staff.send(
        "/console/station-actions", of=of, city="kathmandu", count="2", action="maintenance_on", reason="Storm"
    )
    assert answer.location.startswith("/console/operations/")
    work()
    progress = staff.open(answer.location).text
    assert "2 of 2" in progress
    assert found_in(staff.open("/console/stations?status=maintenance")) == ["K1", "K2"]
    for sn in ("K1", "K2"):
        assert f'/console/stations/{sn}"' in progress


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"action": "reboot", "id": "K1", "reason": ""}, 'class="error"'),
        ({"action": "reboot", "count": "1", "reason": "x"}, "More stations match"),
        ({"action": "update_firmware", "id": "K1", "reason": "x", "url": "https://x.example/a"}, 'class="error"'),
        ({"action": "reboot", "id": "K1", "reason": "x", "per_minute": "many"}, 'class="error"'),
    ],
)
def test_an_action_that_is_not_clear_is_shown_again(
    app: Flask, console: Enter, stations: list[str], fields: dict[str, str], told: str
) -> None:
    page = console().send("/console/station-actions", of="/console/station-actions", **fields)
    assert page.status_code == 200
    assert told in page.text
    assert rows(app, "SELECT count(*) FROM operations") == [(0,)]


def test_an_operation_is_stopped_by_who_asked_and_shown_to_nobody_else(
    app: Flask, console: Enter, stations: list[str]
) -> None:
    staff = console()
    answer = staff.send(
        "/console/station-actions", of="/console/station-actions?id=K1", id="K1", action="reboot", reason="x"
    )
    staff.send(f"{answer.location}/stop", of=answer.location)
    assert "stopped" in staff.open(answer.location).text
    assert console(Role.SUPERADMIN).open(answer.location).status_code == 404


def test_lists_of_commands_and_reports(context: Flask, console: Enter, talker: Talker) -> None:
    staff = console(Role.VIEWER)
    talker.take(f"stations/{talker.imei}/events", b"nonsense")
    page = staff.open("/console/stations/A/reports?outcome=undecodable").text
    assert page.count("nonsense") >= 1
    assert "Snapshot" in staff.open("/console/stations/A/reports").text
    assert "No command yet." in staff.open("/console/stations/A/commands").text
    assert "Nothing matches." in staff.open("/console/stations/A/commands?status=failed").text
    assert "nonsense" in staff.open("/console/stations/A/reports?format=csv&outcome=undecodable").text


def test_an_issue_is_settled(app: Flask, console: Enter, stations: list[str], people: People) -> None:
    sita = people.join("sita")
    with app.app_context(), transaction():
        issue = issues.report_issue(
            user_id=sita.id, sn="K1", issue_type=IssueType.DIRTY, description="Very <dirty>", photo=b"x", now=utcnow()
        )
    staff, page = console(), f"/console/station-issues/{issue.id}"
    assert page in staff.open("/console/station-issues?station_sn=K1").text
    assert page in staff.open("/console/stations/K1").text
    shown = staff.open(page).text
    assert "Very &lt;dirty&gt;" in shown
    photo = re.search(r'img src="(/console/report[^"]+)"', shown)
    assert photo
    assert staff.open(photo[1]).data == b"x"
    staff.send(f"{page}/resolve", of=page, reason="Cleaned")
    assert "Cleaned" in staff.open(page).text
    assert page not in staff.open("/console/station-issues").text
    assert "already" in staff.open(staff.send(f"{page}/resolve", of=page, reason="Again").location).text
