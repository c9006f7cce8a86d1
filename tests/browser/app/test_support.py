"""A rider writes to support from the app, and hears of the answer."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import APIResponse, Route

from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, transaction
from powerbank.content.models import FaqItem
from powerbank.users import identifiers
from powerbank.users import services as users
from tests.browser.app.conftest import Rider, Street, come_signed_in, staff_of
from tests.browser.app.test_sections import picture
from tests.browser.reader import PHONE, WIDE
from tests.nursery import wait_until

Riders = Callable[..., Rider]
NOTE_IF_IT_GOES = """(what) => {
  window.gone = false;
  const look = () => { if (!document.querySelector(what)) window.gone = true; };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def answers(street: Street) -> Iterator[Callable[[str], None]]:
    """Answer the newest conversation: `answers("We are on the way.")`. A question of the FAQ is there, too."""
    gita = staff_of(street, Role.SUPPORT)
    with street.net.app.app_context(), transaction() as session:
        text = "Your money is free again by itself."
        session.add(FaqItem(language="en", question="The slot did not open", answer=text, active=True))

    def answer(text: str) -> None:
        newest = street.net.value("SELECT id FROM conversations ORDER BY id DESC LIMIT 1")
        address = f"/api/admin/support/conversations/{newest}/reply"
        told = street.net.app.test_client().post(address, json={"text": text}, headers=gita)
        assert told.status_code == 201, told.text

    yield answer
    with street.net.app.app_context(), transaction() as session:
        session.query(FaqItem).delete()


@pytest.mark.parametrize(("size", "language"), [(PHONE, "en"), (WIDE, "ne")])
def test_a_person_answers(
    street: Street, rider: Riders, answers: Callable[[str], None], size: str, language: str
) -> None:
    sita = rider(size, language)
    come_signed_in(sita)
    page = sita.page
    page.goto("/app/me")
    page.click("a[href='/app/support']")
    sita.shows(".empty")
    page.goto(f"/app/s/{street.here.sn}")
    page.click("a[href*='about=station']")
    page.fill("#message", "The slot of my station stays shut.")
    sita.shows("details.panel")
    page.click("[data-does=send]")
    page.wait_for_url(lambda address: "/app/support/" in address and "new" not in address)
    sita.shows(".thread li.by-person:not(.unsent)")
    answers("Please wait a moment.")
    page.wait_for_selector(".thread li.by-staff")
    wait_until(lambda: _newest(street, "read_by_person = last_message_id"), 30, "the answer is read")
    page.set_input_files("input[type=file]", picture())  # type: ignore[arg-type]
    page.wait_for_selector(".composer img.photo")
    page.click("[data-does=send]")
    sita.shows(".thread li.by-person:not(.unsent) img.photo")
    answers("Now it is open.")
    page.wait_for_selector(".thread li.by-staff >> nth=1")
    page.click("p button.link")
    sita.shows(".note.good")
    page.check("[name=score][value='5']")
    page.fill("[name=comment]", "Quick.")
    page.click(".panel button[type=submit]")
    page.wait_for_selector(".panel", state="detached")
    assert _newest(street, "rating = 5")
    page.goto("/app/support")
    sita.shows(".rows .row")


def test_messages_wait_for_the_network_and_arrive_once_in_their_order(
    street: Street, rider: Riders, answers: Callable[[str], None]
) -> None:
    """The network is away for two of them, and the answer to another one is lost: it is sent again under its name."""
    sita = rider()
    come_signed_in(sita)
    page = sita.page
    page.goto("/app/support/new")
    page.fill("#message", "One")
    page.click("[data-does=send]")
    page.wait_for_selector(".thread li.by-person:not(.unsent)")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")  # or it is fetched while the network is away
    sita.context.set_offline(True)
    for text in ("Two", "Three"):
        page.fill("#message", text)
        page.click("[data-does=send]")
    sita.shows(".thread li.unsent >> nth=1")
    lost: list[str] = []

    def lose_the_first_answer(route: object) -> None:
        lost.append(route.request.post_data_json["client_id"])  # type: ignore[attr-defined]
        if len(lost) == 1:
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/messages", lose_the_first_answer)
    sita.context.set_offline(False)
    page.wait_for_selector(".thread li.by-person:not(.unsent) >> nth=2")
    assert page.locator(".thread li.by-person p").all_inner_texts() == ["One", "Two", "Three"]
    assert page.locator(".thread li.unsent").count() == 0
    said = street.net.rows(
        "SELECT text FROM support_messages WHERE conversation_id = (SELECT max(id::text)::uuid FROM conversations)"
        " ORDER BY id"
    )
    assert [text for (text,) in said] == ["One", "Two", "Three"]
    sita.lost_network()


def test_of_two_readings_the_older_one_changes_nothing_if_it_comes_last(
    street: Street, rider: Riders, answers: Callable[[str], None]
) -> None:
    sita = rider()
    come_signed_in(sita)
    page = sita.page
    page.goto("/app/support/new")
    page.fill("#message", "One")
    page.click("[data-does=send]")
    page.wait_for_selector(".thread li.by-person:not(.unsent)")
    held: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.wait_for_load_state("networkidle")
    page.route(re.compile(r"/api/support/conversations/[^/]+$"), hold_the_first)
    page.fill("#message", "Two")
    page.click("[data-does=send]")
    sita.shows(".thread li.by-person:not(.unsent) >> nth=1")
    wait_until(lambda: page.evaluate("true") and held, 30, "the conversation is read")
    answers("Please wait a moment.")
    page.wait_for_selector("p button.link")  # now the question may be told to be answered
    page.evaluate(NOTE_IF_IT_GOES, "p button.link")
    route, older = held[0]
    with page.expect_response(lambda answer: answer.request == route.request):
        route.fulfill(response=older)
    page.evaluate("new Promise((drawn) => setTimeout(drawn, 500))")
    assert page.evaluate("window.gone") is False


@pytest.mark.parametrize(("size", "language"), [(PHONE, "ne"), (WIDE, "en")])
def test_somebody_who_is_blocked_writes_about_their_money(
    street: Street, rider: Riders, answers: Callable[[str], None], number: str, size: str, language: str
) -> None:
    with street.net.app.app_context():
        with transaction():
            contact = identifiers.parse_contact_address(number)
            user = users.create_user(
                contact=contact, username=f"u{number}", first_name=None, last_name=None, referral_code=None
            )
            users.change_status(user.id, "banned")
        db.session.remove()
    sita = rider(size, language)
    page = sita.page
    page.goto("/app/wallet")
    page.fill("[name=identifier]", number)
    page.press("[name=identifier]", "Enter")
    page.wait_for_selector("#code")
    page.fill("#code", street.code_for(number))
    sita.shows("a.button[href='/app/support']")
    sita.refused(403)
    page.click("nav a[href='/app/wallet']")
    page.wait_for_url("**/app/wallet")
    page.click("a.button[href='/app/support']")
    sita.shows(".empty")
    page.click("a[href='/app/support/new']")
    page.fill("#message", "I want my balance back.")
    page.click("[data-does=send]")
    sita.shows(".thread li.by-person:not(.unsent)")
    answers("It goes back to your bank.")
    # The page reads again by itself every 20 s, and as soon as somebody comes back to it.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    sita.shows(".thread li.by-staff")
    wait_until(lambda: _newest(street, "read_by_person = last_message_id"), 30, "the answer is read")
    # A reload ends it, and nothing of it stays on the device.
    page.reload()
    page.wait_for_selector("[name=identifier]")
    assert "balance" not in page.evaluate("JSON.stringify(localStorage)")


def _newest(street: Street, fact: str) -> bool:
    return bool(street.net.value(f"SELECT {fact} FROM conversations ORDER BY id DESC LIMIT 1"))
