"""The pages for authors of apps, as they are read in a browser."""

import pytest

from tests.browser.reader import PHONE, WIDE, Reader

# The guides are in English, whatever language the browser asks for.
pytestmark = pytest.mark.parametrize("view", [(PHONE, "en"), (WIDE, "en")], ids="-".join)


def test_an_author_reads_the_guides_and_the_language_stays(reader: Reader) -> None:
    page = reader.open("/docs")
    page.click(".guides a >> nth=1")
    page.wait_for_url("**/docs/guides/signing-in")
    reader.look()
    if reader.size == PHONE:
        assert page.locator(".chapters nav").is_hidden()
    page.click("[data-chooses=kotlin]")
    page.click("[rel=next]")
    page.wait_for_url("**/docs/guides/renting")
    assert page.locator("figure[data-language=kotlin]").first.is_visible()
    assert page.locator("figure[data-language=curl]").first.is_hidden()
    reader.look()


def test_the_reference_is_drawn_and_a_guide_leads_into_it(reader: Reader) -> None:
    # Redoc shows the logo of its makers from their host, which the content policy refuses, so no other host is asked.
    reader.tolerate("cdn.redoc.ly")
    page = reader.page
    page.goto("/docs/guides/renting")
    page.click("a:has-text('POST /api/rentals/initiate') >> nth=0")
    page.wait_for_selector("h1:has-text('rental'), h2:has-text('rental')")
    page.wait_for_selector("text=station_sn")
    reader.look()


def test_the_page_to_try_it_is_drawn(reader: Reader) -> None:
    page = reader.page
    page.goto("/docs/try")
    page.wait_for_selector(".opblock", timeout=40_000)  # it draws all routes at once
