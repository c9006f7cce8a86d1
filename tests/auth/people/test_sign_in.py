"""A person signs in with a code, and nobody else does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.auth.people import otp
from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import cache_redis

PHONE = "+9779812345678"
Join = Callable[..., dict[str, str]]


def ask(client: FlaskClient, identifier: str = PHONE, **more: str) -> TestResponse:
    return client.post("/api/auth/get-otp", json={"identifier": identifier, **more})


def code_of(app: Flask, challenge_id: str) -> str:
    with app.app_context():
        return otp.derive_code(UUID(challenge_id))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def verify(client: FlaskClient, challenge_id: str, code: str) -> TestResponse:
    return client.post("/api/auth/verify-otp", json={"challenge_id": challenge_id, "code": code})


@pytest.fixture
def forget_limits(app: Flask) -> Callable[[], None]:
    def forget() -> None:
        with app.app_context():
            cache_redis().flushdb()

    return forget


@pytest.fixture
def join(app: Flask, client: FlaskClient, forget_limits: Callable[[], None]) -> Join:
    """Register a person, or sign in one who is known, and return the tokens."""

    def sign_in(identifier: str = PHONE, username: str = "sita") -> dict[str, str]:
        forget_limits()
        challenge_id = ask(client, identifier).get_json()["challenge_id"]
        answer = verify(client, challenge_id, code_of(app, challenge_id)).get_json()
        if answer["registered"]:
            return dict(answer)
        body = {"verification_token": answer["verification_token"], "username": username}
        return dict(client.post("/api/auth/register", json=body).get_json())

    return sign_in


def me(client: FlaskClient, tokens: dict[str, str]) -> TestResponse:
    return client.get("/api/users/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})


def test_a_newcomer_registers_and_comes_back(client: FlaskClient, join: Join) -> None:
    first = join()
    person = me(client, first).get_json()
    assert (person["username"], person["phone"], person["email"]) == ("sita", PHONE, None)
    assert (person["kyc_status"], person["profile_complete"]) == ("none", False)
    again = join()
    assert again["registered"]
    assert me(client, again).get_json()["id"] == person["id"]


@pytest.mark.parametrize("written", ["9812345678", "+977 981-2345678", " 00977 9812345678 ".replace("00977", "+977")])
def test_a_number_is_the_same_however_it_is_written(client: FlaskClient, join: Join, written: str) -> None:
    assert me(client, join(written)).get_json()["phone"] == PHONE


@pytest.mark.parametrize(
    "identifier",
    [
        "12345",
        "abc",
        "014123456",
        "a@b",
        "a b@example.com",
        "a@example.com\nBcc: x@example.com",
        "sıta@example.com",
        "+977981234567890",
        "a@-example.com",
        "..@example.com",
    ],
)
def test_a_wrong_identifier_is_refused(client: FlaskClient, identifier: str) -> None:
    assert ask(client, identifier).status_code == 422


def test_the_older_field_name_works(client: FlaskClient) -> None:
    assert client.post("/api/auth/get-otp", json={"email_or_phone": PHONE}).status_code == 202


def test_the_answer_is_the_same_for_known_and_unknown(client: FlaskClient, join: Join, forget_limits) -> None:
    join()
    forget_limits()
    known, unknown = ask(client), ask(client, "+9779812345679")
    assert known.status_code == unknown.status_code == 202
    assert known.get_json().keys() == unknown.get_json().keys() == {"challenge_id", "expires_in", "resend_in"}


def test_codes_are_asked_for_once_a_minute(client: FlaskClient) -> None:
    assert ask(client).status_code == 202
    refused = ask(client)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 61


def test_numbers_of_other_countries_get_no_code(client: FlaskClient) -> None:
    refused = ask(client, "+447400123456")
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (403, "country_not_served")


def test_five_wrong_codes_void_the_right_one(app: Flask, client: FlaskClient) -> None:
    challenge_id = ask(client).get_json()["challenge_id"]
    right = code_of(app, challenge_id)
    for _ in range(5):
        assert verify(client, challenge_id, wrong(right)).status_code == 401
    assert verify(client, challenge_id, right).status_code == 401


def test_a_code_works_once(app: Flask, client: FlaskClient) -> None:
    challenge_id = ask(client).get_json()["challenge_id"]
    code = code_of(app, challenge_id)
    assert verify(client, challenge_id, code).status_code == 200
    assert verify(client, challenge_id, code).status_code == 401


def test_an_expired_code_is_refused(app: Flask, client: FlaskClient) -> None:
    challenge_id = ask(client).get_json()["challenge_id"]
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE otp_challenges SET expires_at = now()"))
    assert verify(client, challenge_id, code_of(app, challenge_id)).status_code == 401


def test_an_unknown_challenge_is_refused(app: Flask, client: FlaskClient) -> None:
    challenge_id = ask(client).get_json()["challenge_id"]
    assert verify(client, str(uuid4()), code_of(app, challenge_id)).status_code == 401


def test_twenty_at_once_with_the_right_code_are_one_sign_in(app: Flask, client: FlaskClient) -> None:
    challenge_id = ask(client).get_json()["challenge_id"]
    code = code_of(app, challenge_id)
    with ThreadPoolExecutor(max_workers=20) as pool:
        statuses = list(pool.map(lambda _: verify(app.test_client(), challenge_id, code).status_code, range(20)))
    assert sorted(statuses) == [200] + [401] * 19


def test_two_who_race_for_one_number_are_one_account(app: Flask, client: FlaskClient, forget_limits) -> None:
    tickets = []
    for _ in range(2):
        forget_limits()
        challenge_id = ask(client).get_json()["challenge_id"]
        tickets.append(verify(client, challenge_id, code_of(app, challenge_id)).get_json()["verification_token"])

    def register(number: int) -> int:
        body = {"verification_token": tickets[number], "username": f"racer{number}"}
        return app.test_client().post("/api/auth/register", json=body).status_code

    with ThreadPoolExecutor(max_workers=2) as pool:
        assert sorted(pool.map(register, range(2))) == [201, 409]


def test_a_referral_code_that_is_taken_is_not_told_as_a_taken_number(
    app: Flask, client: FlaskClient, join: Join, forget_limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("powerbank.users.services.secrets.choice", lambda letters: letters[0])
        join()
        forget_limits()
        challenge_id = ask(client, "+9779812345679").get_json()["challenge_id"]
        ticket = verify(client, challenge_id, code_of(app, challenge_id)).get_json()["verification_token"]
        body = {"verification_token": ticket, "username": "gita"}
        refused = client.post("/api/auth/register", json=body)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "already_exists")
    assert client.post("/api/auth/register", json=body).status_code == 201


def test_a_verification_registers_once(app: Flask, client: FlaskClient) -> None:
    challenge_id = ask(client).get_json()["challenge_id"]
    ticket = verify(client, challenge_id, code_of(app, challenge_id)).get_json()["verification_token"]
    body = {"verification_token": ticket, "username": "sita"}
    assert client.post("/api/auth/register", json=body).status_code == 201
    assert client.post("/api/auth/register", json=body | {"username": "gita"}).status_code == 410
    assert client.post("/api/auth/register", json=body | {"verification_token": ticket + "x"}).status_code == 410


@pytest.mark.parametrize("username", ["SITA", "sita"])
def test_a_name_is_taken_whatever_its_case(client: FlaskClient, join: Join, username: str) -> None:
    join()
    refused = join("+9779812345679", username)
    assert refused["code"] == "username_taken"


@pytest.mark.parametrize("username", ["ab", "ѕita", "si ta", "-sita", "x" * 31, "si\tta"])
def test_names_that_could_deceive_are_refused(join: Join, username: str) -> None:
    assert join(username=username)["status"] == 422


class TestTokens:
    def test_a_refresh_token_is_spent_by_its_use(self, client: FlaskClient, join: Join) -> None:
        tokens = join()
        fresh = client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).get_json()
        assert me(client, fresh).status_code == 200

    def test_logout_ends_this_device_only(self, client: FlaskClient, join: Join) -> None:
        phone, tablet = join(), join()
        assert client.post("/api/auth/logout", json={"refresh_token": phone["refresh_token"]}).status_code == 204
        assert (me(client, phone).status_code, me(client, tablet).status_code) == (401, 200)

    def test_logout_all_ends_every_device(self, client: FlaskClient, join: Join) -> None:
        phone, tablet = join(), join()
        assert client.post("/api/auth/logout-all", json={"refresh_token": phone["refresh_token"]}).status_code == 204
        assert (me(client, phone).status_code, me(client, tablet).status_code) == (401, 401)

    def test_a_ban_ends_sessions_too(self, app: Flask, client: FlaskClient, join: Join) -> None:
        tokens = join()
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE users SET status = 'banned'"))
        assert me(client, tokens).status_code == 401
        assert client.post("/api/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401

    def test_sessions_last_although_redis_forgets(self, client: FlaskClient, join: Join, forget_limits) -> None:
        tokens = join()
        forget_limits()
        assert me(client, tokens).status_code == 200

    def test_a_persons_token_opens_no_staff_door_and_the_other_way_round(
        self, client: FlaskClient, join: Join, staff_headers: Callable[..., dict[str, str]]
    ) -> None:
        tokens = join()
        person = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert client.get("/api/admin/system/schedules", headers=person).status_code == 401
        assert client.get("/api/users/me", headers=staff_headers()).status_code == 401


def test_a_profile_is_changed_and_complete(client: FlaskClient, join: Join) -> None:
    headers = {"Authorization": f"Bearer {join()['access_token']}"}
    body = {
        "first_name": "Sita",
        "last_name": "Rai",
        "date_of_birth": "1999-01-02",
        "address": "Lazimpat",
        "city": "KTM",
    }
    assert client.patch("/api/users/me", json=body, headers=headers).get_json()["profile_complete"]
    for refused in (
        {"phone": "+9779800000000"},
        {"language": "xx"},
        {"date_of_birth": "2999-01-01"},
        {"username": "a"},
        {"first_name": "  "},
        {"last_name": "\u200b"},
        {"address": "..."},
        {"city": "KTM\u202e"},
        {"first_name": "Si\nta"},
        {"last_name": "<Rai>"},
    ):
        assert client.patch("/api/users/me", json=refused, headers=headers).status_code == 422


def test_the_code_is_nowhere_but_in_the_message(app: Flask, client: FlaskClient) -> None:
    from powerbank.base.redis_clients import queue_redis

    challenge_id = ask(client).get_json()["challenge_id"]
    code = code_of(app, challenge_id)
    with app.app_context():
        for table in db.session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all():
            rows = db.session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
            assert not [row for row in rows if code in row.replace(challenge_id, "")], table
        for redis in (queue_redis(), cache_redis()):
            for key in redis.keys("*"):
                assert code.encode() not in redis.dump(key)
                assert PHONE.encode() not in redis.dump(key)
