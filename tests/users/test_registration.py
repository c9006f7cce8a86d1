"""What follows a registration: a welcome, once, and who brought whom."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.people import Inbox, People, change, rows

PHONE = "+9779812345678"
Work = Callable[..., None]


def register(client: FlaskClient, people: People, username: str = "gita", **more: str) -> TestResponse:
    challenge_id, code = people.ask_code(client, PHONE, "register")
    verified = client.post("/api/auth/verify-otp", json={"challenge_id": challenge_id, "code": code}).get_json()
    headers = {"Accept-Language": more.pop("language", "en")}
    body = {"verification_token": verified["verification_token"], "username": username} | more
    return client.post("/api/auth/register", json=body, headers=headers)


def my_code(client: FlaskClient, headers: dict[str, str]) -> str:
    return str(client.get("/api/referrals/my-code", headers=headers).get_json()["code"])


def bearer(answer: TestResponse) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


@pytest.mark.parametrize(
    ("asked", "language", "title"),
    [
        ("ne", "ne", "Powerbank मा स्वागत छ"),
        ("ne-NP, en;q=0.5", "ne", "Powerbank मा स्वागत छ"),
        ("fr", "en", "Welcome to Powerbank"),
    ],
)
def test_a_newcomer_is_welcomed_once_in_the_language_asked_for(
    app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox, asked: str, language: str, title: str
) -> None:
    answer = register(client, people, language=asked)
    assert answer.get_json()["user"]["language"] == language
    work()
    change(app, "UPDATE outbox_jobs SET state = 'open', finished_at = NULL WHERE job = 'post_registration'")
    with app.app_context():
        from powerbank.outbox import relay

        relay.send_all_open_jobs()
    work()
    items = client.get("/api/notifications", headers=bearer(answer)).get_json()["items"]
    assert [item["title"] for item in items if item["type"] == "welcome"] == [title]
    assert {item["type"] for item in items} == {"welcome", "points_earned"}


def test_a_code_says_who_brought_whom(app: Flask, client: FlaskClient, people: People, work: Work) -> None:
    sita = people.join("sita")
    code = my_code(client, sita.headers)
    answer = register(client, people, referral_code=f" {code.lower()} ")
    assert answer.status_code == 201
    work()
    (item,) = client.get("/api/referrals", headers=sita.headers).get_json()["items"]
    assert (item["status"], item["invitee"]) == ("noted", {"username": "gita"})
    (row,) = rows(app, "SELECT expires_at - created_at AS valid, reason FROM referrals")
    assert (row.valid.days in (29, 30), row.reason) == (True, None)
    assert client.get("/api/referrals", headers=bearer(answer)).get_json()["items"] == []


@pytest.mark.parametrize("code", ["NOSUCHCD", "' OR 1=1", "😀"])
def test_a_wrong_code_is_told_before_the_account_is_made(
    app: Flask, client: FlaskClient, people: People, code: str
) -> None:
    refused = register(client, people, referral_code=code)
    assert (refused.status_code, list(refused.get_json(force=True)["errors"])) == (422, ["referral_code"])
    assert rows(app, "SELECT count(*) FROM users") == [(0,)]


def test_an_empty_code_is_none(client: FlaskClient, people: People) -> None:
    assert register(client, people, referral_code=" ").status_code == 201


def test_the_code_of_somebody_who_left_is_none(client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    code = my_code(client, sita.headers)
    assert client.get(f"/api/referrals/validate?code={code}").get_json()["valid"]
    assert client.delete("/api/users/me", headers=sita.headers).status_code == 204
    assert not client.get(f"/api/referrals/validate?code={code}").get_json()["valid"]
    assert register(client, people, referral_code=code).status_code == 422


def test_codes_are_not_tried_without_end(client: FlaskClient, clean: None) -> None:
    statuses = {client.get(f"/api/referrals/validate?code=X{number}").status_code for number in range(31)}
    assert statuses == {200, 429}


def test_two_people_on_one_device_do_not_bring_each_other(
    app: Flask, client: FlaskClient, people: People, work: Work
) -> None:
    sita = people.join("sita")
    device = {"fcm_token": "device-token-0001", "platform": "android"}
    client.post("/api/users/me/devices", json=device, headers=sita.headers)
    answer = register(client, people, referral_code=my_code(client, sita.headers))
    client.post("/api/users/me/devices", json=device, headers=bearer(answer))
    work()
    assert rows(app, "SELECT status, reason FROM referrals") == [("rejected", "same_device")]


def test_a_third_account_on_that_device_is_still_the_same_person(
    app: Flask, client: FlaskClient, people: People, work: Work
) -> None:
    sita = people.join("sita")
    device = {"fcm_token": "device-token-0001", "platform": "android"}
    client.post("/api/users/me/devices", json=device, headers=sita.headers)
    code = my_code(client, sita.headers)
    between = people.join("between")
    client.post("/api/users/me/devices", json=device, headers=between.headers)
    assert client.delete("/api/users/me", headers=between.headers).status_code == 204
    answer = register(client, people, referral_code=code)
    client.post("/api/users/me/devices", json=device, headers=bearer(answer))
    work()
    assert rows(app, "SELECT status, reason FROM referrals") == [("rejected", "same_device")]


def test_an_account_that_is_deleted_and_made_again_earns_nothing_again(
    app: Flask, client: FlaskClient, people: People, work: Work
) -> None:
    sita = people.join("sita")
    code = my_code(client, sita.headers)
    points = []
    for username in ("gita", "gita2"):
        headers = bearer(register(client, people, username, referral_code=code))
        work()
        points.append(client.get("/api/points", headers=headers).get_json()["points"])
        assert client.delete("/api/users/me", headers=headers).status_code == 204
        work()
    assert points[0] > 0
    assert points[1] == 0
    assert rows(app, "SELECT status, reason FROM referrals ORDER BY id") == [("noted", None), ("rejected", "returning")]
