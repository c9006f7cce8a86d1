"""Achievements: unlocked once, rewarded once, and shown with their progress."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox.catalogue import reward_jobs
from powerbank.social import achievements
from tests.ledger.conftest import Person, all_at_once
from tests.points.conftest import has, run
from tests.social.conftest import did, drain, rent

Headers = dict[str, str]
SignIn = Callable[[UUID], Headers]
PATH, STAFF = "/api/social/achievements", "/api/admin/achievements"
TEN = {"name": "Ten rentals", "name_ne": "दस पटक", "metric": "rentals", "threshold": 10, "reward": 40}


@pytest.fixture
def staff(context: Flask, staff_headers: Callable[..., Headers]) -> Headers:
    return staff_headers("operations")


def make(client: FlaskClient, staff: Headers, **more: Any) -> str:
    made = client.post(STAFF, json=TEN | more, headers=staff)
    assert made.status_code == 201
    drain()
    return str(made.get_json()["id"])


def unlocked() -> int:
    db.session.rollback()
    return int(db.session.scalar(text("SELECT count(*) FROM achievement_unlocks")) or 0)


def test_achievement_is_unlocked_and_rewarded_once(
    client: FlaskClient, staff: Headers, person: Person, user_headers: SignIn
) -> None:
    make(client, staff)
    user_id = person()
    headers = user_headers(user_id)
    rent(user_id, 9)
    (item,) = client.get(PATH, headers=headers).get_json()["items"]
    assert (item["name"], item["progress"], item["threshold"], item["unlocked_at"]) == ("Ten rentals", 9, 10, None)
    rent(user_id, 3)
    (item,) = client.get(PATH, headers=headers | {"Accept-Language": "ne"}).get_json()["items"]
    assert (item["name"], item["progress"]) == ("दस पटक", 10)
    assert item["unlocked_at"] is not None
    for _ in range(10):
        run(reward_jobs.CHECK_ACHIEVEMENTS, user_id=str(user_id))
    assert (unlocked(), has(user_id).points) == (1, 40)
    notices = db.session.scalars(text("SELECT type FROM notices WHERE user_id = :id"), {"id": user_id}).all()
    assert notices == ["achievement_unlocked"]
    me = client.get("/api/social/leaderboard?me=true", headers=headers).get_json()["me"]
    assert (me["achievements"], me["points"], me["score"]) == (1, 40, 12 * 10 + 12 * 15 + 25 + 4.0)


def test_new_achievement_is_unlocked_by_people_who_reached_it_before(
    client: FlaskClient, staff: Headers, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(achievements, "BATCH", 2)
    people = [person() for _ in range(5)]
    for user_id in people:
        did(user_id, rentals=10)
    did(person(), rentals=9)
    achievement_id = make(client, staff)
    assert (unlocked(), [has(user_id).points for user_id in people]) == (5, [40] * 5)
    assert client.patch(f"{STAFF}/{achievement_id}", json={"threshold": 9}, headers=staff).status_code == 200
    drain()
    assert unlocked() == 6
    exported = client.get(f"{STAFF}/{achievement_id}/unlocks.csv", headers=staff).text.splitlines()
    assert len(exported) == 7
    assert {str(user_id) for user_id in people} < {line.split(",")[0] for line in exported[1:]}


def test_inactive_achievement_is_not_unlocked_and_is_kept(
    client: FlaskClient, staff: Headers, person: Person, user_headers: SignIn
) -> None:
    achievement_id = make(client, staff, threshold=1)
    old, new = person(), person()
    rent(old)
    client.patch(f"{STAFF}/{achievement_id}", json={"active": False}, headers=staff)
    rent(new)
    assert unlocked() == 1
    assert len(client.get(PATH, headers=user_headers(old)).get_json()["items"]) == 1
    assert client.get(PATH, headers=user_headers(new)).get_json()["items"] == []
    refused = client.delete(f"{STAFF}/{achievement_id}", headers=staff)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "in_use")
    spare = make(client, staff)
    assert client.delete(f"{STAFF}/{spare}", headers=staff).status_code == 204


def test_concurrent_checks_unlock_once(context: Flask, client: FlaskClient, staff: Headers, person: Person) -> None:
    make(client, staff)
    user_id = person()
    did(user_id, rentals=10)
    answers = all_at_once(context, [lambda: len(achievements.unlock_achievements(user_id, now=utcnow()))] * 10)
    assert sorted(answers) == [0] * 9 + [1]


@pytest.mark.parametrize("more", [{"metric": "achievements"}, {"threshold": 0}, {"reward": -1}, {"name": ""}])
def test_wrong_achievements_are_refused(client: FlaskClient, staff: Headers, more: dict[str, Any]) -> None:
    assert client.post(STAFF, json=TEN | more, headers=staff).status_code == 422


def test_reversed_points_do_not_count(person: Person) -> None:
    user_id = person()
    run(reward_jobs.AWARD_POINTS, user_id=str(user_id), earning="rental", object_id=str(uuid4()), quantity=0)
    run(reward_jobs.COUNT_REVERSAL, user_id=str(user_id), points=2, object_id="x")
    with transaction() as session:
        assert session.scalar(text("SELECT points FROM tallies WHERE board = 'all'")) == 3
