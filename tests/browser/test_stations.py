"""Staff go through the stations and the power banks in a browser: maintenance is seen live, and a bank written off."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image

from powerbank.auth.staff.roles import Role
from powerbank.base.db import first_id_of, new_id, transaction, utcnow
from powerbank.stations.custody import placement
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.messages.models import StationMessage
from powerbank.stations.models import Station
from powerbank.stations.registry import seed
from powerbank.stations.registry import services as registry
from tests.browser.reader import Reader
from tests.people import People, change, rows
from tests.stations.talker import Talker

SignIn = Callable[..., Reader]
Work = Callable[..., None]
SN = seed.make_sn(1)


@pytest.fixture
def network(app: Flask, clean: None, people: People) -> None:
    """The demonstration's stations. The first one had a day: banks that charged, one that is gone, and an issue."""
    sita = people.join("sita")
    with app.app_context():
        with transaction():
            seed.seed_stations(utcnow())
        with transaction() as session:
            talker = Talker(session.query(Station).filter_by(sn=SN).one(), utcnow() - timedelta(hours=20))
        serials = [seed.make_serial(each) for each in range(1, 7)]
        for hour in range(20):
            there = serials[: 6 - (hour % 4 == 1) - (hour % 7 == 2)]
            talker.snapshot(
                {slot: (serial, min(100, 12 * slot + 4 * hour)) for slot, serial in enumerate(there, start=1)}, count=8
            )
            talker.wait(3600)
        with transaction() as session:
            for message in session.query(
                StationMessage
            ):  # an id begins with the time, which passed for the station only
                message.id = UUID(int=first_id_of(message.received_at).int | (new_id().int & (2**62 - 1)))
        talker.now = utcnow()
        talker.snapshot({slot: (serial, 15 * slot) for slot, serial in enumerate(serials[:5], start=1)}, count=8)
        with transaction():
            placement.write_off_bank(seed.make_serial(60), reason="Stolen", by="system", now=utcnow())
            registry.set_maintenance(seed.make_sn(3), enable=True)
            issues.report_issue(
                user_id=sita.id,
                sn=SN,
                issue_type=IssueType.DAMAGED,
                description="The glass.",
                photo=_picture(),
                now=utcnow(),
            )
    of_station = f"station_id = (SELECT id FROM stations WHERE sn = '{SN}')"
    change(app, f"UPDATE slots SET works = 'faulty' WHERE number = 8 AND {of_station}")
    change(app, f"UPDATE slots SET held_because = 'refused twice' WHERE number = 7 AND {of_station}")
    # The station was online since yesterday, except for an hour and a half.
    change(app, f"DELETE FROM station_status_changes WHERE {of_station}")
    for hours, status in ((30, "online"), (9, "offline"), (7.5, "online")):
        values = f"SELECT id, now() - interval '{hours} hours', '{status}' FROM stations WHERE sn = '{SN}'"
        change(app, f"INSERT INTO station_status_changes (station_id, at, status) {values}")


def _picture() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(drawn, "JPEG")
    return drawn.getvalue()


def test_a_station_goes_into_maintenance_and_others_see_it_live(
    app: Flask, staff: SignIn, network: None, work: Work
) -> None:
    reader = staff()
    page = reader.open("/console/stations")
    page.click(f"a[href='/console/stations/{SN}']")
    page.wait_for_selector(".plot canvas")
    reader.look()
    other = page.context.new_page()
    other.goto(f"/console/stations/{SN}")
    page.click("[data-opens=maintenance]")
    page.fill("#maintenance-reason", "The glass is broken.")
    reader.look()
    reader.send("#maintenance form button")
    assert page.locator(".toast").count() == 1
    assert other.locator("#now .tile.good").count() == 1
    other.evaluate("document.body.dispatchEvent(new Event('changed'))")  # as the stream does
    other.wait_for_selector("#now .tile.good", state="detached")
    other.close()
    reader.look()
    work()
    page.click("[data-opens=command]")
    page.select_option("[name=command]", "lock_slot")
    page.select_option("#command [name=slot_number]", "2")
    reader.send("#command form button")
    assert page.locator("#now td .badge").count() >= 1
    assert rows(app, "SELECT count(*) FROM station_commands WHERE command = 'lock_slot'") == [(1,)]


def test_a_missing_bank_is_written_off(app: Flask, staff: SignIn, network: None) -> None:
    reader = staff()
    page = reader.open("/console/discrepancies")
    page.locator("td a").first.click()
    page.wait_for_url("**/console/discrepancies/*")
    reader.look()
    page.fill("#gone-reason", "Nobody has it.")
    reader.send("button.danger")
    page.wait_for_url("**/console/powerbanks/*")
    assert page.locator(".toast").count() == 1
    reader.look()
    assert rows(app, "SELECT count(*) FROM custody WHERE place = 'lost' AND upper_inf(period)") == [(2,)]
    page.click("[data-opens=found]")
    page.fill("#found-reason", "Under the seat.")
    reader.look()
    reader.send("#found form button")
    assert page.locator(".toast").count() == 1
    assert rows(app, "SELECT count(*) FROM custody WHERE place = 'lost' AND upper_inf(period)") == [(1,)]


def test_firmware_goes_to_all_that_match(app: Flask, staff: SignIn, network: None, work: Work) -> None:
    reader = staff()
    page = reader.open("/console/stations?protocol=json-v1")
    page.click("a[href*='/console/station-actions?']")
    page.wait_for_url("**/console/station-actions?**")
    reader.look()
    page.check("[value=reboot]")
    page.fill("[name=reason]", "They hang.")
    page.fill("[name=per_minute]", "5")
    page.click("form .actions button")
    page.wait_for_url("**/console/operations/*")
    work("default")
    page.wait_for_selector("td .badge.good")
    reader.look()
    page.click("#operation section form button")
    page.wait_for_selector("#operation .head .badge.warn")
    assert rows(app, "SELECT count(*) FROM station_commands WHERE command = 'reboot'") == [(5,)]


def test_the_other_pages_of_stations_and_power_banks(app: Flask, staff: SignIn, network: None) -> None:
    reader = staff()
    page = reader.page
    for path in (
        "/console/station-issues",
        f"/console/stations/{SN}/reports",
        f"/console/stations/{SN}/edit",
        f"/console/stations/{SN}/code",
        "/console/new-station",
        "/console/station-codes?size=small",
        "/console/powerbanks",
        f"/console/powerbanks/{seed.make_serial(2)}",
        "/console/new-powerbanks",
    ):
        reader.open(path)
    page.goto("/console/station-codes")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", printed)) == 2  # twelve stations, six on a sheet, and nothing else
    page.goto("/console/station-issues")
    page.locator("td a").first.click()
    page.wait_for_url("**/console/station-issues/*")
    reader.look()
    page.goto("/console/stations")
    page.keyboard.press("n")
    page.wait_for_url("**/console/new-station")


def test_a_viewer_reads_and_an_empty_network_says_what_would_fill_it(staff: SignIn) -> None:
    reader = staff(Role.VIEWER)
    for path in ("/console/stations", "/console/powerbanks", "/console/station-issues", "/console/discrepancies"):
        page = reader.open(path)
        assert page.locator(".empty").count() >= 1
