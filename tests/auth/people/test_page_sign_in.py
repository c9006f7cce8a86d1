"""People sign in at pages with a code, and a cookie that no script reads says who they are."""

import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.auth.pages.session import COOKIE, DEVICE
from powerbank.auth.people import otp
from powerbank.auth.tokens import digest_token
from powerbank.base.redis_clients import cache_redis
from tests.people import People, change, rows

PHONE = "9841555001"
AFTER = "/sign-in?next=/app/"


def field(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, name
    return found[1]


def send(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """Send a form with the token of a page."""
    token = field(client.get("/sign-in?language=en"), "csrf_token")
    return client.post(path, data=form | {"csrf_token": token})


def enter(client: FlaskClient, app: Flask, identifier: str = PHONE) -> TestResponse:
    """Ask for a code and give it."""
    with app.app_context():
        cache_redis().flushdb()
    asked = send(client, AFTER, identifier=identifier)
    assert asked.status_code == 200, asked.text
    challenge_id = field(asked, "challenge_id")
    with app.app_context():
        code = otp.derive_code(UUID(challenge_id))
    form = {"identifier": identifier, "challenge_id": challenge_id, "code": f"{code[:3]} {code[3:]}"}
    return client.post("/sign-in/code?next=/app/", data=form | {"csrf_token": field(asked, "csrf_token")})


def ask_ticket(client: FlaskClient, token: str) -> int:
    answer = client.post("/sign-in/live-ticket", data={"topic": "me"}, headers={"X-CSRFToken": token})
    return answer.status_code


@pytest.fixture
def sita(people: People) -> Any:
    return people.join("sita", PHONE)


@pytest.fixture
def csrf(client: FlaskClient) -> str:
    return field(client.get("/sign-in"), "csrf_token")


def test_a_person_signs_in_with_a_code_and_is_led_back(app: Flask, client: FlaskClient, sita: Any, csrf: str) -> None:
    assert ask_ticket(client, csrf) == 401
    answer = enter(client, app)
    assert (answer.status_code, answer.location) == (302, "/app/")
    kept, device = client.get_cookie(COOKIE), client.get_cookie(DEVICE, path="/sign-in")
    assert kept
    assert device
    assert (kept.http_only, kept.same_site, kept.max_age) == (True, "Lax", 30 * 24 * 3600)
    assert ask_ticket(client, csrf) == 200
    assert client.get(AFTER).location == "/app/"


def test_a_wrong_code_asks_again_and_counts(app: Flask, client: FlaskClient, sita: Any) -> None:
    asked = send(client, AFTER, identifier=PHONE)
    form = {"identifier": PHONE, "challenge_id": field(asked, "challenge_id"), "csrf_token": field(asked, "csrf_token")}
    for code in ("000000", "१२३४५६", "12345", ""):
        refused = client.post("/sign-in/code", data=form | {"code": code})
        assert refused.status_code == 401
        assert field(refused, "challenge_id") == form["challenge_id"]
    assert client.get_cookie(COOKIE) is None
    assert rows(app, "SELECT tries FROM otp_challenges") == [(1,)]


def test_nobody_gets_an_account_here(app: Flask, client: FlaskClient, people: People) -> None:
    refused = enter(client, app, "9841555002")
    assert refused.status_code == 404
    assert client.get_cookie(COOKIE) is None


def test_a_number_that_is_none_is_refused_in_the_language_of_the_page(client: FlaskClient) -> None:
    token = field(client.get("/sign-in?language=ne"), "csrf_token")
    refused = client.post("/sign-in", data={"identifier": "12", "csrf_token": token})
    assert refused.status_code == 422
    assert "मलाई कोड पठाउनुहोस्" in refused.text


def test_no_form_is_taken_without_its_token(app: Flask, client: FlaskClient, sita: Any) -> None:
    for path in ("/sign-in", "/sign-in/code", "/sign-in/out", "/sign-in/language", "/sign-in/live-ticket"):
        assert client.post(path, data={"identifier": PHONE}).status_code == 400
    assert rows(app, "SELECT count(*) FROM otp_challenges") == [(0,)]


def test_signing_out_ends_the_sign_in_itself(app: Flask, client: FlaskClient, sita: Any, csrf: str) -> None:
    enter(client, app)
    token = client.get_cookie(COOKIE)
    assert token
    left = client.post("/sign-in/out", data={"csrf_token": csrf, "back": "/crew/tasks"})
    assert left.location == "/sign-in?next=/crew/tasks"
    assert client.get_cookie(COOKIE) is None
    client.set_cookie(COOKIE, token.value)
    assert ask_ticket(client, csrf) == 401


@pytest.mark.parametrize(
    "happens",
    [
        "UPDATE users SET status = 'banned'",
        "UPDATE sessions SET ended_at = now() WHERE user_agent <> ''",
        "UPDATE refresh_tokens SET expires_at = now() - interval '1 second'",
        "UPDATE refresh_tokens SET spent_at = now()",
    ],
)
def test_what_ends_a_sign_in_ends_this_one(app: Flask, client: FlaskClient, sita: Any, csrf: str, happens: str) -> None:
    enter(client, app)
    change(app, happens)
    assert ask_ticket(client, csrf) == 401


def test_use_prolongs_a_sign_in(app: Flask, client: FlaskClient, sita: Any, csrf: str) -> None:
    enter(client, app)
    cookie = client.get_cookie(COOKIE)
    assert cookie
    mine = {"digest": digest_token(cookie.value)}
    change(app, "UPDATE refresh_tokens SET expires_at = now() + interval '2 days' WHERE digest = :digest", **mine)
    client.post("/sign-in/language", data={"csrf_token": csrf, "language": "ne", "back": "/crew/"})
    left = "SELECT expires_at > now() + interval '29 days' FROM refresh_tokens WHERE digest = :digest"
    assert rows(app, left, **mine) == [(True,)]
    assert rows(app, "SELECT language FROM users") == [("ne",)]


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
def test_the_way_back_is_never_another_site(app: Flask, client: FlaskClient, sita: Any, elsewhere: str) -> None:
    enter(client, app)
    assert client.get("/sign-in", query_string={"next": elsewhere}).location == "/"
