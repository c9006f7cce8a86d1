"""Staff answer people at the console."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.admin.console.conftest import Member, hidden_fields
from tests.people import Headers, People
from tests.stations import conftest as stations
from tests.stations.conftest import Make

Console = Callable[..., Member]
make_station = stations.make_station
QUEUE = "/console/support"


@pytest.fixture
def sita(people: People) -> Headers:
    return people.join("sita").headers


@pytest.fixture
def page(client: FlaskClient, sita: Headers) -> str:
    """Begin a conversation, and give the address of its page."""
    begun = client.post("/api/support/conversations", json={"text": "The slot stays shut"}, headers=sita)
    return f"{QUEUE}/{begun.get_json()['id']}"


def messages(client: FlaskClient, page: str, sita: Headers) -> list[Any]:
    conversation_id = page.rpartition("/")[2]
    found = client.get(f"/api/support/conversations/{conversation_id}/messages", headers=sita)
    return [(each["from"], each["text"]) for each in found.get_json()["items"]]


def test_the_queue_begins_with_what_waits(console: Console, page: str) -> None:
    staff = console("support")
    assert staff.open(QUEUE).location == f"{QUEUE}?status=open"
    assert page in staff.read(f"{QUEUE}?status=open")
    assert page not in staff.read(f"{QUEUE}?status=solved")
    assert page in staff.read(f"{QUEUE}?q=slot")


def test_an_answer_reaches_the_person_once(console: Console, page: str, client: FlaskClient, sita: Headers) -> None:
    staff = console("support")
    form = {"text": "Slot 4 opens now", "solve": "true"}
    assert "Slot 4 opens now" in staff.send(page, f"{page}/reply", **form).text
    assert messages(client, page, sita) == [("person", "The slot stays shut"), ("staff", "Slot 4 opens now")]
    assert page in staff.read(f"{QUEUE}?status=solved")


def test_who_has_not_seen_a_colleagues_answer_is_told(console: Console, page: str) -> None:
    one, other = console("support"), console("operations")
    shown = other.client.get(page)
    one.send(page, f"{page}/reply", text="I am on it")
    fields = hidden_fields(shown.text[shown.text.index('name="seen_up_to"') - 30 :])
    refused = other.client.post(f"{page}/reply", data=fields | {"text": "Me too"}, follow_redirects=True)
    assert "A colleague has answered since you looked." in refused.text


def test_a_note_stays_with_staff(console: Console, page: str, client: FlaskClient, sita: Headers) -> None:
    staff = console("support")
    shown = staff.client.get(page)
    fields = hidden_fields(shown.text[shown.text.index(f'action="{page}/reply"') :])
    staff.client.post(f"{page}/note", data=fields | {"text": "Third time this week"})
    assert "Third time this week" in staff.read(page)
    assert len(messages(client, page, sita)) == 1


def test_it_is_taken_put_off_and_solved(console: Console, page: str) -> None:
    staff = console("support")
    staff.send(page, f"{page}/take")
    assert page in staff.read(f"{QUEUE}?assignee=me")
    staff.send(page, f"{page}/give-back")
    assert page not in staff.read(f"{QUEUE}?assignee=me")
    staff.send(page, f"{page}/snooze/day")
    assert page not in staff.read(f"{QUEUE}?status=open")
    staff.send(page, f"{page}/solve")
    assert page in staff.read(f"{QUEUE}?status=solved")


def test_two_conversations_of_a_person_become_one(
    console: Console, page: str, client: FlaskClient, sita: Headers, make_station: Make
) -> None:
    about = {"about": {"kind": "station", "id": make_station("A").sn}, "text": "And it is dark"}
    other = client.post("/api/support/conversations", json=about, headers=sita).get_json()["id"]
    staff = console("support")
    assert staff.send(page, f"{page}/merge", into=other).status_code == 200
    assert "This conversation goes on in another one." in staff.read(page)
    assert "Another conversation was merged into this one." in staff.read(f"{QUEUE}/{other}")


def test_who_may_read_cannot_answer(console: Console, page: str) -> None:
    finance = console("finance")
    assert "The slot stays shut" in finance.read(page)
    assert f'action="{page}/reply"' not in finance.read(page)
    assert console("viewer").open(page).status_code == 403


def test_figures_are_shown(console: Console, page: str) -> None:
    assert "First answer, median" in console("support").read(f"{QUEUE}/figures")
