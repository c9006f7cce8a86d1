"""A rider whose power bank never came out and somebody of support, each before a browser of their own."""

from collections.abc import Callable
from uuid import UUID

import pytest

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from powerbank.ledger.queries import wallet_of_user
from tests.browser.app.conftest import Rider, Street, come_signed_in
from tests.browser.reader import WIDE
from tests.conftest import PASSWORD

Riders = Callable[..., Rider]
GITA = "gita@powerbank.test"
SENT = ".thread li.by-person:not(.unsent)"


@pytest.fixture
def gita(street: Street, rider: Riders) -> Rider:
    """Somebody of support, signed in at the console."""
    with street.net.app.app_context(), transaction():
        administration.ensure_staff(email=GITA, password=PASSWORD, role=Role.SUPPORT)
    reader = rider(WIDE)
    reader.sign_in(GITA, PASSWORD)
    return reader


def rent_and_ask(street: Street, sita: Rider) -> UUID:
    """Rent, and write to support from the rental that nothing came out."""
    user_id = come_signed_in(sita)
    page = sita.page
    page.goto(f"/app/rent/{street.here.sn}?package={street.package}")
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    page.click("a[href*='about=rental']")
    page.fill("#message", "The slot opened, and no power bank came out.")
    page.click("[data-does=send]")
    page.wait_for_selector(SENT)
    return user_id


def open_newest(street: Street, gita: Rider) -> None:
    newest = street.net.value("SELECT id FROM conversations ORDER BY id DESC LIMIT 1")
    gita.page.goto("/console/support?status=open")
    gita.page.click(f"td a[href$='{newest}']")
    gita.page.wait_for_selector(".thread li.person")


def answer(gita: Rider, text: str) -> None:
    gita.page.fill("#answer", text)
    gita.send("button[data-key=r]")


def refund(gita: Rider, amount: str) -> None:
    """Refund a part of the rental without leaving the conversation."""
    gita.page.click("[data-opens=decide-refund]")
    gita.page.fill("#decide-refund [name=amount]", amount)
    gita.page.fill("#decide-refund [name=reason]", "Nothing came out")
    gita.send("#decide-refund form button")


def balance(street: Street, user_id: UUID) -> int:
    with street.net.app.app_context():
        return int(wallet_of_user(user_id).balance)


def test_support_sees_what_the_rider_sees_and_refunds_inside(street: Street, rider: Riders, gita: Rider) -> None:
    sita = rider()
    user_id = rent_and_ask(street, sita)
    before = balance(street, user_id)
    open_newest(street, gita)
    gita.page.click(".beside summary >> nth=-1")
    gita.page.wait_for_selector(".beside details[open] >> nth=-1")
    gita.look()
    assert "The power bank came out." in gita.page.inner_text(".beside")
    gita.page.wait_for_selector("[data-live-state][data-state=live]", state="attached")
    gita.page.type("#answer", "I look")
    sita.page.wait_for_selector(".typing:not(:empty)")
    answer(gita, "I have looked: slot and power bank say the same.")
    sita.page.wait_for_selector(".thread li.by-staff")
    sita.page.type("#message", "Thank")
    gita.page.wait_for_function("() => document.querySelector('[data-here]').textContent.includes('…')")
    refund(gita, "20.00")
    sita.page.wait_for_selector(".thread li.by-system:has-text('20.00')")
    sita.look()
    gita.page.wait_for_selector(".thread li.system:has-text('20.00')")
    gita.look()
    assert balance(street, user_id) == before + 20_00


def test_the_same_without_live_screens_and_without_redis(street: Street, rider: Riders, gita: Rider) -> None:
    """All of it is there a little later: screens look by themselves, and what happened is written down all the same."""
    sita = rider()
    for each in (sita, gita):
        each.context.route("**/live/stream?**", lambda route: route.abort())
    user_id = rent_and_ask(street, sita)
    before = balance(street, user_id)
    open_newest(street, gita)
    street.net.redis.stop()
    try:
        answer(gita, "I have looked, and I give you 20 rupees back.")
        refund(gita, "20.00")
        sita.page.wait_for_selector(".thread li.by-staff")
        assert balance(street, user_id) == before + 20_00
        sita.page.fill("#message", "Thank you")
        sita.page.click("[data-does=send]")
        sita.page.wait_for_selector(f"{SENT} >> nth=1")
    finally:
        street.net.redis.start()
    sita.page.wait_for_selector(".thread li.by-system:has-text('20.00')")
    gita.page.wait_for_selector(".thread li.person:has-text('Thank you')")
    sita.lost_network()
    gita.lost_network()
    sita.refused(503)
    gita.refused(503)
