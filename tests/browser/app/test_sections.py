"""A rider goes through the rest of the app: stations, the person, money, points, notices."""

import io
from collections.abc import Callable
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import select

from powerbank.auth.people import sessions
from powerbank.auth.people.models import Session as SignInSession
from powerbank.base.db import db, transaction
from powerbank.users.models import Identifier, User
from tests.browser.app.conftest import Rider, Street, come_signed_in, sign_in, top_up
from tests.browser.reader import PHONE, WIDE
from tests.nursery import wait_until

Riders = Callable[..., Rider]
PAGES = (
    "/app/profile",
    "/app/identity",
    "/app/points",
    "/app/points?part=achievements",
    "/app/points?part=leaderboard",
    "/app/friends",
    "/app/coupons",
    "/app/notices",
    "/app/preferences",
    "/app/sign-ins",
    "/app/help",
    "/app/leave",
    "/app/rentals",
    "/app/top-up",
    "/app/nowhere",
)


def picture() -> dict[str, object]:
    """Give a photo of a phone's size; the app makes it smaller."""
    content = io.BytesIO()
    Image.effect_noise((300, 200), 60).resize((2400, 1600)).convert("RGB").save(content, "JPEG", quality=99)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


@pytest.mark.parametrize(("size", "language"), [(PHONE, "ne"), (WIDE, "en")])
def test_every_view_is_fit_to_be_seen(street: Street, rider: Riders, size: str, language: str) -> None:
    sita = rider(size, language)
    come_signed_in(sita)
    sita.page.goto("/app/me")
    sita.shows(".person")
    for path in PAGES:
        sita.page.goto(path)
        sita.shows("main h1")
    sita.page.goto("/app/")
    sita.shows(".rows a")
    sita.page.goto("/app/scan")
    sita.shows(".hero form")


def test_stations_are_found_kept_and_reported(street: Street, rider: Riders) -> None:
    sita = rider()
    come_signed_in(sita)
    page = sita.page
    page.goto("/app/")
    page.fill("#q", street.here.sn)
    page.press("#q", "Enter")
    page.wait_for_url("**q=*")
    page.wait_for_function("() => document.querySelectorAll('.rows .row').length === 1")
    page.click(".rows .row")
    page.wait_for_selector(".slots")
    page.click("button:has-text('Add to favourites')")
    page.wait_for_selector("button:has-text('In your favourites')")
    page.goto("/app/?mine=1")
    page.wait_for_selector(f".rows a[href='/app/s/{street.here.sn}']")
    page.goto(f"/app/s/{street.here.sn}/report")
    sita.shows("[name=issue_type]")
    page.check("[name=issue_type][value=slot_stuck]")
    page.fill("[name=description]", "Slot 3 does not open.")
    taken = picture()
    page.set_input_files("[name=photo]", taken)  # type: ignore[arg-type]
    with page.expect_request("**/report-issue") as sent:
        page.click("main button[type=submit]")
    assert len(sent.value.post_data_buffer or b"") < len(taken["buffer"]) / 2  # type: ignore[arg-type]
    page.wait_for_url(f"**/app/s/{street.here.sn}")
    assert street.net.value("SELECT count(*) FROM station_issues WHERE issue_type = 'slot_stuck'") == 1


def test_the_map_says_what_the_list_says(street: Street, rider: Riders) -> None:
    sita = rider(WIDE)
    page = sita.open("/app/?map=1#map=27.70000,85.30000,15")
    page.wait_for_selector(".pin")
    sita.look()
    assert page.locator(".pin").count() == page.locator(".rows .row").count() == 2


def test_the_person_changes_what_is_known_of_them(street: Street, rider: Riders, number: str) -> None:
    sita = rider()
    page = sita.page
    page.goto("/app/profile")
    sign_in(sita, number)
    page.wait_for_selector("[name=city]")
    page.fill("[name=city]", "Lalitpur")
    page.click(".panel button[type=submit] >> nth=0")
    page.wait_for_selector(".said p")
    page.goto("/app/preferences")
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.click(".places >> nth=2 >> input >> nth=1")
    page.reload()
    page.wait_for_selector(".places")
    assert not page.locator(".places").nth(2).locator("input").nth(1).is_checked()
    page.goto("/app/notices")
    page.wait_for_selector(".notice.new")
    page.click(".notice.new button >> nth=0")
    page.wait_for_selector(".notice:not(.new)")
    page.click(".language")
    page.wait_for_selector("html[lang=ne]")
    newest = "SELECT language FROM users ORDER BY id DESC LIMIT 1"
    wait_until(lambda: street.net.value(newest) == "ne", 10, "the language is known")


def test_a_line_of_the_wallet_is_explained_and_asked_back(street: Street, rider: Riders) -> None:
    sita = rider()
    come_signed_in(sita, wallet=0)
    page = sita.page
    page.goto("/app/top-up")
    top_up(sita)
    page.wait_for_selector(".stage.good")
    page.goto("/app/wallet")
    page.click("button.row")
    sita.shows("dialog .facts")
    page.click("dialog .link")
    page.fill("[name=reason]", "I topped up too much.")
    page.click("dialog button[type=submit]")
    page.wait_for_selector("dialog", state="detached")
    assert street.count("refunds") == 1


def test_signing_out_ends_one_other_device_or_all(street: Street, rider: Riders, number: str) -> None:
    phone, tablet = rider(), rider(WIDE)
    phone.page.goto("/app/me")
    sign_in(phone, number)
    phone.page.wait_for_selector(".person")
    street.forget_limits()
    page = tablet.page
    page.goto("/app/me")
    page.fill("[name=identifier]", number)
    page.press("[name=identifier]", "Enter")
    page.wait_for_selector("#code")
    page.fill("#code", street.newest_code_for(number))
    page.wait_for_selector(".person")
    lost = lose_a_phone(street, number)
    phone.page.goto("/app/sign-ins")
    phone.shows("li:has-text('Chrome · Android')")
    assert phone.page.locator("[data-sign-in=open]").count() == 3
    phone.page.click("li:has-text('Chrome · Android') button")
    phone.page.wait_for_selector("[data-sign-in=ended]:has-text('Chrome · Android')")
    assert street.net.value(f"SELECT end_cause FROM sessions WHERE id = '{lost}'") == "ended elsewhere"
    phone.page.goto("/app/me")
    for each in (phone, tablet):  # what is on its way is refused from then on
        each.tolerate("status of 401")
    phone.page.click("button:has-text('Sign out everywhere')")
    phone.page.wait_for_url("**/app/")
    page.goto("/app/wallet")
    page.wait_for_selector("[name=identifier]")


def lose_a_phone(street: Street, number: str) -> UUID:
    """Sign the person of this number in on a phone that is then lost."""
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
    with street.net.app.app_context():
        with transaction() as session:
            user = session.scalars(select(User).join(Identifier).where(Identifier.value == f"+977{number}")).one()
            sessions.begin_session(user, user_agent=agent)
            lost = session.scalars(select(SignInSession.id).where(SignInSession.user_agent == agent)).one()
        db.session.remove()
    return lost
