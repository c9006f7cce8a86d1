"""Staff look at a person in a browser, and send a message again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from powerbank.auth.people import sessions
from powerbank.base.db import transaction, utcnow
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues
from powerbank.ledger.services import Reference
from powerbank.notifications.delivery import devices
from powerbank.notifications.people import dispatch
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.users.models import User
from tests.browser.reader import Reader
from tests.ledger.conftest import key
from tests.people import People, change
from tests.rentals import rentals_in_states

SignIn = Callable[..., Reader]
Work = Callable[..., None]
PAGE = "/console/people"


@pytest.fixture
def sita(app: Flask, people: People, work: Work) -> str:
    """Make a person with a bit of everything."""
    made = people.join("sita").id
    with app.app_context():
        rental_id = rentals_in_states.active(made)
        with transaction() as session:
            sessions.begin_session(session.get_one(User, made), user_agent="Powerbank/1.4 (Pixel 8; Android 16)")
            devices.register_device(
                user_id=made,
                session_id=None,
                fcm_token="token-of-sita",
                platform="android",
                app_version="1.4.0",
                now=utcnow() - timedelta(hours=2),
            )
            dues.create_due(
                user_id=made,
                reference=Reference("rental", str(rental_id)),
                amount=25_00,
                revenue=Kind.OVERDUE_REVENUE,
                key=key(),
                actor="test",
            )
            dispatch.tell_user(user_id=made, type=NoticeType.KYC_APPROVED, context={})
    change(app, "UPDATE users SET first_name = 'Sita', last_name = 'Sharma', address = 'Lazimpat', city = 'Kathmandu'")
    work()
    return str(made)


def test_a_person_is_found_looked_at_and_helped(sita: str, staff: SignIn) -> None:
    reader = staff()
    page = reader.open(f"{PAGE}?q=sita")
    page.keyboard.press("Control+k")
    page.keyboard.type("sharma", delay=60)  # answers overlap with what is typed next
    page.wait_for_selector("#found [data-q=sharma] a")
    reader.look()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{PAGE}/{sita}")
    reader.look()
    page.fill("[name=text]", "Her phone was stolen on Friday; she has a new number soon.")
    reader.send("form[action$='/notes'] button")
    assert page.locator(".notes li").count() == 1
    reader.send("form[action$='/resend'] button")
    assert page.locator(".toast.good").count() == 1
    page.click("[data-opens=adjust_balance]")
    reader.look()
    page.fill("#adjust_balance [name=amount]", "30000")
    page.fill("#adjust_balance [name=reason]", "A top-up that was never credited.")
    reader.send("#adjust_balance form button")
    assert page.locator(".toast.warn").count() == 1
    page.click("form[action$='/contact'] button")
    page.wait_for_url("**/contact")
    reader.look()
    page.goto(PAGE, wait_until="networkidle")
    page.keyboard.press("/")
    page.wait_for_selector("#found a")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{PAGE}/{sita}")


def test_what_was_begun_stays_while_the_page_follows_what_happens(sita: str, app: Flask, staff: SignIn) -> None:
    page = staff().page
    with page.expect_request(lambda request: "hx-request" in request.headers):
        page.goto(f"{PAGE}/{sita}")  # read once more when the stream begins: something may have happened before it
    page.fill("[name=text]", "She called, and")
    page.focus("#person form[action$='/resend'] button")
    change(app, "UPDATE users SET city = 'Pokhara'")
    page.evaluate("document.body.dispatchEvent(new Event('changed'))")
    page.wait_for_selector("#person :text('Pokhara')")
    assert page.input_value("[name=text]") == "She called, and"
    assert page.evaluate("document.activeElement.closest('form').action").endswith("/resend")
