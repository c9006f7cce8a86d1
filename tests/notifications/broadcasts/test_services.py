"""Broadcasts: each person of the target is told once, whatever dies on the way."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import literal

from powerbank.base.db import transaction, utcnow
from powerbank.notifications.broadcasts import services as broadcasts
from powerbank.notifications.broadcasts import targets
from powerbank.notifications.people import quiet_hours
from powerbank.users.models import User
from tests.people import Inbox, People, Person, change, rows

Work = Callable[..., None]
StaffHeaders = Callable[..., dict[str, str]]
PATH = "/api/admin/system/broadcast"
HELLO = {"title": "Dashain", "message": "All stations stay open.\nHappy Dashain!"}


@pytest.fixture
def crowd(people: People, monkeypatch: pytest.MonkeyPatch) -> list[Person]:
    """Make ten people, who are told three at a time."""
    monkeypatch.setattr(broadcasts, "BATCH", 3)
    return [people.join(f"person{number}") for number in range(10)]


def device(client: FlaskClient, person: Person, number: int = 0) -> None:
    body = {"fcm_token": f"token-{number}-of-{person.id}", "platform": "android"}
    assert client.post("/api/users/me/devices", json=body, headers=person.headers).status_code == 201


def send(client: FlaskClient, headers: dict[str, str], **more: object) -> dict:
    answer = client.post(PATH, json=HELLO | more, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.get_json()


def shown(client: FlaskClient, headers: dict[str, str], sent: dict) -> dict:
    return client.get(f"{PATH}/{sent['id']}", headers=headers).get_json()


def titles(client: FlaskClient, person: Person) -> list[str]:
    items = client.get("/api/notifications", headers=person.headers).get_json()["items"]
    assert {item["body"] for item in items} <= {HELLO["message"]}
    return [item["title"] for item in items]


def time_passes(app: Flask) -> None:
    from powerbank.outbox import relay

    change(app, "UPDATE outbox_jobs SET run_after = now() WHERE state = 'open'")
    with app.app_context():
        relay.send_all_open_jobs()


def test_everybody_gets_one_notice(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, crowd: list[Person], staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    change(app, "UPDATE users SET status = 'banned' WHERE username = 'person3'")
    change(app, "UPDATE users SET status = 'deleted', deleted_at = now() WHERE username = 'person4'")
    change(app, "UPDATE users SET created_at = now() + interval '1 hour' WHERE username = 'person5'")
    sent = send(client, headers)
    assert (sent["status"], sent["total"], sent["told"]) == ("telling", 7, 0)
    work()
    done = shown(client, headers, sent)
    assert (done["status"], done["told"], done["pushes"]) == ("done", 7, 0)
    assert done["finished_at"]
    for number, person in enumerate(crowd):
        if number not in (3, 4):
            assert titles(client, person) == ([] if number == 5 else ["Dashain"])
    assert rows(app, "SELECT count(*) FROM notices") == [(7,)]
    assert inbox.of("push") == []
    listed = client.get(PATH, headers=headers).get_json()["items"]
    assert [each["id"] for each in listed] == [sent["id"]]
    assert [row.action for row in rows(app, "SELECT action FROM audit_log")] == ["broadcast.send"]


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_dead_worker_neither_repeats_nor_skips_anybody(
    app: Flask,
    client: FlaskClient,
    work: Work,
    crowd: list[Person],
    staff_headers: StaffHeaders,
    monkeypatch: pytest.MonkeyPatch,
    dies_at: int,
) -> None:
    """Killed after a batch was written and before it was committed."""
    whole, batches = broadcasts._write_notices, []

    def dying(*arguments: object) -> None:
        whole(*arguments)  # type: ignore[arg-type]
        batches.append(arguments)
        if len(batches) == dies_at:
            raise RuntimeError("killed")

    monkeypatch.setattr(broadcasts, "_write_notices", dying)
    sent = send(client, staff_headers())
    work()
    assert rows(app, "SELECT told FROM broadcasts") == [(3 * (dies_at - 1),)]
    assert rows(app, "SELECT count(*) FROM notices") == [(3 * (dies_at - 1),)]
    time_passes(app)
    work()
    assert rows(app, "SELECT told, status FROM broadcasts") == [(10, "done")]
    assert all(titles(client, person) == ["Dashain"] for person in crowd)
    assert sent["total"] == 10


def test_two_concurrent_workers_tell_each_person_once(app: Flask, clean: None, crowd: list[Person]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with app.app_context(), transaction():
        sent = broadcasts.send_broadcast(title="t", message="m", target={}, push=False, by=crowd[0].id, now=utcnow())

    def batch(_: int) -> bool:
        with app.app_context(), transaction():
            return broadcasts.tell_batch(sent.id, now=utcnow())

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(batch, range(8)))
    assert rows(app, "SELECT told, status FROM broadcasts") == [(10, "done")]
    assert rows(app, "SELECT count(*), count(DISTINCT user_id) FROM notices") == [(10, 10)]


def test_target_selects_people_and_count_tells_nobody(
    app: Flask,
    client: FlaskClient,
    work: Work,
    crowd: list[Person],
    staff_headers: StaffHeaders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = staff_headers("operations")
    change(app, "UPDATE users SET city = 'Pokhara' WHERE username < 'person4'")
    change(app, "UPDATE users SET kyc_status = 'approved' WHERE username IN ('person1', 'person7')")

    def count(**target: object) -> int:
        return client.post(f"{PATH}/count", json={"target": target}, headers=headers).get_json()["people"]

    assert (count(), count(city="pokhara"), count(kyc_verified=True), count(kyc_verified=False)) == (10, 4, 2, 8)
    assert count(city="Pokhara", kyc_verified=True) == 1
    assert rows(app, "SELECT count(*) FROM broadcasts") == [(0,)]
    answer = client.post(f"{PATH}/count", json={"target": {"colour": "red"}}, headers=headers)
    assert answer.status_code == 422
    monkeypatch.delitem(targets._conditions, "min_rentals", raising=False)
    answer = client.post(PATH, json=HELLO | {"target": {"min_rentals": 3}}, headers=headers)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (422, "target_unavailable")
    monkeypatch.setitem(
        targets._conditions, "min_rentals", lambda least: (User.username == "person9") & (literal(least) > 2)
    )
    assert (count(min_rentals=3), count(min_rentals=2)) == (1, 0)
    send(client, headers, target={"city": "Pokhara", "kyc_verified": True})
    work()
    assert [len(titles(client, person)) for person in crowd] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_pushes_are_enqueued_a_few_at_a_time(
    app: Flask,
    client: FlaskClient,
    work: Work,
    inbox: Inbox,
    crowd: list[Person],
    staff_headers: StaffHeaders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broadcasts, "PUSHES_IN_FLIGHT", 4)
    for person in crowd:
        device(client, person)
    device(client, crowd[0], 1)
    headers = staff_headers()
    with app.app_context(), transaction():
        sent = broadcasts.send_broadcast(**HELLO, target={}, push=True, by=crowd[0].id, now=utcnow())

    def step(batch: Callable[..., object]) -> object:
        with app.app_context(), transaction():
            return batch(sent.id, now=utcnow())

    while step(broadcasts.tell_batch):
        pass
    change(app, "DELETE FROM outbox_jobs")  # the job of its own: this test takes the steps
    for handed_over in (4, 8):
        assert step(broadcasts.push_batch) is not None
        assert rows(app, "SELECT pushes FROM broadcasts") == [(handed_over,)]
        assert step(broadcasts.push_batch) is not None  # no room: nothing more is handed over
        assert rows(app, "SELECT pushes FROM broadcasts") == [(handed_over,)]
        assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE state = 'open'") == [(4,)]
        work("notifications")
        assert len(inbox.of("push")) == handed_over
    assert step(broadcasts.push_batch) is None
    work("notifications")
    done = shown(client, headers, {"id": sent.id})
    assert (done["status"], done["told"], done["pushes"]) == ("done", 10, 11)
    assert len({push.to for push in inbox.of("push")}) == 11
    assert {(push.title, push.body) for push in inbox.of("push")} == {tuple(HELLO.values())}


def test_pushes_of_a_broadcast_wait_for_the_morning(
    app: Flask,
    client: FlaskClient,
    work: Work,
    inbox: Inbox,
    crowd: list[Person],
    staff_headers: StaffHeaders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device(client, crowd[0])
    morning = utcnow() + timedelta(hours=7)
    monkeypatch.setattr(quiet_hours, "end_of_night", lambda _now: morning)
    sent = send(client, staff_headers(), push=True)
    work()
    assert titles(client, crowd[0]) == ["Dashain"]
    assert inbox.of("push") == []
    assert rows(app, "SELECT run_after FROM outbox_jobs WHERE state = 'open'") == [(morning,)]
    monkeypatch.setattr(quiet_hours, "end_of_night", lambda _now: None)
    time_passes(app)
    work()
    assert len(inbox.of("push")) == 1
    assert sent["push"]


def test_person_without_announcements_gets_none(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, crowd: list[Person], staff_headers: StaffHeaders
) -> None:
    for number, off in enumerate([{"push": False}, {"in_app": False}, {"push": False, "in_app": False}]):
        device(client, crowd[number])
        body = {"groups": [{"group": "announcements", **off}]}
        assert (
            client.put("/api/users/me/notification-preferences", json=body, headers=crowd[number].headers).status_code
            == 200
        )
    send(client, staff_headers(), push=True)
    work()
    assert [len(titles(client, person)) for person in crowd[:4]] == [1, 0, 0, 1]
    assert {push.to for push in inbox.of("push")} == {f"token-0-of-{crowd[1].id}"}


def test_cancelled_broadcast_stops_where_it_is(
    app: Flask, client: FlaskClient, work: Work, crowd: list[Person], staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    sent = send(client, headers)
    with app.app_context(), transaction():
        assert broadcasts.tell_batch(UUID(sent["id"]), now=utcnow())
    answer = client.post(f"{PATH}/{sent['id']}/cancel", headers=headers)
    assert (answer.get_json()["status"], answer.get_json()["told"]) == ("cancelled", 3)
    assert client.post(f"{PATH}/{sent['id']}/cancel", headers=headers).status_code == 409
    work()
    assert sum(len(titles(client, person)) for person in crowd) == 3
    assert rows(app, "SELECT told, status FROM broadcasts") == [(3, "cancelled")]


@pytest.mark.parametrize(
    "body",
    [
        {"title": " "},
        {"title": "a\nb"},
        {"title": "x" * 101},
        {"message": ""},
        {"message": "a\x00"},
        {"push": "often"},
        {"target": {"min_rentals": 0}},
        {"target": {"city": ""}},
        {"told": 3},
    ],
)
def test_wrong_broadcast_is_refused(
    app: Flask, client: FlaskClient, staff_headers: StaffHeaders, body: dict[str, object]
) -> None:
    assert client.post(PATH, json=HELLO | body, headers=staff_headers()).status_code == 422
    assert rows(app, "SELECT count(*) FROM outbox_jobs") == [(0,)]


def test_sending_needs_a_permission(client: FlaskClient, staff_headers: StaffHeaders) -> None:
    assert client.post(PATH, json=HELLO, headers=staff_headers("support")).status_code == 403
    assert client.get(PATH, headers=staff_headers("viewer")).status_code == 200
