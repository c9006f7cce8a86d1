"""Fixtures: members of the crew before their pages, signed in by the cookie."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.auth.pages.session import COOKIE
from powerbank.base.db import transaction, utcnow
from powerbank.stations.custody import registration
from tests.people import Headers, People
from tests.stations.conftest import Make
from tests.stations.talker import Talker


@dataclass
class Visitor:
    """A person in a browser."""

    client: FlaskClient
    user_id: UUID
    member_id: str = ""

    def open(self, path: str, **query: Any) -> str:
        answer = self.client.get(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, *, key: str | None = None, by_script: bool = False, **form: Any) -> TestResponse:
        """Send a form of a page."""
        token = re.search(r'data-csrf="([^"]+)"', self.open("/crew/"))
        assert token
        headers = {"X-Sent-By-Script": "1"} if by_script else {}
        data = form | {"csrf_token": token[1], "once": key or str(uuid4())}
        return self.client.post(path, data=data, headers=headers)

    def told(self, path: str, **form: Any) -> str:
        """Send a form and read the page that it leads to."""
        answer = self.send(path, **form)
        assert answer.status_code == 302, answer.text
        return self.open(answer.location)


@pytest.fixture
def enter(app: Flask, client: FlaskClient, people: People, operations: Headers) -> Callable[..., Any]:
    """Sign somebody in at the pages, as a member of the crew unless said otherwise."""

    def sign_in(name: str = "ram", *, member: bool = True, **facts: Any) -> Visitor:
        person = people.join(name)
        browser = app.test_client()
        browser.set_cookie(COOKIE, person.refresh_token)
        visitor = Visitor(browser, person.id)
        if member:
            body = {"user_id": str(person.id)} | facts
            made = client.post("/api/admin/crew", json=body, headers=operations)
            assert made.status_code == 201, made.text
            visitor.member_id = made.get_json()["id"]
        return visitor

    return sign_in


@pytest.fixture
def station(app: Flask, make_station: Make) -> None:
    """Make a station A with power banks 101 to 103, and 104 in the warehouse. Requests here share no context."""
    with app.app_context():
        made = make_station("A")
        with transaction():
            registration.register_banks(serials=["101", "102", "103", "104"], model=None, now=utcnow())
        Talker(made).snapshot({1: "101", 2: "102", 3: "103"})
