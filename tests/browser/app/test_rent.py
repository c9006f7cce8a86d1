"""A stranger rents a power bank in a browser, from the code on the station to the receipt."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.app.conftest import Rider, Street, ready_to_rent, tell_about_oneself, top_up
from tests.browser.reader import PHONE, WIDE

Riders = Callable[..., Rider]


@pytest.mark.parametrize(("size", "language", "gateway"), [(PHONE, "en", "khalti"), (WIDE, "ne", "esewa")])
def test_from_the_code_to_the_receipt(
    street: Street, rider: Riders, number: str, size: str, language: str, gateway: str
) -> None:
    """Each step survives a reload, and two quick presses are one rental."""
    sita = rider(size, language)
    page = sita.open(f"/s/{street.here.sn}")
    page.click("a.open >> nth=0")
    sita.shows("[name=identifier]")
    page.fill("[name=identifier]", number)
    page.press("[name=identifier]", "Enter")
    sita.shows("#code")
    sita.reload("#code")
    page.fill("#code", street.code_for(number))
    sita.shows("[name=first_name]")
    sita.reload("[name=first_name]")
    page.fill("[name=first_name]", "Sita")
    page.fill("[name=last_name]", "Rai")
    page.press("[name=last_name]", "Enter")
    sita.shows("[name=package]")
    sita.reload("[name=package]")
    page.click("[name=package] >> nth=0")
    sita.shows("[name=date_of_birth]")
    sita.reload("[name=date_of_birth]")
    tell_about_oneself(sita)
    sita.shows("#amount")
    sita.reload("#amount")
    top_up(sita, gateway)
    sita.shows("[data-does=rent]")
    sita.reload("[data-does=rent]")
    before = street.count("rentals")
    page.dblclick("[data-does=rent]")
    page.wait_for_url("**/app/rentals/*")
    sita.shows(".stage.good .big")
    assert street.count("rentals") == before + 1
    slot, (serial,) = page.inner_text(".stage.good .big"), sorted(street.simulator.hands)[-1:]
    taken = street.net.rows("SELECT slot_number FROM rentals ORDER BY id DESC LIMIT 1")[0][0]
    assert slot == str(taken).translate(str.maketrans("0123456789", "०१२३४५६७८९") if language == "ne" else {})
    sita.reload(".stage.good .big")
    street.simulator.station(street.there.imei).return_bank(serial)
    page.wait_for_selector(".facts:has-text('R')  >> nth=0")
    page.wait_for_function("() => document.querySelector('h2') && !document.querySelector('[role=timer]')")
    sita.look()
    assert street.there.sn in page.inner_text("main")


def test_nothing_opens_before_the_station_has_said_so(street: Street, rider: Riders) -> None:
    sita = rider()
    ready_to_rent(sita)
    street.simulator.station(street.here.imei).fault("refuse", times=9)
    page = sita.page
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.asks, .stage.bad")  # on a busy machine the refusal may come before the first look
    assert page.locator(".stage.good, .stage .big").count() == 0
    page.wait_for_selector(".stage.bad", timeout=90_000)
    assert page.locator(".stage .big").count() == 0, "no slot is named that has not opened"
    sita.look()
    street.simulator.station(street.here.imei).clear_faults()
    page.goto("/app/wallet")
    page.wait_for_selector(".stage .big")
    assert "100" in page.inner_text(".stage .big")


def test_an_answer_that_is_lost_is_asked_for_again_with_the_same_key(street: Street, rider: Riders) -> None:
    sita = rider()
    ready_to_rent(sita)
    before = street.count("rentals")
    lost: list[str] = []

    def lose_the_first_answers(route: Any) -> None:
        lost.append(route.request.headers["idempotency-key"])
        if len(lost) <= 2:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    sita.context.route("**/api/rentals/initiate", lose_the_first_answers)
    sita.page.click("[data-does=rent]")
    sita.page.wait_for_selector(".stage.good .big")
    assert len(set(lost)) == 1 < len(lost)
    assert street.count("rentals") == before + 1
    sita.lost_network()


def test_a_reload_in_the_middle_of_the_start_finds_the_rental(street: Street, rider: Riders) -> None:
    sita = rider()
    ready_to_rent(sita)
    before = street.count("rentals")
    sita.context.route("**/api/rentals/initiate", lambda route: (route.fetch(), route.abort()), times=1)
    with sita.page.expect_request("**/api/rentals/initiate"):
        sita.page.click("[data-does=rent]")
    sita.reload(".stage.good .big")
    assert street.count("rentals") == before + 1
    sita.lost_network()


def test_the_app_opens_without_a_network_and_says_so(street: Street, rider: Riders) -> None:
    sita = rider()
    page = sita.open("/app/")
    page.wait_for_selector(".rows")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => caches.keys().then((keys) => keys.length > 0)")
    sita.context.set_offline(True)
    page.reload()
    page.wait_for_selector(".rows")
    assert page.locator(".offline").is_visible()
    sita.look()
    sita.context.set_offline(False)
    sita.lost_network()
