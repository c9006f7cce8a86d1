"""Staff sign in, see where they are signed in, and end it."""

import subprocess
import sys

import argon2
import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text
from werkzeug.test import TestResponse

from config import load
from powerbank import create_app
from powerbank.base.db import db, transaction
from tests.auth.conftest import Enter, Hire, bearer
from tests.conftest import ADMIN, PASSWORD

LOGIN = "/api/admin/auth/login"
SESSIONS = "/api/admin/auth/sessions"
ANYTHING = "/api/admin/system/schedules"


def change(app: Flask, statement: str) -> None:
    with app.app_context(), transaction() as session:
        session.execute(text(statement))


def refresh(client: FlaskClient, token: str) -> TestResponse:
    return client.post("/api/admin/auth/refresh", json={"refresh_token": token})


def test_the_answer_has_tokens_and_roles(app: Flask, client: FlaskClient, hire: Hire, enter: Enter) -> None:
    staff_id = hire(role="finance")
    answer = enter()
    body = answer.get_json()
    assert (answer.status_code, body["role"], body["roles"]) == (200, "finance", ["finance"])
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    claims = jwt.decode(
        body["access_token"], app.config["JWT_SECRET_KEY"], algorithms=["HS256"], audience="powerbank-staff"
    )
    assert claims["sub"] == str(staff_id)
    assert claims["exp"] - claims["iat"] == 900
    assert {"exp", "iat", "jti", "sub", "aud"} <= claims.keys()
    assert client.get(ANYTHING, headers=bearer(answer)).status_code == 200


@pytest.mark.parametrize(
    ("email", "password"), [(ADMIN, "wrong"), ("nobody@example.com", PASSWORD), (ADMIN.upper(), "x" * 1024)]
)
def test_wrong_credentials_all_get_the_same_answer(hire: Hire, enter: Enter, email: str, password: str) -> None:
    hire()
    refused = enter(email, password)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (401, "wrong_credentials")


@pytest.mark.parametrize("state", ["known", "unknown", "disabled", "locked"])
def test_every_try_costs_one_verification(
    app: Flask, hire: Hire, enter: Enter, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """What takes time is argon2, so this is what makes the answers equally slow."""
    hire()
    statements = {
        "disabled": "UPDATE staff SET active = false",
        "locked": "UPDATE staff SET locked_until = now() + interval '1 minute'",
    }
    change(app, statements.get(state, "SELECT 1"))
    verified = []
    verify = argon2.PasswordHasher.verify

    def counted(hasher: argon2.PasswordHasher, known: str, password: str) -> bool:
        verified.append(known)
        return verify(hasher, known, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    refused = enter("nobody@example.com" if state == "unknown" else ADMIN, "wrong")
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (401, "wrong_credentials")
    assert len(verified) == 1
    # The stand-in for an unknown account is as slow as a real hash.
    with app.app_context():
        real = db.session.scalar(text("SELECT password_hash FROM staff")) or ""
    assert argon2.extract_parameters(verified[0]) == argon2.extract_parameters(real)


def test_passwords_are_hashed_as_owasp_asks_for() -> None:
    """The tests themselves use a quicker hasher, so this asks a process of its own."""
    code = "from powerbank.auth.staff import passwords; print(passwords.hash_password('x' * 12), passwords._DECOY_HASH)"
    made = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    for each in made:
        parameters = argon2.extract_parameters(each)
        assert parameters.type is argon2.Type.ID
        assert parameters.memory_cost >= 19 * 1024
        assert parameters.time_cost >= 2


@pytest.mark.parametrize(
    "body",
    [
        {"email": ADMIN},
        {"email": ADMIN, "password": PASSWORD, "admin": True},
        {"email": ADMIN, "password": ["a"]},
        {"email": ADMIN, "password": "a\x00"},
    ],
)
def test_a_sign_in_with_wrong_fields_is_refused(client: FlaskClient, hire: Hire, body: dict[str, object]) -> None:
    hire()
    assert client.post(LOGIN, json=body).status_code == 422


class TestTokens:
    def test_a_refresh_token_is_spent_by_its_use(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        fresh = refresh(client, enter().get_json()["refresh_token"])
        assert fresh.status_code == 200
        assert client.get(ANYTHING, headers=bearer(fresh)).status_code == 200

    def test_an_access_token_ends_with_the_sign_out(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        here, there = enter(), enter()
        body = {"refresh_token": here.get_json()["refresh_token"]}
        assert client.post("/api/admin/auth/logout", json=body).status_code == 204
        assert client.get(ANYTHING, headers=bearer(here)).status_code == 401
        assert refresh(client, body["refresh_token"]).status_code == 401
        assert client.get(ANYTHING, headers=bearer(there)).status_code == 200

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE staff SET active = false",
            "UPDATE staff SET generation = generation + 1",
            "UPDATE staff_sessions SET expires_at = now()",
        ],
    )
    def test_whoever_may_no_longer_sign_in_gets_no_new_tokens(
        self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter, statement: str
    ) -> None:
        hire()
        answer = enter()
        change(app, statement)
        change(app, "UPDATE staff_refresh_tokens SET expires_at = (SELECT expires_at FROM staff_sessions)")
        assert refresh(client, answer.get_json()["refresh_token"]).status_code == 401
        assert client.get(ANYTHING, headers=bearer(answer)).status_code == 401

    def test_a_refresh_token_of_a_person_is_refused_for_staff(
        self, client: FlaskClient, hire: Hire, enter: Enter
    ) -> None:
        hire()
        token = enter().get_json()["refresh_token"]
        assert client.post("/api/auth/refresh", json={"refresh_token": token}).status_code == 401
        assert refresh(client, token).status_code == 200


class TestSessions:
    def test_each_session_is_listed_with_its_device(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        hire("viewer@example.com", "viewer")
        enter("viewer@example.com")
        enter()
        answer = enter()
        items = client.get(SESSIONS, headers=bearer(answer)).get_json()["items"]
        assert [item["current"] for item in items] == [True, False]
        assert items[0]["device"].startswith("Werkzeug")
        assert (items[0]["address"], items[0]["kind"]) == ("127.0.0.1", "api")
        assert items[0]["created_at"].endswith("Z")
        assert items[0]["last_used_at"].endswith("Z")

    def test_a_member_ends_an_own_session(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        stolen, mine = enter(), enter()
        other = client.get(SESSIONS, headers=bearer(mine)).get_json()["items"][1]
        assert client.delete(f"{SESSIONS}/{other['id']}", headers=bearer(mine)).status_code == 204
        assert client.get(ANYTHING, headers=bearer(stolen)).status_code == 401
        assert len(client.get(SESSIONS, headers=bearer(mine)).get_json()["items"]) == 1
        assert client.delete(f"{SESSIONS}/{other['id']}", headers=bearer(mine)).status_code == 404

    def test_a_member_ends_no_session_of_another(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        hire("viewer@example.com", "viewer")
        theirs = enter("viewer@example.com")
        session_id = client.get(SESSIONS, headers=bearer(theirs)).get_json()["items"][0]["id"]
        assert client.delete(f"{SESSIONS}/{session_id}", headers=bearer(enter())).status_code == 404
        assert client.get(ANYTHING, headers=bearer(theirs)).status_code == 200


class TestPassword:
    NEW = "a better battery horse"

    def test_a_new_password_ends_all_other_sessions(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        elsewhere, here = enter(), enter()
        body = {"current": PASSWORD, "new": self.NEW}
        assert client.post("/api/admin/auth/password", json=body, headers=bearer(here)).status_code == 204
        assert client.get(ANYTHING, headers=bearer(here)).status_code == 200
        assert client.get(ANYTHING, headers=bearer(elsewhere)).status_code == 401
        assert refresh(client, elsewhere.get_json()["refresh_token"]).status_code == 401
        assert refresh(client, here.get_json()["refresh_token"]).status_code == 200
        assert enter().status_code == 401
        assert enter(password=self.NEW).status_code == 200

    @pytest.mark.parametrize(
        ("current", "new", "status", "code"),
        [
            ("wrong", NEW, 403, "wrong_password"),
            (PASSWORD, "short", 422, "password_too_short"),
            (PASSWORD, PASSWORD, 422, "password_unchanged"),
        ],
    )
    def test_a_wrong_change_of_password_is_refused(
        self, client: FlaskClient, hire: Hire, enter: Enter, current: str, new: str, status: int, code: str
    ) -> None:
        hire()
        body = {"current": current, "new": new}
        refused = client.post("/api/admin/auth/password", json=body, headers=bearer(enter()))
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (status, code)
        assert enter().status_code == 200

    def test_guessing_the_password_with_a_stolen_token_locks_the_account(
        self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter
    ) -> None:
        hire()
        headers = bearer(enter())
        for number in range(10):
            body = {"current": f"guess {number}", "new": self.NEW}
            assert client.post("/api/admin/auth/password", json=body, headers=headers).status_code == 403
        body = {"current": PASSWORD, "new": self.NEW}
        assert client.post("/api/admin/auth/password", json=body, headers=headers).status_code == 429
        assert enter().status_code == 401


PRODUCTION = {"powerbank_env": "production"}  # elsewhere an address may try a hundred times as often


class TestLimits:
    def test_guesses_at_one_account_are_limited(self, client: FlaskClient, hire: Hire) -> None:
        hire()
        body = {"email": ADMIN, "password": "wrong"}
        statuses = [client.post(LOGIN, json=body).status_code for _ in range(11)]
        assert statuses == [401] * 10 + [429]

    @pytest.mark.parametrize("proxies", [0, 1])
    def test_an_address_that_a_caller_writes_resets_no_limit(self, app: Flask, clean: None, proxies: int) -> None:
        """Behind a proxy, what counts is the part that the proxy added."""
        client = create_app(load().model_copy(update=PRODUCTION | {"trusted_proxies": proxies})).test_client()
        statuses = []
        for number in range(21):
            spoofed = f"198.51.100.{number}" if proxies == 0 else f"198.51.100.{number}, 203.0.113.9"
            headers = {"X-Forwarded-For": spoofed, "X-Real-IP": spoofed, "Forwarded": f"for=198.51.100.{number}"}
            body = {"email": f"someone{number}@example.com", "password": "wrong"}
            statuses.append(client.post(LOGIN, json=body, headers=headers).status_code)
        assert statuses == [401] * 20 + [429]

    def test_the_proxys_own_clients_are_told_apart(self, app: Flask, clean: None) -> None:
        client = create_app(load().model_copy(update=PRODUCTION | {"trusted_proxies": 1})).test_client()
        for number in range(25):
            body = {"email": f"someone{number}@example.com", "password": "wrong"}
            headers = {"X-Forwarded-For": f"203.0.113.{number}"}
            assert client.post(LOGIN, json=body, headers=headers).status_code == 401

    def test_without_redis_nobody_can_count_and_nobody_gets_in(self, hire: Hire, clean: None) -> None:
        hire()
        nowhere = load().model_copy(update={"redis_cache_url": "redis://127.0.0.1:1/0"})
        client = create_app(nowhere).test_client()
        refused = client.post(LOGIN, json={"email": ADMIN, "password": PASSWORD})
        assert refused.status_code == 503
        assert "Retry-After" in refused.headers


def test_the_sign_in_is_on_record(app: Flask, hire: Hire, enter: Enter) -> None:
    staff_id = hire()
    enter()
    with app.app_context():
        row = db.session.execute(text("SELECT actor, action, address, new FROM audit_log")).one()
    assert (row.actor, row.action, row.address) == (f"staff:{staff_id}", "staff.sign_in", "127.0.0.1")
    assert row.new["kind"] == "api"


def test_a_sign_in_lasts_although_redis_forgets(
    client: FlaskClient, hire: Hire, enter: Enter, environment: dict[str, str]
) -> None:
    hire()
    answer = enter()
    Redis.from_url(environment["REDIS_CACHE_URL"]).flushdb()
    Redis.from_url(environment["REDIS_URL"]).flushdb()
    assert client.get(ANYTHING, headers=bearer(answer)).status_code == 200


def test_signing_out_twice_changes_nothing(client: FlaskClient, hire: Hire, enter: Enter) -> None:
    hire()
    body = {"refresh_token": enter().get_json()["refresh_token"]}
    statuses = [client.post("/api/admin/auth/logout", json=body).status_code for _ in range(2)]
    assert statuses == [204, 204]
