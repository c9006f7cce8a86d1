"""Staff decide about money in a browser: two people approve a refund, and every list is looked at."""

from collections.abc import Callable

import pytest
from flask import Flask

from powerbank.admin.console.sections import MONEY
from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from powerbank.content import app_config
from tests.admin.console.money import due_to_pay, gateway_event, refund_to_decide
from tests.browser.reader import PHONE, WIDE, Reader
from tests.conftest import PASSWORD
from tests.people import rows

SignIn = Callable[..., Reader]
SECOND = "second@example.com"


def test_a_refund_is_approved_by_the_second_person(app: Flask, staff: SignIn) -> None:
    with app.app_context(), transaction():
        app_config.set_value("refund_second_approval_above", "1.00", actor="test")
        administration.ensure_staff(email=SECOND, password=PASSWORD, role=Role.FINANCE)
    refund_id, _ = refund_to_decide(app)
    reader = staff()
    page = reader.open("/console/money/decisions")
    page.click(f"a[href='/console/money/refunds/{refund_id}']")
    page.wait_for_url("**/refunds/*")
    reader.look()
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("a")
    assert page.locator(".toast.good").count() == 1
    assert page.locator("[data-key=a]").count() == 0
    page.click(".top form.me button")
    page.wait_for_url("**/login")
    reader.sign_in(SECOND, PASSWORD)
    page.goto("/console/money/decisions")
    page.click(f"a[href='/console/money/refunds/{refund_id}']")
    page.wait_for_selector("[data-key=a]")
    reader.look()
    page.click("[data-opens=reject]")
    reader.look()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_selector("#refund .badge.good")
    reader.look()
    assert rows(app, "SELECT status FROM refunds") == [("completed",)]


@pytest.mark.parametrize("view", [(PHONE, "ne"), (WIDE, "en")], indirect=True, ids="-".join)
def test_the_lists_of_money_and_what_they_lead_to(app: Flask, staff: SignIn) -> None:
    refund_to_decide(app)
    due_id = due_to_pay(app)
    event_id = gateway_event(app, b'{"pidx": "P1", "status": "Completed", "user": {"name": "Sita"}}')
    reader = staff()
    for tab in MONEY.tabs:
        page = reader.open(tab.address)
        assert page.locator(".tabs [aria-current=page]").count() == 1
    page = reader.open(f"/console/money/dues/{due_id}")
    page.click("[data-opens=waive]")
    reader.look()
    reader.open(f"/console/money/gateway-events/{event_id}")
    page = reader.open("/console/money/gateway-events?gateway=khalti")
    page.click("a[href='/console/money/gateway-replays?gateway=khalti']")
    page.wait_for_selector("input[name=per_minute]")
    reader.look()
    page = reader.open("/console/money/accounts?kind=rental_revenue")
    page.click("td a")
    page.wait_for_url("**/accounts/*")
    reader.look()
    page.click("td a")
    page.wait_for_url("**/entries/*")
    reader.look()
