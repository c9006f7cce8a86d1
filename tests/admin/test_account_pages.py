"""The page of the console for one's own account."""

import re
from collections.abc import Callable

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.auth.staff import administration
from powerbank.base.db import db, transaction
from tests.admin.test_console_pages import sign_in, token_of
from tests.conftest import ADMIN, PASSWORD

ACCOUNT = "/console/account"
NEW = "a better battery horse"
Press = Callable[..., TestResponse]


@pytest.fixture
def press(app: Flask, client: FlaskClient, clean: None) -> Press:
    """Sign in, then fill in and send a form of the page."""
    with app.app_context(), transaction():
        administration.ensure_staff(email=ADMIN, password=PASSWORD, role=administration.Role.SUPERADMIN)
    sign_in(client)

    def send(path: str, **form: str) -> TestResponse:
        token = token_of(client.get(ACCOUNT))
        return client.post(f"{ACCOUNT}/{path}", data=form | {"csrf_token": token}, follow_redirects=True)

    return send


def enrol(client: FlaskClient, press: Press) -> tuple[str, TestResponse]:
    found = re.search(r'class="secret">([A-Z2-7]{32})<', press("totp").text)
    assert found
    return found[1], press("totp/confirm", code=pyotp.TOTP(found[1]).now())


def test_an_authenticator_is_enrolled_used_and_removed(app: Flask, client: FlaskClient, press: Press) -> None:
    secret, answer = enrol(client, press)
    codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", answer.text)
    assert len(codes) == 10
    page = client.get(ACCOUNT).text
    assert "In use." in page
    assert not [code for code in codes if code in page]
    assert secret not in page
    client.post("/console/logout", data={"csrf_token": token_of(client.get(ACCOUNT))})
    assert "Enter the code of your authenticator app" in sign_in(client).text
    form = {
        "email": ADMIN,
        "password": PASSWORD,
        "totp": codes[0],
        "csrf_token": token_of(client.get("/console/login")),
    }
    assert client.post("/console/login", data=form).status_code == 302
    assert "The password or code is wrong." in press("totp/remove", password=PASSWORD, code=codes[0]).text
    assert "The authenticator is removed." in press("totp/remove", password=PASSWORD, code=codes[1]).text


def test_a_wrong_code_is_told(press: Press) -> None:
    press("totp")
    assert "This code is wrong." in press("totp/confirm", code="abc").text


@pytest.mark.parametrize(
    ("current", "new", "told"),
    [
        (PASSWORD, NEW, "The password is changed."),
        ("wrong", NEW, "The password or code is wrong."),
        (PASSWORD, "short", "at least 12 characters"),
        (PASSWORD, PASSWORD, "another password"),
    ],
)
def test_a_password_is_changed_or_refused(client: FlaskClient, press: Press, current: str, new: str, told: str) -> None:
    assert told in press("password", current=current, new=new).text
    assert client.get("/console/").status_code == 200


def test_another_session_is_ended_and_listed_no_more(app: Flask, client: FlaskClient, press: Press) -> None:
    other = app.test_client()
    body = {"email": ADMIN, "password": PASSWORD}
    token = other.post("/api/admin/auth/login", json=body).get_json()["access_token"]
    found = re.search(r"/console/account/sessions/([0-9a-f-]{36})/end", client.get(ACCOUNT).text)
    assert found
    assert "Signed out there." in press(f"sessions/{found[1]}/end").text
    headers = {"Authorization": f"Bearer {token}"}
    assert other.get("/api/admin/auth/sessions", headers=headers).status_code == 401
    assert "There is no such session." in press(f"sessions/{found[1]}/end").text


def test_the_cookie_is_a_session_that_the_api_lists_and_ends(app: Flask, client: FlaskClient, press: Press) -> None:
    other = app.test_client()
    body = {"email": ADMIN, "password": PASSWORD}
    headers = {"Authorization": f"Bearer {other.post('/api/admin/auth/login', json=body).get_json()['access_token']}"}
    items = other.get("/api/admin/auth/sessions", headers=headers).get_json()["items"]
    (console,) = [item for item in items if item["kind"] == "console"]
    assert other.delete(f"/api/admin/auth/sessions/{console['id']}", headers=headers).status_code == 204
    assert client.get("/console/").status_code == 302
    assert client.get("/ops/rq/").status_code == 302


def test_a_temporary_password_opens_nothing_else(app: Flask, client: FlaskClient, press: Press) -> None:
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE staff SET password_temporary = true"))
    for page in ("/console/", "/ops/rq/"):
        assert client.get(page).location == ACCOUNT
    assert "Choose a password of your own first." in client.get(ACCOUNT).text
    press("password", current=PASSWORD, new=NEW)
    assert client.get("/console/").status_code == 200


def test_the_last_use_of_a_session_is_recorded_every_few_minutes(app: Flask, client: FlaskClient, press: Press) -> None:
    def last_used() -> object:
        with app.app_context():
            return db.session.scalar(text("SELECT last_used_at FROM staff_sessions"))

    began = last_used()
    client.get("/console/")
    assert last_used() == began
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE staff_sessions SET last_used_at = now() - interval '6 minutes'"))
    client.get("/console/")
    assert last_used() > began  # type: ignore[operator]


@pytest.mark.parametrize("path", ["password", "totp", "totp/confirm", "totp/remove"])
def test_a_form_of_another_site_is_refused(client: FlaskClient, press: Press, path: str) -> None:
    assert client.post(f"{ACCOUNT}/{path}", data={}).status_code == 400


@pytest.mark.parametrize("given", ["\x00", "\ud7ff", "x" * 100_000])
def test_odd_text_is_a_wrong_password(client: FlaskClient, press: Press, given: str) -> None:
    client.post("/console/logout", data={"csrf_token": token_of(client.get(ACCOUNT))})
    assert sign_in(client, f"a{given}@example.com", given).status_code == 401


def test_the_language_of_mail_is_chosen(client: FlaskClient, press: Press) -> None:
    assert '<option value="en" lang="en" selected>' in client.get(ACCOUNT).text
    for chosen in ("ne", "de"):
        assert '<option value="ne" lang="ne" selected>' in press("language", language=chosen).text
