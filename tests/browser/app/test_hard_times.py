"""What a rider sees when something is missing, late, or pressed in two places at once."""

from collections.abc import Callable, Iterator

import pytest

from powerbank.base.db import transaction
from powerbank.content import app_config
from tests.browser.app.conftest import Rider, Street, come_signed_in, ready_to_rent
from tests.browser.app.test_sections import picture
from tests.browser.reader import PHONE, WIDE
from tests.databases import execute

Riders = Callable[..., Rider]


@pytest.fixture
def identity_required(street: Street) -> Iterator[None]:
    """Have the network ask for an identity, as it does unless it is a demonstration."""
    with street.net.app.app_context(), transaction():
        app_config.set_value("kyc_required", True, actor="test")
    yield
    with street.net.app.app_context(), transaction():
        app_config.set_value("kyc_required", False, actor="test")


def test_an_identity_is_asked_for_in_place(street: Street, rider: Riders, identity_required: None) -> None:
    sita = rider()
    user_id = come_signed_in(sita, wallet=0)
    execute(street.net.postgres.owner_url(), f"UPDATE users SET kyc_status = 'none' WHERE id = '{user_id}'")
    page = sita.page
    page.goto(f"/app/rent/{street.here.sn}?package={street.package}")
    sita.shows("[name=citizenship_number]")
    page.fill("[name=citizenship_number]", "२७-०१-७२-०१२३४")
    page.set_input_files("[name=front]", picture())  # type: ignore[arg-type]
    page.set_input_files("[name=back]", picture())  # type: ignore[arg-type]
    page.click(".panel button[type=submit]")
    sita.shows(".note.warn")
    execute(street.net.postgres.owner_url(), f"UPDATE users SET kyc_status = 'approved' WHERE id = '{user_id}'")
    page.reload()
    sita.shows("#amount")


@pytest.mark.parametrize(("size", "language"), [(PHONE, "en"), (WIDE, "ne")])
def test_who_is_late_reads_what_it_costs(street: Street, rider: Riders, size: str, language: str) -> None:
    sita = rider(size, language)
    ready_to_rent(sita)
    page = sita.page
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    rental_id = page.url.rsplit("/", 1)[1]
    hours = "started_at = started_at - interval '3 hours', due_at = due_at - interval '3 hours'"
    execute(street.net.postgres.owner_url(), f"UPDATE rentals SET {hours} WHERE id = '{rental_id}'")
    page.reload()
    sita.shows(".stage.bad [role=timer]")
    assert {"en": "Rs 5", "ne": "रु ५"}[language] in page.inner_text(".stage.bad")
    page.click("[data-does=more]")
    sita.shows("dialog .note.warn")
    page.keyboard.press("Escape")
    page.click("[data-does=lost]")
    sita.shows("dialog form")


def test_two_tabs_are_one_rental(street: Street, rider: Riders) -> None:
    sita = rider()
    ready_to_rent(sita)
    second = sita.context.new_page()
    second.goto(sita.page.url)
    second.wait_for_selector("[data-does=rent]")
    before = street.count("rentals")
    sita.page.click("[data-does=rent]", no_wait_after=True)
    second.click("[data-does=rent]", no_wait_after=True)
    sita.page.wait_for_selector(".stage.good .big")
    second.wait_for_selector(".stage.good .big, a[href^='/app/rentals/']")
    assert street.count("rentals") == before + 1
    sita.refused(409)


def test_the_network_is_cut_while_the_rental_runs(street: Street, rider: Riders) -> None:
    """The clock goes on with what the device knows, and says so; after that it is fresh again."""
    sita = rider()
    ready_to_rent(sita)
    page = sita.page
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => caches.keys().then((keys) => keys.length > 0)")
    sita.context.set_offline(True)
    page.reload()
    sita.shows("[role=timer]")
    assert page.locator(".offline").is_visible()
    sita.context.set_offline(False)
    page.wait_for_selector(".offline", state="detached")
    sita.lost_network()
