"""Staff give points to many."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.base.db import db, transaction
from powerbank.points import grants
from tests.ledger.conftest import Person, assert_books_are_right, key
from tests.points.conftest import drain, has

Headers = dict[str, str]
SignIn = Callable[..., Headers]
PATH = "/api/admin/points/bulk-awards"


def ask(client: FlaskClient, headers: Headers, **body: Any) -> TestResponse:
    return client.post(PATH, json={"reason": "a festival"} | body, headers=headers | {"Idempotency-Key": key()})


def test_each_person_of_a_list_gets_points_once(
    client: FlaskClient, staff_headers: SignIn, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "BATCH", 2)
    finance, people, other = staff_headers("finance"), [person() for _ in range(5)], person()
    asked = ask(client, finance, points=20, user_ids=[str(each) for each in [*people, people[0]]])
    assert (asked.status_code, asked.get_json()["status"], asked.get_json()["total"]) == (202, "running", 5)
    drain()
    assert [has(user_id).points for user_id in people] == [20] * 5
    assert has(other).points == 0
    done = client.get(f"{PATH}/{asked.get_json()['id']}", headers=finance).get_json()
    assert (done["status"], done["awarded"]) == ("done", 5)
    exported = client.get(f"{PATH}/{asked.get_json()['id']}/awards.csv", headers=finance).text.splitlines()
    assert sorted(line.split(",")[:2] for line in exported[1:]) == sorted([str(each), "20"] for each in people)
    assert db.session.scalar(text("SELECT count(*) FROM audit_log WHERE action = 'points_grant.export_awards'")) == 1
    assert_books_are_right()


def test_everybody_whom_a_target_fits_gets_points(client: FlaskClient, staff_headers: SignIn, person: Person) -> None:
    people = [person() for _ in range(3)]
    finance = staff_headers("finance")
    assert ask(client, finance, points=20, target={"kyc_verified": True}).get_json()["code"] == "nobody_to_award"
    assert ask(client, finance, points=20, target={}).status_code == 202
    drain()
    assert [has(user_id).points for user_id in people] == [20] * 3


def test_above_the_limit_two_people_decide(client: FlaskClient, staff_headers: SignIn, person: Person) -> None:
    finance, boss, user_id = staff_headers("finance"), staff_headers("superadmin"), str(person())
    assert ask(client, finance, points=40_000, user_ids=[user_id]).get_json()["status"] == "running"
    asked = ask(client, finance, points=20_000, user_ids=[user_id]).get_json()  # both together are too many
    assert asked["status"] == "pending"
    drain()
    assert client.post(f"{PATH}/{asked['id']}/approve", headers=finance).get_json()["code"] == "second_person_needed"
    assert client.post(f"{PATH}/{asked['id']}/approve", headers=boss).get_json()["status"] == "running"
    assert client.post(f"{PATH}/{asked['id']}/reject", headers=boss).get_json()["code"] == "already_decided"
    drain()
    waiting = client.get(f"{PATH}?status=done", headers=boss).get_json()["items"]
    assert [item["points"] for item in waiting] == [20_000, 40_000]


@pytest.mark.parametrize(
    "body",
    [
        {"points": 0, "target": {}},
        {"points": 5},
        {"points": 5, "user_ids": [], "target": None},
        {"points": 5, "user_ids": ["01900000-0000-7000-8000-000000000000"], "target": {}},
    ],
)
def test_an_invalid_grant_is_refused(client: FlaskClient, staff_headers: SignIn, body: dict[str, Any]) -> None:
    assert ask(client, staff_headers("finance"), **body).status_code == 422


def test_never_more_people_than_were_counted_and_nobody_who_joined_since(
    client: FlaskClient, staff_headers: SignIn, person: Person
) -> None:
    """Between the request and the second person's word everybody may move to the city, and thousands may join."""
    finance, boss = staff_headers("finance"), staff_headers("superadmin")
    people = [person() for _ in range(3)]

    def move(*who: UUID) -> None:
        with transaction() as session:
            session.execute(text("UPDATE users SET city = 'Pokhara' WHERE id = ANY(:who)"), {"who": list(who)})

    move(people[0])
    asked = ask(client, finance, points=60_000, target={"city": "pokhara"}).get_json()
    assert (asked["status"], asked["total"]) == ("pending", 1)
    newcomer = person()
    move(*people, newcomer)
    client.post(f"{PATH}/{asked['id']}/approve", headers=boss)
    drain()
    assert sorted(has(user_id).points for user_id in [*people, newcomer]) == [0, 0, 0, 60_000]
    assert has(newcomer).points == 0
    done = client.get(f"{PATH}/{asked['id']}", headers=finance).get_json()
    assert (done["status"], done["awarded"], done["total"]) == ("done", 1, 1)


def test_money_and_points_are_counted_together(client: FlaskClient, staff_headers: SignIn, person: Person) -> None:
    """10 points are a rupee: 40,000 are NPR 4,000 of the 5,000 that one person may give in a day."""
    finance, user_id = staff_headers("finance"), person()
    assert ask(client, finance, points=40_000, user_ids=[str(user_id)]).get_json()["status"] == "running"
    body = {"reason": "a mistake of ours"}
    much = client.post(f"/api/admin/users/{user_id}/adjust-balance", json=body | {"amount": "1000.01"}, headers=finance)
    assert much.status_code == 202
    points = client.post(f"/api/admin/users/{user_id}/adjust-points", json=body | {"points": 10_001}, headers=finance)
    assert points.status_code == 202
    rest = client.post(f"/api/admin/users/{user_id}/adjust-balance", json=body | {"amount": "1000.00"}, headers=finance)
    assert rest.status_code == 200


def test_a_person_who_joins_after_the_request_gets_nothing(
    client: FlaskClient, staff_headers: SignIn, person: Person
) -> None:
    """Not even in the place of somebody who has left."""
    finance, boss, early = staff_headers("finance"), staff_headers("superadmin"), person()
    asked = ask(client, finance, points=60_000, target={}).get_json()
    assert (asked["status"], asked["total"]) == ("pending", 1)
    late = person()
    with transaction() as session:
        session.execute(text("UPDATE users SET status = 'suspended' WHERE id = :id"), {"id": early})
    client.post(f"{PATH}/{asked['id']}/approve", headers=boss)
    drain()
    assert (has(early).points, has(late).points) == (0, 0)
