"""Staff look after growth in a browser: a campaign with its effect, a message while it is written, and a broadcast."""

from collections.abc import Callable

import pytest
from flask import Flask

from powerbank.admin.console.sections import GROWTH
from tests.browser.reader import PHONE, WIDE, Reader
from tests.ledger.conftest import make_person
from tests.people import rows
from tests.promotions.conftest import redeem

SignIn = Callable[..., Reader]
Work = Callable[..., None]
PAGE = "/console/growth"


@pytest.mark.parametrize("view", [(PHONE, "ne"), (WIDE, "en")], indirect=True, ids="-".join)
def test_a_campaign_a_message_and_a_broadcast(app: Flask, staff: SignIn, work: Work) -> None:
    reader = staff()
    for tab in GROWTH.tabs:
        reader.open(tab.address)
    page = reader.open(f"{PAGE}/campaigns/new")
    page.fill("[name=name]", "Dashain")
    page.fill("[name=budget]", "500.00")
    reader.send("main form .actions button")
    assert page.locator(".toast.good").count() == 1
    page.click("a[href*='coupons/new']")
    page.wait_for_url("**/coupons/new**")
    reader.look()
    page.fill("[name=name]", "Tika")
    page.fill("[name=code]", "TIKA")
    page.select_option("[name=kind]", "percent")
    page.fill("[name=value]", "20")
    reader.send("main form .actions button")
    assert page.locator(".toast.good").count() == 1
    with app.app_context():
        redeem(make_person(), code="TIKA")
    page.reload()
    reader.look()

    page = reader.open(f"{PAGE}/messages/topup_success?place=push&language=ne")
    page.fill("[name=title]", "Money came")
    page.fill("[name=body]", "{{ odd }}")
    page.wait_for_selector("#preview .problem")
    page.fill("[name=body]", "{{ amount }}")
    page.wait_for_selector("#preview .message")
    reader.look()
    reader.send(".columns form .actions button")
    assert page.locator(".toast.good").count() == 1

    page = reader.open(f"{PAGE}/broadcasts/new")
    page.fill("[name=title]", "Free hours")
    page.fill("[name=message]", "Tonight from 18:00 to 20:00.")
    page.click("main form .actions button")
    page.wait_for_url("**/preview")
    reader.look()
    page.click("main form .actions button >> nth=0")
    page.wait_for_url("**/broadcasts/*-*")
    work()
    page.wait_for_selector("#broadcast .badge.good")
    reader.look()
    assert rows(app, "SELECT told FROM broadcasts") == [(1,)]
