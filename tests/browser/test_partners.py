"""Staff look after partners in a browser: an agreement that is previewed, a run, and a payout that is approved."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from powerbank.admin.console.sections import PARTNERS
from tests.browser.reader import PHONE, WIDE, Reader
from tests.payouts.conftest import (  # noqa: F401
    ACCOUNT,
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
from tests.people import change, rows

SignIn = Callable[..., Reader]
Fixture = Callable[..., Any]


@pytest.mark.parametrize("view", [(PHONE, "ne"), (WIDE, "en")], indirect=True, ids="-".join)
def test_an_agreement_a_run_and_a_payout(
    app: Flask,
    staff: SignIn,
    make_station: Fixture,  # noqa: F811
    venue: Fixture,  # noqa: F811
    agree: Fixture,  # noqa: F811
    rent: Fixture,  # noqa: F811
    open_account: Fixture,  # noqa: F811
    run_payouts: Fixture,  # noqa: F811
) -> None:
    make_station("A", charges={1: 90, 2: 90})
    make_station("B", imei="B", charges={1: 90})
    bakery = venue(pan="609876543", contact={"email": "bakery@example.com", "address": "Thamel"})
    agree(bakery)
    open_account(bakery, ACCOUNT)
    rent(price="1500.00", wallet="2000.00")
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('payout_approval_above', '\"1.00\"', 'test')")
    run_payouts()
    reader = staff()
    for tab in PARTNERS.tabs:
        reader.open(tab.address)
    reader.open("/console/partners/new")

    page = reader.open(f"/console/partners/{bakery}/agreements/new")
    page.fill("[name=stations]", "B")
    page.fill("[name=percent]", "75")
    page.keyboard.press("Escape")
    reader.send("main form button[value=preview]")
    assert page.locator("#preview").count() == 1
    reader.look()
    reader.send("main form button[value=make]")
    assert page.locator(".toast.good").count() == 1
    page.wait_for_selector("[data-plot-ground] canvas")
    reader.look()
    reader.open(f"/console/partners/{bakery}/accruals")

    [payout] = rows(app, "SELECT id, run_id FROM payouts")
    reader.open(f"/console/payout-runs/{payout.run_id}")
    page = reader.open(f"/console/payouts/{payout.id}")
    reader.send("#payout .actions form:has([data-key=a]) button")
    assert page.locator("#payout .badge.busy").count() == 1
    assert rows(app, "SELECT status FROM payouts") == [("approved",)]
    reader.look()
