"""Staff approve and reject identities in a browser, by keyboard alone."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.auth.staff import totp
from tests.browser.reader import Reader
from tests.kyc.conftest import Desk
from tests.people import rows

SignIn = Callable[..., Reader]
PAGE = "/console/identity"


@pytest.fixture
def desk(app: Flask, client: FlaskClient, clean: None) -> Iterator[Desk]:
    desk = Desk(app, client, {})
    yield desk
    for path in desk.files():
        path.unlink()


def test_identities_are_worked_through_by_keyboard(desk: Desk, staff: SignIn) -> None:
    for number, name in enumerate(("sita", "hari", "gita")):
        desk.submitted(desk.join(name), f"27-01-70-1234{number}")
    desk.change(
        "UPDATE users SET first_name = initcap(username), last_name = 'Sharma', date_of_birth = '1994-03-01',"
        " address = 'Lazimpat', city = 'Kathmandu'"
    )
    desk.change("UPDATE users SET first_name = 'Sita' WHERE username = 'gita'")
    secret = totp.make_secret()
    reader = staff(totp_secret=secret)
    page = reader.open(f"{PAGE}?status=pending")
    page.keyboard.press("b")
    page.wait_for_url(f"**{PAGE}/*-*")
    reader.look()
    for key in ("2", "]", "+", "+", "ArrowRight"):
        page.keyboard.press(key)
    turned = page.locator("[data-side=back] img").evaluate("each => each.style.transform")
    assert "rotate(90deg)" in turned
    assert "scale(" in turned
    assert page.locator("[data-side=front] img").evaluate("each => each.style.transform") == ""
    page.keyboard.press("0")
    first = page.url
    page.keyboard.press("a")
    page.wait_for_url(lambda url: url != first)
    assert page.locator(".toast.good").count() == 1
    page.keyboard.press("r")
    page.keyboard.press("3")
    reader.look()
    second = page.url
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != second)
    page.keyboard.press("q")
    page.wait_for_url(f"**{PAGE}?status=pending")
    assert rows(desk.app, "SELECT count(*) FROM kyc_records WHERE claimed_by IS NOT NULL") == [(0,)]
    decided = rows(desk.app, "SELECT decision FROM kyc_submissions ORDER BY id")
    assert decided == [("approved",), ("rejected",), (None,)]
    reader.open(f"{PAGE}?status=approved")
