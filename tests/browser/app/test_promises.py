"""A rider whose station takes no power bank back, and one who has a power bank kept for the walk."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.app.conftest import Rider, Street, ready_to_rent
from tests.browser.reader import PHONE, WIDE
from tests.databases import execute

Riders = Callable[..., Rider]


@pytest.fixture
def serviced(street: Street) -> Iterator[None]:
    """Have the second station serviced, so that it takes nothing back."""
    owner = street.net.postgres.owner_url()
    execute(owner, f"UPDATE stations SET maintenance = true WHERE sn = '{street.there.sn}'")
    yield
    execute(owner, f"UPDATE stations SET maintenance = false WHERE sn = '{street.there.sn}'")


@pytest.mark.parametrize(("size", "language"), [(PHONE, "ne"), (WIDE, "en")])
def test_the_time_stands_still_where_a_station_takes_nothing(
    street: Street, rider: Riders, serviced: None, size: str, language: str
) -> None:
    sita = rider(size, language)
    ready_to_rent(sita)
    page = sita.page
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    page.click("[data-does=blocked]")
    page.fill("#blocked-sn", street.here.sn)
    page.click("dialog [data-does=tell]")
    sita.shows("dialog .note.warn")
    page.keyboard.press("Escape")
    page.click("[data-does=blocked]")
    page.fill("#blocked-sn", street.there.sn)
    page.click("dialog [data-does=tell]")
    sita.shows("dialog .note.good")
    page.keyboard.press("Escape")
    sita.shows("main .note.good h2")
    assert page.locator("[data-does=blocked]").count() == 0


def test_a_power_bank_is_kept_for_the_walk_and_then_rented(street: Street, rider: Riders) -> None:
    sita = rider()
    ready_to_rent(sita)
    page = sita.page
    page.goto(f"/app/s/{street.here.sn}")
    page.click("[data-does=reserve]")
    sita.shows("dialog .chips")
    before = street.count("reservations")
    page.dblclick("dialog [data-does=keep]")
    page.wait_for_url("**/app/reservations/*")
    sita.shows(".stage .clock")
    assert street.count("reservations") == before + 1
    sita.reload(".stage .clock")
    page.goto("/app/")
    page.wait_for_selector("a[href^='/app/reservations/']")
    page.click("a[href^='/app/reservations/']")
    page.click("a.wide")
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    assert street.net.value("SELECT status FROM reservations ORDER BY id DESC LIMIT 1") == "used"


def test_a_kept_power_bank_is_given_back(street: Street, rider: Riders) -> None:
    sita = rider(WIDE)
    ready_to_rent(sita)
    page = sita.page
    page.goto(f"/app/s/{street.here.sn}")
    page.click("[data-does=reserve]")
    page.click("dialog [data-does=keep]")
    page.wait_for_url("**/app/reservations/*")
    page.click(".actions button")
    page.wait_for_selector(".stage:not(.good)")
    assert street.net.value("SELECT status FROM reservations ORDER BY id DESC LIMIT 1") == "cancelled"
