"""A further number or address: proved by its code, one person's only, and the person is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.base.db import transaction
from powerbank.base.errors import ConflictError
from powerbank.users import identifiers
from powerbank.users import services as users
from tests.people import Inbox, People, Person, rows

PATH = "/api/users/me/identifiers"
OLD, NEW, MAIL = "+9779812345678", "+9779812345679", "sita@example.com"
Work = Callable[..., None]


def link(client: FlaskClient, person: Person, challenge: tuple[str, str]) -> TestResponse:
    return client.post(PATH, json=dict(zip(("challenge_id", "code"), challenge, strict=True)), headers=person.headers)


def test_an_address_is_added_and_signs_in(client: FlaskClient, people: People, work: Work, inbox: Inbox) -> None:
    sita = people.join("sita", OLD)
    answer = link(client, sita, people.ask_code(client, MAIL, "link", sita))
    assert (answer.status_code, answer.get_json()["email"], answer.get_json()["phone"]) == (200, MAIL, OLD)
    challenge_id, code = people.ask_code(client, MAIL)
    signed_in = client.post("/api/auth/verify-otp", json={"challenge_id": challenge_id, "code": code}).get_json()
    assert signed_in["user"]["id"] == str(sita.id)
    work()
    assert any("s•••@example.com" in body for body in inbox.bodies("sms", OLD))


def test_a_number_is_replaced_and_the_old_one_is_told_and_free(
    app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox
) -> None:
    sita = people.join("sita", OLD)
    assert link(client, sita, people.ask_code(client, NEW, "link", sita)).get_json()["phone"] == NEW
    work()
    told = [body for body in inbox.bodies("sms", OLD) if "+977••••••5679" in body]
    assert len(told) == 1
    assert [notice.type for notice in rows(app, "SELECT type FROM notices")] == ["account_security"]
    assert rows(app, "SELECT count(*) FROM deliveries WHERE address IS NOT NULL") == [(0,)]
    assert people.join("gita", OLD)


def test_linking_an_own_address_again_changes_nothing(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita", OLD)
    assert link(client, sita, people.ask_code(client, OLD, "link", sita)).status_code == 200
    assert rows(app, "SELECT count(*) FROM notices") == [(0,)]


def test_an_address_of_another_account_is_refused_only_after_the_right_code(
    app: Flask, client: FlaskClient, people: People
) -> None:
    sita, _gita = people.join("sita", OLD), people.join("gita", NEW)
    challenge_id, code = people.ask_code(client, NEW, "link", sita)
    free, free_code = people.ask_code(client, "+9779812345670", "link", sita)
    wrong = [
        link(client, sita, (one, f"{(int(right) + 1) % 1_000_000:06d}"))
        for one, right in ((challenge_id, code), (free, free_code))
    ]
    assert [answer.status_code for answer in wrong] == [401, 401]
    assert wrong[0].get_json(force=True)["detail"] == wrong[1].get_json(force=True)["detail"]
    taken = link(client, sita, (challenge_id, code))
    assert (taken.status_code, taken.get_json(force=True)["code"]) == (409, "identifier_taken")
    assert link(client, sita, (challenge_id, code)).status_code == 401
    assert rows(app, "SELECT count(*) FROM notices") == [(0,)]


def test_of_two_who_race_for_an_address_one_becomes_its_owner(app: Flask, people: People) -> None:
    """Proofs that are used at the same moment."""
    racers = [people.join(f"racer{number}") for number in range(4)]

    def take(racer: Person) -> int:
        with app.app_context():
            try:
                with transaction():
                    users.set_identifier(users.lock_user(racer.id), identifiers.parse_contact_address(MAIL))
            except ConflictError as refused:
                return refused.status
        return 200

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert sorted(pool.map(take, racers)) == [200, 409, 409, 409]
    assert rows(app, "SELECT count(*) FROM user_identifiers WHERE value = :mail", mail=MAIL) == [(1,)]


def test_one_code_at_once_links_once(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita", OLD)
    challenge = people.ask_code(client, MAIL, "link", sita)
    with ThreadPoolExecutor(max_workers=8) as pool:
        statuses = list(pool.map(lambda _: link(app.test_client(), sita, challenge).status_code, range(8)))
    assert sorted(statuses) == [200] + [401] * 7
    assert rows(app, "SELECT count(*) FROM notices") == [(1,)]


def test_a_challenge_belongs_to_its_requester(app: Flask, client: FlaskClient, people: People) -> None:
    sita, thief = people.join("sita", OLD), people.join("thief", NEW)
    challenge = people.ask_code(client, MAIL, "link", sita)
    for _ in range(10):
        assert link(client, thief, challenge).status_code == 401
    assert rows(app, "SELECT tries FROM otp_challenges") == [(0,)]
    assert link(client, sita, challenge).status_code == 200


@pytest.mark.parametrize("token", [None, "Bearer nonsense", "staff"])
def test_a_code_for_linking_is_for_who_has_signed_in(
    app: Flask, client: FlaskClient, people: People, staff_headers: Callable[..., dict[str, str]], token: str | None
) -> None:
    people.join("sita", OLD)
    headers = staff_headers() if token == "staff" else {"Authorization": token} if token else {}
    for identifier in (OLD, NEW, "nonsense"):
        body = {"identifier": identifier, "purpose": "link"}
        refused = client.post("/api/auth/get-otp", json=body, headers=headers)
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (401, "unauthenticated")
    assert rows(app, "SELECT count(*) FROM otp_challenges") == [(0,)]


@pytest.mark.parametrize("purpose", ["login", "register"])
def test_a_code_for_signing_in_links_nothing(client: FlaskClient, people: People, purpose: str) -> None:
    sita = people.join("sita", OLD)
    challenge = people.ask_code(client, MAIL, purpose, sita)
    assert link(client, sita, challenge).status_code == 401


def test_a_code_for_linking_signs_nobody_in(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita", OLD)
    challenge_id, code = people.ask_code(client, OLD, "link", sita)
    body = {"challenge_id": challenge_id, "code": code}
    assert client.post("/api/auth/verify-otp", json=body).status_code == 401
    assert rows(app, "SELECT tries FROM otp_challenges") == [(0,)]


def test_a_bad_token_is_not_taken_for_a_stranger(client: FlaskClient, clean: None) -> None:
    body = {"identifier": MAIL, "purpose": "link"}
    headers = {"Authorization": "Bearer nonsense"}
    assert client.post("/api/auth/get-otp", json=body, headers=headers).status_code == 401
    login = client.post("/api/auth/get-otp", json=body | {"purpose": "login"}, headers=headers)
    assert login.status_code == 202
