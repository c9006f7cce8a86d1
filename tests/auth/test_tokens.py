"""Refresh tokens are used once; who lost the answer may ask once more, and who stole a token ends the sign-in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.auth.conftest import Enter, Hire
from tests.people import People, change, rows


@dataclass
class Door:
    """Where people, or staff, renew what they signed in with."""

    app: Flask
    refresh_path: str
    own_path: str
    table: str
    sign_in: Callable[[], tuple[str, str]]  # an access token and a refresh token

    def refresh(self, token: str, client: FlaskClient | None = None) -> TestResponse:
        return (client or self.app.test_client()).post(self.refresh_path, json={"refresh_token": token})

    def opens(self, access_token: str) -> bool:
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.app.test_client().get(self.own_path, headers=headers).status_code == 200

    def let_pass(self, seconds: int) -> None:
        change(self.app, f"UPDATE {self.table} SET spent_at = spent_at - make_interval(secs => :s)", s=seconds)


@pytest.fixture(params=["person", "staff"])
def door(request: pytest.FixtureRequest, app: Flask, people: People, hire: Hire, enter: Enter) -> Door:
    def person() -> tuple[str, str]:
        found = people.join(f"sita{len(rows(app, 'SELECT FROM users'))}")
        return found.headers["Authorization"].removeprefix("Bearer "), found.refresh_token

    def staff() -> tuple[str, str]:
        hire()
        answer = enter().get_json()
        return answer["access_token"], answer["refresh_token"]

    if request.param == "person":
        return Door(app, "/api/auth/refresh", "/api/users/me", "refresh_tokens", person)
    return Door(app, "/api/admin/auth/refresh", "/api/admin/auth/sessions", "staff_refresh_tokens", staff)


def is_theft(answer: TestResponse) -> bool:
    return (answer.status_code, answer.get_json(force=True)["code"]) == (401, "refresh_token_reused")


def test_a_lost_answer_is_given_again(door: Door) -> None:
    _, first = door.sign_in()
    lost, again = door.refresh(first).get_json(), door.refresh(first).get_json()
    assert again["refresh_token"] == lost["refresh_token"] != first
    assert door.opens(lost["access_token"])
    assert door.opens(again["access_token"])
    assert door.refresh(again["refresh_token"]).status_code == 200


def test_a_lost_answer_is_given_again_only_once(door: Door) -> None:
    access, first = door.sign_in()
    answers = [door.refresh(first) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 401]
    assert is_theft(answers[2])
    assert not door.opens(access)
    assert not door.opens(answers[1].get_json()["access_token"])
    assert door.refresh(answers[1].get_json()["refresh_token"]).status_code == 401


def test_a_lost_answer_is_not_given_after_half_a_minute(door: Door) -> None:
    _, first = door.sign_in()
    fresh = door.refresh(first).get_json()
    door.let_pass(31)
    assert is_theft(door.refresh(first))
    assert not door.opens(fresh["access_token"])


def test_a_lost_answer_is_given_just_within_half_a_minute(door: Door) -> None:
    _, first = door.sign_in()
    fresh = door.refresh(first).get_json()
    door.let_pass(25)
    assert door.refresh(first).get_json()["refresh_token"] == fresh["refresh_token"]


def test_a_lost_answer_is_not_given_when_the_successor_was_used(door: Door) -> None:
    """Then the answer had arrived, and somebody else has the old token."""
    _, first = door.sign_in()
    second = door.refresh(first).get_json()["refresh_token"]
    third = door.refresh(second).get_json()
    assert is_theft(door.refresh(first))
    assert door.refresh(third["refresh_token"]).status_code == 401
    assert not door.opens(third["access_token"])


def test_each_token_of_a_sign_in_may_be_asked_for_again(door: Door) -> None:
    """On a bad line every answer is lost once; none of that ends the sign-in."""
    _, token = door.sign_in()
    for _ in range(5):
        door.refresh(token)
        token = door.refresh(token).get_json()["refresh_token"]
    assert door.refresh(token).status_code == 200


def test_twenty_at_once_are_two_answers_and_a_theft(door: Door) -> None:
    """However they interleave: the token's row is locked, so the third to come finds it repeated."""
    access, first = door.sign_in()
    with ThreadPoolExecutor(max_workers=20) as pool:
        answers = list(pool.map(lambda _: door.refresh(first, door.app.test_client()), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200, 200] + [401] * 18
    given = {answer.get_json()["refresh_token"] for answer in answers if answer.status_code == 200}
    assert len(given) == 1
    assert not door.opens(access)
    assert door.refresh(given.pop()).status_code == 401


def test_two_at_once_are_one_successor(door: Door) -> None:
    _, first = door.sign_in()
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = list(pool.map(lambda _: door.refresh(first, door.app.test_client()).get_json(), range(2)))
    assert answers[0]["refresh_token"] == answers[1]["refresh_token"]
    assert all(door.opens(answer["access_token"]) for answer in answers)
    assert rows(door.app, f"SELECT count(*) FROM {door.table}") == [(2,)]


def test_who_signed_out_is_not_let_in_again(door: Door) -> None:
    _, first = door.sign_in()
    fresh = door.refresh(first).get_json()
    logout = door.refresh_path.replace("refresh", "logout")
    assert door.app.test_client().post(logout, json={"refresh_token": fresh["refresh_token"]}).status_code == 204
    refused = door.refresh(first)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (401, "unauthenticated")


def test_one_sign_in_does_not_end_another(door: Door) -> None:
    _, first = door.sign_in()
    other, _ = door.sign_in()
    for _ in range(3):
        door.refresh(first)
    assert door.opens(other)


def test_nobody_without_the_key_can_derive_the_successor_of_a_token(door: Door) -> None:
    _, first = door.sign_in()
    second = door.refresh(first).get_json()["refresh_token"]
    kept = " ".join(row.all for row in rows(door.app, f"SELECT t::text AS all FROM {door.table} t"))
    assert first not in kept
    assert second not in kept
