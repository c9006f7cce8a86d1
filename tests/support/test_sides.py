"""Venues and crew write to staff by the same means, each from their own pages, and see nothing of each other."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.auth.pages.session import COOKIE
from powerbank.base.db import transaction, utcnow
from powerbank.support import lines
from tests.admin.console.conftest import hidden_fields
from tests.partners.conftest import agree, finance, venue  # noqa: F401
from tests.people import Headers, People, change, rows
from tests.pictures import samples
from tests.stations.conftest import Make
from tests.support.conftest import Begin


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser and with an app."""

    browser: FlaskClient
    user_id: UUID
    headers: Headers

    def read(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return unescape(answer.text)

    def send(self, page: str, action: str, **fields: Any) -> TestResponse:
        """Send the form of a page that leads to `action`, as often as it is called with the same page."""
        shown = self.browser.get(page).text
        form = next(each for each in re.findall(r"<form.*?</form>", shown, re.DOTALL) if f'action="{action}"' in each)
        return self.browser.post(action, data=hidden_fields(form) | fields)


Join = Callable[..., Visitor]


@pytest.fixture
def join(app: Flask, people: People) -> Join:
    def join(name: str) -> Visitor:
        person = people.join(name, f"{name}@example.com")
        browser = app.test_client()
        browser.set_cookie(COOKIE, person.refresh_token)
        return Visitor(browser, person.id, person.headers)

    return join


@pytest.fixture
def host(client: FlaskClient, finance: Headers, join: Join) -> Callable[..., Visitor]:  # noqa: F811
    """Let somebody belong to a venue: `host("hari", venue_id)`."""

    def enter(name: str, *venues: str) -> Visitor:
        found = join(name)
        for each in venues:
            invite = {"email": f"{name}@example.com", "role": "owner"}
            assert client.post(f"/api/admin/partners/{each}/members", json=invite, headers=finance).status_code == 201
        return found

    return enter


@pytest.fixture
def crew(client: FlaskClient, staff_headers: Callable[..., Headers], join: Join) -> Visitor:
    found = join("ram")
    made = client.post("/api/admin/crew", json={"user_id": str(found.user_id)}, headers=staff_headers("operations"))
    assert made.status_code == 201, made.text
    return found


def begin_as(client: FlaskClient, who: Visitor, side: str, **more: Any) -> Any:
    return client.post("/api/support/conversations", json={"text": "Hello", "side": side} | more, headers=who.headers)


def test_a_venue_writes_about_its_stations_and_no_others(
    client: FlaskClient,
    make_station: Make,
    venue: Callable[..., str],  # noqa: F811
    agree: Callable[..., Any],  # noqa: F811
    host: Callable[..., Visitor],
) -> None:
    for sn in "AB":
        make_station(sn)
    bakery = venue()
    agree(bakery, "A")
    hari = host("hari", bakery)
    begun = begin_as(client, hari, "partner", about={"kind": "station", "id": "A"})
    assert begun.status_code == 201, begun.text
    assert (begun.get_json()["side"], begun.get_json()["partner_id"]) == ("partner", bakery)
    assert begin_as(client, hari, "partner", about={"kind": "station", "id": "B"}).status_code == 404
    refused = begin_as(client, hari, "partner", about={"kind": "rental", "id": str(hari.user_id)})
    assert refused.status_code == 422
    assert begin_as(client, hari, "rider", about={"kind": "station", "id": "B"}).status_code == 201


def test_only_members_write_as_such(
    client: FlaskClient,
    venue: Callable[..., str],  # noqa: F811
    host: Callable[..., Visitor],
    join: Join,
    crew: Visitor,
) -> None:
    hari, sita = host("hari", venue("Bakery"), venue("Cinema")), join("sita")
    assert begin_as(client, sita, "partner").status_code == 403
    assert begin_as(client, sita, "crew").status_code == 403
    assert begin_as(client, crew, "crew").status_code == 201
    assert begin_as(client, hari, "partner").status_code == 422, "two venues, and none was named"
    assert begin_as(client, hari, "partner", partner_id=str(sita.user_id)).status_code == 404
    assert begin_as(client, sita, "rider", partner_id=str(sita.user_id)).status_code == 422


def test_each_side_has_conversations_of_its_own(
    client: FlaskClient,
    venue: Callable[..., str],  # noqa: F811
    host: Callable[..., Visitor],
) -> None:
    bakery, cinema = venue("Bakery"), venue("Cinema")
    hari = host("hari", bakery, cinema)
    made = [
        begin_as(client, hari, side, **more).get_json()["id"]
        for side, more in (
            ("rider", {}),
            ("partner", {"partner_id": bakery}),
            ("partner", {"partner_id": cinema}),
            ("partner", {"partner_id": cinema}),
        )
    ]
    assert made[2] == made[3]
    assert len({*made}) == 3

    def listed(query: str) -> list[str]:
        found = client.get(f"/api/support/conversations{query}", headers=hari.headers).get_json()
        return [each["id"] for each in found["items"]]

    assert listed("") == [made[0]], "an app for riders shows what a rider wrote"
    assert listed(f"?side=partner&partner_id={bakery}") == [made[1]]


def test_who_leaves_a_venue_reads_there_no_more(
    app: Flask,
    client: FlaskClient,
    venue: Callable[..., str],  # noqa: F811
    host: Callable[..., Visitor],
) -> None:
    hari = host("hari", venue())
    begun = begin_as(client, hari, "partner").get_json()["id"]
    address = f"/api/support/conversations/{begun}"
    ticket = {"topics": [f"conversation:{begun}"]}
    assert client.get(address, headers=hari.headers).status_code == 200
    assert client.post("/api/live/tickets", json=ticket, headers=hari.headers).status_code == 201
    change(app, "DELETE FROM partner_members")
    for path in ("", "/messages"):
        assert client.get(address + path, headers=hari.headers).status_code == 404
    again = {"client_id": "1", "text": "Still here?"}
    assert client.post(f"{address}/messages", json=again, headers=hari.headers).status_code == 404
    assert client.post("/api/live/tickets", json=ticket, headers=hari.headers).status_code == 403


def test_what_a_member_rents_is_told_to_the_rider_alone(
    app: Flask,
    context: Flask,
    client: FlaskClient,
    venue: Callable[..., str],  # noqa: F811
    host: Callable[..., Visitor],
) -> None:
    hari = host("hari", venue())
    begin_as(client, hari, "rider")
    begin_as(client, hari, "partner")
    with transaction():
        lines.note_act("balance_added", user_id=hari.user_id, values={"amount": 100_00}, rental_id=None, now=utcnow())
    told = (
        "SELECT c.side FROM support_messages m JOIN conversations c ON c.id = m.conversation_id WHERE sender = 'system'"
    )
    assert rows(app, told) == [("rider",)]


def test_conversations_of_two_sides_are_not_merged(
    client: FlaskClient,
    venue: Callable[..., str],  # noqa: F811
    host: Callable[..., Visitor],
    staff_headers: Callable[..., Headers],
) -> None:
    hari = host("hari", venue())
    one, other = (begin_as(client, hari, side).get_json()["id"] for side in ("rider", "partner"))
    merged = client.post(
        f"/api/admin/support/conversations/{one}/merge", json={"into": other}, headers=staff_headers("support")
    )
    assert (merged.status_code, merged.get_json()["code"]) == (409, "cannot_be_merged")


def test_a_venue_writes_on_its_pages_and_reads_the_answer(
    app: Flask,
    client: FlaskClient,
    make_station: Make,
    venue: Callable[..., str],  # noqa: F811
    agree: Callable[..., Any],  # noqa: F811
    host: Callable[..., Visitor],
    staff_headers: Callable[..., Headers],
) -> None:
    for sn in "AB":
        make_station(sn)
    bakery = venue()
    agree(bakery, "A")
    hari = host("hari", bakery)
    page = hari.read("/partner/support?station=A")
    assert "No conversations." in page
    assert 'value="A" selected' in page
    assert 'value="B"' not in page
    empty = hari.send("/partner/support", "/partner/support", text="   ")
    assert "Write a text or add a picture." in hari.read(empty.location)
    begun = hari.send(
        "/partner/support",
        "/partner/support",
        text="The light is <b>red</b>",
        station="A",
        photo=(io.BytesIO(samples.jpeg()), "x.jpg"),
    )
    address = begun.location.partition("#")[0]
    conversation_id = address.rpartition("/")[2]
    client.post(
        f"/api/admin/support/conversations/{conversation_id}/reply",
        json={"text": "We are on the way."},
        headers=staff_headers("support"),
    )
    assert "1 new" in hari.read("/partner/support")
    shown = hari.browser.get(address).text
    assert "We are on the way." in shown
    assert "&lt;b&gt;red&lt;/b&gt;" in shown
    [photo] = {*re.findall(r'src="(/partner/support/[^"]+\.jpg)"', shown)}
    assert hari.browser.get(photo).content_type == "image/jpeg"
    assert "1 new" not in hari.read("/partner/support")
    hari.send(address, f"{address}/solved")
    hari.send(address, f"{address}/rating", score="5")
    assert rows(app, "SELECT status, rating FROM conversations") == [("solved", 5)]
    stranger = host("gita", venue("Cinema"))
    assert stranger.browser.get(address).status_code == 404
    assert stranger.browser.get(photo).status_code == 404


def test_a_form_that_is_sent_twice_is_one_message(app: Flask, crew: Visitor) -> None:
    shown = crew.browser.get("/crew/support").text
    form = next(each for each in re.findall(r"<form.*?</form>", shown, re.DOTALL) if 'action="/crew/support"' in each)
    fields = hidden_fields(form) | {"text": "The van has broken down"}
    first, again = (crew.browser.post("/crew/support", data=fields) for _ in range(2))
    assert (first.status_code, first.location) == (302, again.location)
    assert rows(
        app,
        "SELECT side, count(*) FROM conversations c JOIN support_messages m ON m.conversation_id = c.id GROUP BY side",
    ) == [("crew", 1)]


def test_the_crew_writes_about_any_station_and_a_rider_sees_none_of_its_pages(
    client: FlaskClient, make_station: Make, crew: Visitor, join: Join
) -> None:
    make_station("A", active=False)
    begun = crew.send("/crew/support", "/crew/support", text="Its door hangs", station="A")
    assert "Station A" in crew.read(begun.location.partition("#")[0])
    unknown = crew.send("/crew/support", "/crew/support", text="Where is it?", station="NOWHERE")
    assert unknown.status_code == 404
    assert join("sita").browser.get("/crew/support").status_code == 403
    riders = begin_as(client, crew, "rider").get_json()["id"]
    assert crew.browser.get(f"/crew/support/{riders}").status_code == 404
    typed = crew.browser.post(begun.location.partition("#")[0] + "/typing", headers=_token(crew))
    assert typed.status_code == 204


def test_reading_again_tells_nobody(client: FlaskClient, begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is read again after each change would otherwise be read for ever."""
    talk = begin()
    newest = talk.messages()[-1]["id"]
    told: list[Any] = []
    monkeypatch.setattr("powerbank.support.threads.changes.announce", lambda *args, **more: told.append(more))
    for _ in range(2):
        talk.post("read", {"up_to": newest})
        talk.staff_post("read", {"up_to": newest})
    assert len(told) == 2


def _token(who: Visitor) -> Headers:
    found = re.search(r'data-csrf="([^"]+)"', who.browser.get("/crew/support").text)
    assert found
    return {"X-CSRFToken": found[1]}
