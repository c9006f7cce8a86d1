"""A device belongs to one person and one sign-in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.people import People, Person, change, rows

PATH = "/api/users/me/devices"
TOKEN = "device-token-0001"


def register(client: FlaskClient, person: Person, token: str = TOKEN, **more: str) -> TestResponse:
    return client.post(PATH, json={"fcm_token": token, "platform": "android"} | more, headers=person.headers)


def ids(client: FlaskClient, person: Person) -> list[str]:
    return [item["id"] for item in client.get(PATH, headers=person.headers).get_json()["items"]]


def test_device_is_registered_listed_and_removed(client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    made = register(client, sita, app_version="1.2.0")
    assert made.status_code == 201
    assert "fcm_token" not in made.get_json()
    known = register(client, sita, app_version="1.3.0")
    assert (known.status_code, known.get_json()["id"]) == (200, made.get_json()["id"])
    assert known.get_json()["app_version"] == "1.3.0"
    (device_id,) = ids(client, sita)
    assert client.delete(f"{PATH}/{device_id}", headers=sita.headers).status_code == 204
    assert client.delete(f"{PATH}/{device_id}", headers=sita.headers).status_code == 404
    assert ids(client, sita) == []
    assert register(client, sita).status_code == 200
    assert ids(client, sita) == [device_id]


@pytest.mark.parametrize(
    "body",
    [
        {"fcm_token": ""},
        {"fcm_token": "टोकन"},
        {"fcm_token": "x" * 1025},
        {"fcm_token": "a b c d e f"},
        {"fcm_token": "device-token-0001", "platform": "symbian"},
        {"fcm_token": "device-token-0001", "extra": 1},
    ],
)
def test_wrong_device_is_refused(client: FlaskClient, people: People, body: dict[str, str]) -> None:
    sita = people.join("sita")
    answer = client.post(PATH, json={"platform": "android"} | body, headers=sita.headers)
    assert answer.status_code == 422


def test_device_of_another_person_is_404(client: FlaskClient, people: People) -> None:
    sita, gita = people.join("sita"), people.join("gita")
    device_id = register(client, sita).get_json()["id"]
    assert client.delete(f"{PATH}/{device_id}", headers=gita.headers).status_code == 404
    assert ids(client, sita) == [device_id]


def test_token_belongs_to_the_person_who_registered_it_last(client: FlaskClient, people: People) -> None:
    sita, gita = people.join("sita"), people.join("gita")
    register(client, sita)
    assert register(client, gita).status_code == 201
    assert (ids(client, sita), len(ids(client, gita))) == ([], 1)


def test_concurrent_registrations_of_a_token_have_one_owner(app: Flask, client: FlaskClient, people: People) -> None:
    racers = [people.join(f"racer{number}") for number in range(6)]
    with ThreadPoolExecutor(max_workers=6) as pool:
        statuses = list(pool.map(lambda racer: register(app.test_client(), racer).status_code, racers * 3))
    assert set(statuses) <= {200, 201}
    assert sum(len(ids(client, racer)) for racer in racers) == 1
    assert rows(app, "SELECT count(*) FROM devices") == [(1,)]


def test_eleventh_device_ends_the_oldest(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    made = [register(client, sita, f"device-token-{number:04}").get_json()["id"] for number in range(11)]
    assert ids(client, sita) == list(reversed(made[1:]))
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda n: register(app.test_client(), sita, f"other-token-{n:04}"), range(16)))
    assert len(ids(client, sita)) == 10


def test_sign_out_ends_the_devices_of_that_sign_in(client: FlaskClient, people: People) -> None:
    phone = people.join("sita")
    tablet = people.sign_in(phone)
    register(client, phone, "token-of-phone")
    kept = register(client, tablet, "token-of-tablet").get_json()["id"]
    client.post("/api/auth/logout", json={"refresh_token": phone.refresh_token})
    assert ids(client, tablet) == [kept]
    client.post("/api/auth/logout-all", json={"refresh_token": tablet.refresh_token})
    again = people.sign_in(phone)
    assert ids(client, again) == []


def test_stolen_refresh_token_ends_the_device(client: FlaskClient, people: People) -> None:
    phone = people.join("sita")
    register(client, phone)
    for _ in range(3):  # a repeat of the first is allowed, for its answer may have been lost
        client.post("/api/auth/refresh", json={"refresh_token": phone.refresh_token})
    assert ids(client, people.sign_in(phone)) == []


def test_new_sign_in_on_the_same_device_keeps_it(app: Flask, client: FlaskClient, people: People) -> None:
    before = people.join("sita")
    register(client, before)
    after = people.sign_in(before)
    assert register(client, after).status_code == 200
    client.post("/api/auth/logout", json={"refresh_token": before.refresh_token})
    assert len(ids(client, after)) == 1


def test_deleted_account_cannot_register_a_device(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    change(app, "UPDATE users SET status = 'deleted', deleted_at = now()")
    assert register(client, sita).status_code == 401
    assert rows(app, "SELECT count(*) FROM devices") == [(0,)]
