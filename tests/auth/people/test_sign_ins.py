"""A person sees where they are signed in, and signs out on a device that is not at hand."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.people import People, Person, change, rows

SIGN_INS = "/api/users/me/sign-ins"


def listed(client: FlaskClient, person: Person, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(SIGN_INS, headers=person.headers, query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["items"])


def may_ask(client: FlaskClient, person: Person) -> bool:
    return client.get("/api/users/me", headers=person.headers).status_code == 200


def test_sign_ins_are_listed_newest_first_and_the_own_one_is_marked(
    app: Flask, client: FlaskClient, people: People
) -> None:
    phone = people.join("sita")
    people.join("ram")
    tablet = people.sign_in(phone)
    assert [each["this_one"] for each in listed(client, phone)] == [False, True]
    assert [each["this_one"] for each in listed(client, tablet)] == [True, False]
    assert [each["this_one"] for each in listed(client, phone, limit=1)] == [False]
    change(app, "UPDATE sessions SET created_at = created_at - interval '1 day'")
    change(app, "UPDATE refresh_tokens SET created_at = created_at - interval '1 day'")
    assert client.post("/api/auth/refresh", json={"refresh_token": phone.refresh_token}).status_code == 200
    of_tablet, of_phone = listed(client, phone)
    assert of_phone["seen_at"] > of_tablet["seen_at"], "new tokens are a sign of life"
    assert of_phone["created_at"] < of_phone["seen_at"]


def test_another_device_is_signed_out_alone(app: Flask, client: FlaskClient, people: People) -> None:
    phone = people.join("sita")
    tablet = people.sign_in(phone)
    [lost] = [each["id"] for each in listed(client, phone) if not each["this_one"]]
    for _ in range(2):
        assert client.delete(f"{SIGN_INS}/{lost}", headers=phone.headers).status_code == 204
    assert (may_ask(client, phone), may_ask(client, tablet)) == (True, False)
    assert client.post("/api/auth/refresh", json={"refresh_token": tablet.refresh_token}).status_code == 401
    assert [bool(each["ended_at"]) for each in listed(client, phone)] == [True, False]
    assert rows(app, "SELECT end_cause FROM sessions WHERE ended_at IS NOT NULL") == [("ended elsewhere",)]


def test_the_own_sign_in_can_be_ended_too(client: FlaskClient, people: People) -> None:
    phone = people.join("sita")
    [own] = listed(client, phone)
    assert client.delete(f"{SIGN_INS}/{own['id']}", headers=phone.headers).status_code == 204
    assert not may_ask(client, phone)


def test_nobody_ends_the_sign_in_of_another(client: FlaskClient, people: People) -> None:
    sita, ram = people.join("sita"), people.join("ram")
    [of_ram] = listed(client, ram)
    refused = client.delete(f"{SIGN_INS}/{of_ram['id']}", headers=sita.headers)
    assert (refused.status_code, refused.get_json()["code"]) == (404, "not_found")
    assert may_ask(client, ram)
    assert client.get(SIGN_INS).status_code == 401
