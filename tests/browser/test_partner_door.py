"""A venue's people in a browser: today, earnings, a station with its issue, papers, members and the account."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.analytics.reports import partner_reports
from powerbank.analytics.reports.models import Length
from powerbank.analytics.reports.periods import last_period
from powerbank.auth.pages.session import COOKIE
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from tests.browser.reader import PHONE, WIDE, Reader
from tests.payouts.conftest import (  # noqa: F401
    agree,
    boss,
    cabinets,
    earn,
    finance,
    make_station,
    no_tax,
    open_account,
    package,
    payee,
    rent,
    renter,
    run_payouts,
    venue,
)
from tests.payouts.test_partner_pages import sign_in_at_pages
from tests.people import Headers, People

Fixture = Callable[..., Any]


@pytest.mark.parametrize("view", [(PHONE, "ne"), (WIDE, "en")], indirect=True, ids="-".join)
def test_a_venue_looks_at_everything_that_is_its_own(
    app: Flask,
    client: FlaskClient,
    reader: Reader,
    people: People,
    finance: Headers,  # noqa: F811
    make_station: Fixture,  # noqa: F811
    venue: Fixture,  # noqa: F811
    agree: Fixture,  # noqa: F811
    rent: Fixture,  # noqa: F811
    open_account: Fixture,  # noqa: F811
    run_payouts: Fixture,  # noqa: F811
) -> None:
    make_station("A", charges={1: 90, 2: 90})
    bakery = venue()
    agree(bakery)
    open_account(bakery)
    rent(price="1500.00", wallet="2000.00")
    run_payouts()
    with app.app_context(), transaction():
        month = last_period(Length.MONTH, today=local_day(utcnow()))
        partner_reports.make_partner_report(UUID(bakery), month, now=utcnow())
    owner = people.join("owner_rai", "owner@example.com")
    invite = {"email": "owner@example.com", "role": "owner"}
    client.post(f"/api/admin/partners/{bakery}/members", json=invite, headers=finance)
    cookie = {"name": COOKIE, "value": sign_in_at_pages(app, owner), "url": reader.site}
    reader.page.context.add_cookies([cookie])
    page = reader.open("/partner/")
    if reader.language == "ne":
        reader.send(".languages button[value=ne]")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reader.look()
    page = reader.open("/partner/earnings")
    page.wait_for_selector("[data-plot-ground] canvas")
    reader.look()
    for path in ("stations", "statements", "reports", "members", "account"):
        reader.open(f"/partner/{path}")
    page = reader.open("/partner/stations/A")
    page.click("[data-opens=report]")
    page.fill("#description", "The screen is dark.")
    reader.look()
    reader.send("#report form button")
    assert page.locator("#now ul li").count() == 1
    reader.look()
