"""Members of staff at the console, in a network with some stations."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.stations.custody import registration
from powerbank.stations.models import Station
from tests.admin.test_console_pages import sign_in, token_of
from tests.conftest import PASSWORD
from tests.stations.talker import Talker


class Console:
    """Somebody at the console, who fills in forms as the pages show them."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def open(self, address: str) -> TestResponse:
        return self._client.get(address)

    def send(self, to: str, /, *, of: str, once: str | None = None, **fields: Any) -> TestResponse:
        """Send a form of the page `of`. A form is sent once, unless a test says with which key it is repeated."""
        form = {"csrf_token": token_of(self.open(of)), "once": once or str(new_id())} | fields
        return self._client.post(to, data=form)


@pytest.fixture
def console(app: Flask, client: FlaskClient) -> Callable[[Role], Console]:
    def enter(role: Role = Role.OPERATIONS) -> Console:
        with app.app_context(), transaction():
            administration.ensure_staff(email=f"{role}@example.com", password=PASSWORD, role=role)
        sign_in(client, f"{role}@example.com")
        return Console(client)

    return enter


@pytest.fixture
def show(app: Flask, make_station: Callable[..., Station]) -> Callable[[dict[int, str]], None]:
    """Let the station A, which has banks 101 to 103, show these banks in its slots.

    No context stays open meanwhile: the pages of two requests would share one token.
    """
    station = make_station("A")
    with app.app_context():
        with transaction():
            registration.register_banks(serials=["101", "102", "103"], model=None, now=utcnow())
        talker = Talker(station)

    def snapshot(slots: dict[int, str]) -> None:
        with app.app_context():
            talker.snapshot(slots)
            talker.wait(30)

    snapshot({1: "101", 2: "102", 3: "103"})
    return snapshot


@pytest.fixture
def stations(make_station: Callable[..., Station]) -> list[str]:
    make_station("K1", charges={1: 90, 2: 15})
    make_station("K2", online=False)
    make_station("P1", city="Pokhara", protocol="volinks-v1")
    return ["K1", "K2", "P1"]
