"""Staff answer a person in a browser, with a saved reply."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.support.models import SavedReply
from tests.browser.reader import Reader
from tests.people import People

SignIn = Callable[..., Reader]
PAGE = "/console/support"


@pytest.fixture
def conversation(app: Flask, client: FlaskClient, people: People) -> str:
    sita = people.join("sita").headers
    begun = client.post("/api/support/conversations", json={"text": "The slot stays shut."}, headers=sita).get_json()
    address = f"/api/support/conversations/{begun['id']}/messages"
    client.post(address, json={"client_id": "1", "text": "I have pulled twice, and the light is red."}, headers=sita)
    with app.app_context(), transaction() as session:
        reply = "Hello {{ person.username }}, please wait a moment while we open it."
        session.add(SavedReply(name="Wait", text_en=reply, text_ne="{{ person.username }} जी, एकछिन पर्खनुहोस्।"))
    return str(begun["id"])


def test_a_person_is_answered(conversation: str, staff: SignIn) -> None:
    reader = staff()
    page = reader.open(PAGE)
    reader.look()
    page.locator("td a").first.click()
    page.wait_for_url(f"**{PAGE}/{conversation}")
    reader.look()
    page.select_option("[name=reply]", index=1)
    page.wait_for_url("**reply=**")
    page.fill("[name=text]", page.input_value("[name=text]") + " ✓")
    reader.send("button[data-key=r]")
    assert page.locator(".thread li.staff").count() == 1
    page.fill("[name=text]", "The cabinet was opened twice this week.")
    reader.send("button[formaction]")
    assert page.locator(".thread li.note").count() == 1
    reader.look()
    page.click("[data-opens=snooze]")
    reader.look()
    reader.open(f"{PAGE}/figures")
    reader.open(f"{PAGE}/hours")
    page.fill("[name=opens-0-0]", "09:00")
    page.fill("[name=closes-0-0]", "17:00")
    reader.send("main form.panel .actions button")
    assert page.input_value("[name=opens-0-0]") == "09:00"
    reader.open(f"{PAGE}/members")
    page.check(".member [name=topic][value=other]")
    page.check(".member [name=language][value=ne]")
    reader.send(".member .actions button")
    assert page.is_checked(".member [name=topic][value=other]")
    reader.open("/console/growth/alert-rules/new")
    reader.open("/console/growth/replies")
    reader.open("/console/growth/replies/new")
