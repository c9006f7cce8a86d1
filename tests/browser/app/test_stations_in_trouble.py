"""A rider at a station that is silent, away or full, on a network that is cut at each step, and before a real code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from powerbank.base.db import db, transaction, utcnow
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import StationCommand
from tests.browser.app.conftest import Rider, Street, come_signed_in, ready_to_rent, sign_in, tell_about_oneself, top_up
from tests.browser.camera import options_of
from tests.browser.conftest import CHROMIUM
from tests.browser.reader import PHONE
from tests.databases import execute

Riders = Callable[..., Rider]
ONLINE = "SELECT online FROM station_live JOIN stations ON stations.id = station_id WHERE stations.sn = '{sn}'"
FREE = "SELECT free_slots FROM station_live JOIN stations ON stations.id = station_id WHERE stations.sn = '{sn}'"


def test_no_slot_is_named_while_the_station_is_silent(street: Street, rider: Riders) -> None:
    """It says nothing for some seconds, and only then opens a slot. Until it has said so the page names none."""
    sita = rider()
    ready_to_rent(sita)
    street.simulator.station(street.here.imei).fault("late_eject", times=1, seconds=4)
    page = sita.page
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.asks, .stage.good")
    while not page.locator(".stage .big").count():
        page.wait_for_timeout(100)
    # The page shows the rental as it read it, so the database has known it as active before.
    assert street.net.value("SELECT status FROM rentals ORDER BY id DESC LIMIT 1") == "active"
    assert page.locator(".stage.good .big").count() == 1


def come_from_the_code(rider: Rider, number: str, sn: str) -> Any:
    """Scan the code of a station as a stranger does, and go as far as the button that rents."""
    page = rider.page
    page.goto(f"/s/{sn}")
    page.click("a.open >> nth=0")
    sign_in(rider, number)
    page.click("[name=package] >> nth=0")
    page.wait_for_selector("[name=date_of_birth]")
    tell_about_oneself(rider)
    page.wait_for_selector("#amount")
    top_up(rider, "stripe")
    page.wait_for_selector("[data-does=rent]")
    return page


def test_a_station_that_never_answers_costs_nothing(street: Street, rider: Riders, number: str) -> None:
    """Nothing comes out, twice. A stranger is told so, has the money again, and rents elsewhere until the receipt."""
    sita = rider()
    page = come_from_the_code(sita, number, street.there.sn)
    station = street.simulator.station(street.there.imei)
    station.fault("no_answer", times=2)
    page.click("[data-does=rent]")
    sita.shows(".stage.asks")
    rental_id = page.url.rsplit("/", 1)[1]
    ended = f"SELECT status FROM rentals WHERE id = '{rental_id}' AND status NOT IN ('pending', 'ejecting')"

    def has_ended() -> bool:
        let_deadlines_pass(street)
        return street.net.value(ended) is not None

    street.net.wait(has_ended, "the start has ended")
    assert street.net.value(ended) == "failed"
    sita.shows(".stage.bad")
    assert "You pay nothing." in page.inner_text(".stage.bad")
    page.goto("/app/wallet")
    page.wait_for_selector("main:has-text('Rs 100')")
    page.go_back()
    page.click("a:has-text('See other stations')")
    page.wait_for_selector(".rows a")
    page.goto(f"/app/rent/{street.here.sn}?package={street.package}")
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    station.return_bank(max(street.simulator.hands))
    page.wait_for_function("() => document.querySelector('h2') && !document.querySelector('[role=timer]')")
    assert street.there.sn in page.inner_text("main")


def let_deadlines_pass(street: Street) -> None:
    """Do at once what the scheduler has done at the deadline of an ejection that has gone out to its station."""
    late = (
        "deadline = now() - interval '1 s' WHERE command = 'eject_powerbank' AND status = 'sent' AND deadline > now()"
    )
    execute(street.net.postgres.owner_url(), f"UPDATE station_commands SET {late}")
    open_ones = select(StationCommand.id).where(
        StationCommand.finished_at.is_(None),
        StationCommand.command == "eject_powerbank",
        StationCommand.deadline < utcnow(),
    )
    with street.net.app.app_context():
        with transaction() as session:
            for command_id in session.scalars(open_ones).all():
                commands.check_overdue_command(command_id, now=utcnow())
        db.session.remove()


def test_a_station_that_is_away_says_so_and_is_back_by_itself(street: Street, rider: Riders) -> None:
    sita = rider()
    come_signed_in(sita)
    station = street.simulator.station(street.there.imei)
    page = sita.page
    page.goto(f"/app/s/{street.there.sn}")
    page.wait_for_selector(f"a[href='/app/rent/{street.there.sn}']")
    station.drop(3600)
    street.net.wait(lambda: not street.net.value(ONLINE.format(sn=street.there.sn)), "the station is away")
    page.wait_for_selector(f"a[href='/app/rent/{street.there.sn}']", state="detached")
    sita.look()
    page.goto(f"/app/rent/{street.there.sn}?package={street.package}")
    page.wait_for_selector(".empty")
    station.reboot()
    street.net.wait(lambda: street.net.value(ONLINE.format(sn=street.there.sn)), "the station is back")
    page.goto(f"/app/s/{street.there.sn}")
    page.wait_for_selector(f"a[href='/app/rent/{street.there.sn}']")


def test_a_full_station_costs_nothing(street: Street, rider: Riders) -> None:
    """The meter stands still, and the way to a station with room is shown."""
    sita = rider()
    ready_to_rent(sita)
    page = sita.page
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    station = street.simulator.station(street.there.imei)
    own = set(station.serials.values())
    station.fault("full", times=1)
    station.beat()
    try:
        street.net.wait(lambda: street.net.value(FREE.format(sn=street.there.sn)) == 0, "the station is full")
        page.click("[data-does=blocked]")
        page.fill("#blocked-sn", street.there.sn)
        page.click("dialog [data-does=tell]")
        sita.shows("dialog .note.good")
    finally:
        for slot, serial in station.serials.items():
            if serial not in own:
                station.take_by_hand(slot)
        station.reboot()
    street.net.wait(lambda: street.net.value(FREE.format(sn=street.there.sn)) > 0, "the station has room again")


def test_the_network_is_cut_at_each_step(street: Street, rider: Riders, number: str) -> None:
    """Each press finds no network first. It says so, keeps what was typed, and the next press goes on from there."""
    sita = rider()
    page = sita.page
    page.goto(f"/app/s/{street.here.sn}")
    page.wait_for_selector(f"a[href='/app/rent/{street.here.sn}']")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def cut(press: Callable[[], object], says: str = ".note.bad") -> None:
        sita.context.set_offline(True)
        page.wait_for_selector(".offline")
        press()
        page.wait_for_selector(says)
        sita.context.set_offline(False)
        page.wait_for_selector(".offline", state="detached")
        press()

    page.click(f"a[href='/app/rent/{street.here.sn}']")
    page.fill("[name=identifier]", number)
    cut(lambda: page.press("[name=identifier]", "Enter"))
    page.wait_for_selector("#code")
    code = street.code_for(number)
    cut(lambda: page.fill("#code", code), "#code-says:not(:empty)")
    page.fill("[name=first_name]", "Sita")
    page.fill("[name=last_name]", "Rai")
    cut(lambda: page.press("[name=last_name]", "Enter"))
    page.click("[name=package] >> nth=0")
    page.wait_for_selector("[name=date_of_birth]")
    cut(lambda: tell_about_oneself(sita))
    page.wait_for_selector("#amount")
    page.fill("#amount", "100")
    sita.context.set_offline(True)
    page.click("[data-gateway=khalti]")
    page.wait_for_selector(".note.bad")
    sita.context.set_offline(False)
    top_up(sita)
    page.wait_for_selector("[data-does=rent]")
    before = street.count("rentals")
    cut(lambda: page.click("[data-does=rent]"))
    page.wait_for_selector(".stage.good .big")
    assert street.count("rentals") == before + 1
    sita.lost_network()


@pytest.fixture
def before_the_code(chromium: Any, street: Street, tmp_path: Path) -> Iterator[Rider]:
    """Give somebody whose camera looks at the code that stands on the station."""
    assert CHROMIUM is not None
    options = options_of(f"{street.site}/s/{street.here.sn}", tmp_path)
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=options)
    reader = Rider(browser, street, size=PHONE, language="en")
    reader.context.grant_permissions(["camera"])
    yield reader
    reader.leave()
    browser.close()
    assert reader.troubles == []


def test_the_camera_reads_the_code_on_the_station(street: Street, before_the_code: Rider) -> None:
    page = before_the_code.page
    page.goto("/app/scan")
    page.wait_for_url(f"**/app/s/{street.here.sn}")
    before_the_code.shows(f"a[href='/app/rent/{street.here.sn}']")
