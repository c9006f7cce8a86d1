"""A client in a browser keeps its refresh token where no script reads it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from powerbank.auth.people.routes import COOKIE, PLACE
from tests.people import People

IN_COOKIE = {PLACE: "cookie"}
PHONE = "+9779841000001"


@pytest.fixture
def browser(app: Any, people: People) -> FlaskClient:
    """Sign a person in as a browser does, and give the client that has the cookie."""
    client: FlaskClient = app.test_client()
    challenge_id, code = people.ask_code(client, PHONE)
    body = {"challenge_id": challenge_id, "code": code}
    answer = client.post("/api/auth/verify-otp", json=body, headers=IN_COOKIE).get_json()
    body = {"verification_token": answer["verification_token"], "username": "sita"}
    made = client.post("/api/auth/register", json=body, headers=IN_COOKIE)
    assert made.status_code == 201
    assert "refresh_token" not in made.get_json()
    return client


def cookie(client: FlaskClient) -> Any:
    return client.get_cookie(COOKIE, path="/api/auth")


def test_no_script_and_no_other_site_gets_the_token(browser: FlaskClient) -> None:
    kept = cookie(browser)
    assert (kept.http_only, kept.same_site, kept.path) == (True, "Strict", "/api/auth")
    assert kept.max_age == 30 * 24 * 3600
    assert browser.get_cookie(COOKIE, path="/") is None


def test_each_refresh_spends_the_cookie_and_sets_the_next(browser: FlaskClient) -> None:
    first = cookie(browser).value
    answer = browser.post("/api/auth/refresh", json={}, headers=IN_COOKIE)
    assert set(answer.get_json()) == {"access_token"}
    assert cookie(browser).value != first
    again = browser.get("/api/users/me", headers={"Authorization": f"Bearer {answer.get_json()['access_token']}"})
    assert again.get_json()["username"] == "sita"


def test_the_cookie_alone_does_nothing(browser: FlaskClient) -> None:
    refused = browser.post("/api/auth/refresh", json={})
    assert (refused.status_code, "refresh_token" in refused.get_json()["errors"]) == (422, True)
    assert browser.post("/api/auth/logout", json={}).status_code == 422
    assert browser.post("/api/auth/refresh", json={}, headers=IN_COOKIE).status_code == 200


def test_a_token_is_in_one_place(browser: FlaskClient, app: Any) -> None:
    body = {"refresh_token": cookie(browser).value}
    assert browser.post("/api/auth/refresh", json=body, headers=IN_COOKIE).status_code == 422
    stranger = app.test_client()
    assert stranger.post("/api/auth/refresh", json={}, headers=IN_COOKIE).status_code == 401


@pytest.mark.parametrize("way", ["logout", "logout-all"])
def test_signing_out_takes_the_cookie_away(browser: FlaskClient, way: str) -> None:
    spent = cookie(browser).value
    assert browser.post(f"/api/auth/{way}", json={}, headers=IN_COOKIE).status_code == 204
    assert cookie(browser) is None
    browser.set_cookie(COOKIE, spent, path="/api/auth")
    assert browser.post("/api/auth/refresh", json={}, headers=IN_COOKIE).status_code == 401
