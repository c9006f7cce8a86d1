"""What somebody without the code can try, and what he learns from it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import load
from powerbank import create_app
from powerbank.auth.people import otp
from powerbank.base.db import transaction
from tests.people import Inbox, People, change, rows

PHONE = "+9779812345678"
NOBODY = "redis://127.0.0.1:1/0"
Work = Callable[..., None]


def verify(client: FlaskClient, challenge_id: str, code: str) -> int:
    body = {"challenge_id": challenge_id, "code": code}
    return client.post("/api/auth/verify-otp", json=body).status_code


def test_of_ten_thousand_guesses_only_five_count(app: Flask, client: FlaskClient, people: People) -> None:
    """The right code is among them, after the five that count."""
    challenge_id, right = people.ask_code(client, PHONE)
    guesses = [f"{number:06d}" for number in range(10_000) if f"{number:06d}" != right]
    with app.app_context(), transaction():
        assert not any(otp.verify_code(UUID(challenge_id), guess) for guess in [*guesses, right])
    assert rows(app, "SELECT tries, ended_at IS NOT NULL FROM otp_challenges") == [(5, True)]
    assert verify(client, challenge_id, right) == 401


def test_guesses_at_once_are_counted_one_by_one(app: Flask, client: FlaskClient, people: People) -> None:
    challenge_id, right = people.ask_code(client, PHONE)
    wrong = [f"{(int(right) + number) % 1_000_000:06d}" for number in range(1, 31)]
    with ThreadPoolExecutor(max_workers=15) as pool:
        assert set(pool.map(lambda code: verify(app.test_client(), challenge_id, code), wrong)) == {401}
    assert rows(app, "SELECT tries FROM otp_challenges") == [(5,)]
    assert verify(client, challenge_id, right) == 401


def test_another_challenges_code_is_wrong_and_a_strangers_guesses_void_nobodys(
    app: Flask, client: FlaskClient, people: People
) -> None:
    mine, my_code = people.ask_code(client, PHONE)
    other, other_code = people.ask_code(client, "+9779812345679")
    assert verify(client, mine, other_code) == 401
    for _ in range(20):
        assert verify(client, str(uuid4()), my_code) == 401
    assert verify(client, mine, my_code) == 200
    assert verify(client, other, other_code) == 200


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "12345a", "１２３４５６", "१२३४५६", " 123456", "123456\n", None, 123456]
)
def test_a_malformed_code_counts_as_no_try(app: Flask, client: FlaskClient, people: People, code: object) -> None:
    challenge_id, _ = people.ask_code(client, PHONE)
    answer = client.post("/api/auth/verify-otp", json={"challenge_id": challenge_id, "code": code})
    assert answer.status_code == 422
    assert rows(app, "SELECT tries FROM otp_challenges") == [(0,)]


@pytest.mark.parametrize("identifiers_", [(PHONE, "+9779812345679"), ("sita@example.com", "gita@example.com")])
@pytest.mark.parametrize("purpose", ["login", "register", "link"])
def test_known_and_unknown_get_the_same_answer(
    client: FlaskClient, people: People, purpose: str, identifiers_: tuple[str, str]
) -> None:
    people.join("sita", identifiers_[0])
    asker = people.join("asker").headers if purpose == "link" else {}
    seen = []
    for identifier in identifiers_:
        body = {"identifier": identifier, "purpose": purpose}
        answer = client.post("/api/auth/get-otp", json=body, headers=asker)
        body = answer.get_json()
        assert UUID(body.pop("challenge_id"))
        headers = {name: value for name, value in answer.headers if name != "X-Request-ID"}
        seen.append((answer.status_code, body, headers))
    assert seen[0] == seen[1]


def test_a_wrong_code_says_the_same_for_known_and_unknown(client: FlaskClient, people: People) -> None:
    people.join("sita", PHONE)
    seen = []
    for identifier in (PHONE, "+9779812345679"):
        challenge_id, right = people.ask_code(client, identifier)
        body = {"challenge_id": challenge_id, "code": f"{(int(right) + 1) % 1_000_000:06d}"}
        answer = client.post("/api/auth/verify-otp", json=body)
        problem = {name: value for name, value in answer.get_json(force=True).items() if name != "request_id"}
        seen.append((answer.status_code, problem))
    assert seen[0] == seen[1]


def test_without_redis_no_code_is_made_or_sent(app: Flask, clean: None, work: Work, inbox: Inbox) -> None:
    client = create_app(load().model_copy(update={"redis_cache_url": NOBODY})).test_client()
    answer = client.post("/api/auth/get-otp", json={"identifier": PHONE})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert rows(app, "SELECT count(*) FROM otp_challenges") == [(0,)]
    assert rows(app, "SELECT count(*) FROM outbox_jobs") == [(0,)]
    work()
    assert inbox.bodies("sms") == []


def test_who_is_refused_for_his_own_address_uses_up_nobodys_number(
    app: Flask, client: FlaskClient, clean: None
) -> None:
    from powerbank.api.rate_limits import hit_or_refuse

    with app.app_context():
        for _ in range(2000):
            hit_or_refuse("2000 per hour", "otp-address", "192.0.2.9")
    for _ in range(10):
        refused = client.post(
            "/api/auth/get-otp", json={"identifier": PHONE}, environ_overrides={"REMOTE_ADDR": "192.0.2.9"}
        )
        assert refused.status_code == 429
    answer = client.post("/api/auth/get-otp", json={"identifier": PHONE})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "address",
    [
        "sita@example.com\r\nBcc: x@example.com",
        "sita@example.com\nX: y",
        "sita@example.com%0aBcc:x@example.com",
        "sita@example.com,gita@example.com",
        "Sita <sita@example.com>",
        '"a\nb"@example.com',
        "sita@exa\u200bmple.com",
        "sit\u0430@example.com",
        "sita@ex\u0430mple.com",
        ".sita@example.com",
        "sita.@example.com",
        "=?x?q?gita=40example.com=3e=00?=sita@example.com",
        "=?utf-8?q?gita=2c?=@example.com",
    ],
)
def test_an_address_that_carries_more_is_refused(app: Flask, client: FlaskClient, clean: None, address: str) -> None:
    """A mail program that decodes the last two writes to somebody else."""
    assert client.post("/api/auth/get-otp", json={"identifier": address}).status_code == 422
    assert rows(app, "SELECT count(*) FROM otp_challenges") == [(0,)]


@pytest.mark.parametrize("address", [" Sita@Example.COM ", "sita@example.com\x0b", "ｓｉｔａ＠example.com"])
def test_an_address_has_one_form(app: Flask, client: FlaskClient, clean: None, address: str) -> None:
    assert client.post("/api/auth/get-otp", json={"identifier": address}).status_code == 202
    assert rows(app, "SELECT identifier FROM otp_challenges") == [("sita@example.com",)]


@pytest.mark.parametrize(
    "name", ["ѕita", "sіta", "si\u200bta", "\u202esita", "sita\u0301", "si\u00adta", "sita\u00a0x", "сита", "ѕіта"]
)
def test_names_that_look_like_others_are_refused(client: FlaskClient, people: People, name: str) -> None:
    people.join("sita", PHONE)
    refused = register(client, people, name)
    assert (refused.status_code, list(refused.get_json(force=True)["errors"])) == (422, ["username"])


@pytest.mark.parametrize("name", ["ｓｉｔａ", "SITA", "ⓢⓘⓣⓐ", " sita "])
def test_names_that_are_others_in_disguise_are_taken(client: FlaskClient, people: People, name: str) -> None:
    people.join("sita", PHONE)
    assert register(client, people, name).get_json(force=True)["code"] == "username_taken"


def register(client: FlaskClient, people: People, username: str):
    challenge_id, code = people.ask_code(client, "+9779812345679", "register")
    body = {"challenge_id": challenge_id, "code": code}
    token = client.post("/api/auth/verify-otp", json=body).get_json()["verification_token"]
    return client.post("/api/auth/register", json={"verification_token": token, "username": username})


def test_the_right_code_of_a_blocked_account_works_once(app: Flask, client: FlaskClient, people: People) -> None:
    people.join("sita", PHONE)
    change(app, "UPDATE users SET status = 'banned'")
    challenge_id, code = people.ask_code(client, PHONE)
    assert verify(client, challenge_id, code) == 403
    assert verify(client, challenge_id, code) == 401
    assert rows(app, "SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(1,)]


def test_a_code_is_sent_in_the_language_of_its_asker_and_its_delivery_tells_nothing(
    app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox
) -> None:
    _, code = people.ask_code(client, PHONE, **{"Accept-Language": "ne"})
    work()
    (body,) = inbox.bodies("sms", PHONE)
    assert code in body
    assert "कोड" in body
    (row,) = rows(
        app, "SELECT type, channel, status, attempts, user_id, masked, address, d::text AS all FROM deliveries d"
    )
    assert tuple(row)[:7] == ("otp", "sms", "sent", 1, None, "+977••••••5678", None)
    assert code not in row.all.replace("-", "")[40:]


def test_a_mailed_code_has_a_page_and_a_plain_part(
    client: FlaskClient, people: People, work: Work, inbox: Inbox
) -> None:
    _, code = people.ask_code(client, "sita@example.com")
    work()
    (mail,) = inbox.of("email", "sita@example.com")
    assert code in mail.body
    assert code in str(mail.html)
    assert mail.details["headers"]["Auto-Submitted"] == "auto-generated"
