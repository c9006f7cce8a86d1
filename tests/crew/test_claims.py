"""Claiming, beginning and releasing tasks: one member has a task, and not for ever."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.base.db import transaction, utcnow
from powerbank.crew.tasks import claims
from tests.crew.conftest import Member, events_of
from tests.people import Headers, change
from tests.stations.conftest import Make

Hire = Callable[..., Member]
Order = Callable[..., Any]


def age_claim(app: Flask, task: Any) -> None:
    """Let the claim of a task have run out a minute ago."""
    change(app, "UPDATE crew_tasks SET claimed_until = now() - interval '1 minute' WHERE id = :id", id=task["id"])


def test_of_ten_members_who_press_at_once_one_has_the_task(
    app: Flask, make_station: Make, hire: Hire, order: Order
) -> None:
    make_station("A")
    task = order("A", "clean")
    members = [hire(f"member{number}") for number in range(10)]
    together = threading.Barrier(len(members))
    answers: list[TestResponse] = []

    def press(member: Member) -> None:
        together.wait()
        client = app.test_client()
        answers.append(client.post(f"/api/crew/tasks/{task['id']}/claim", headers=member.headers, json={}))

    threads = [threading.Thread(target=press, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * 9
    assert {answer.get_json()["code"] for answer in answers if answer.status_code == 409} == {"task_taken"}


def test_staff_assign_a_task_anew_to_whose_claim_has_just_run_out(
    app: Flask, context: Flask, make_station: Make, hire: Hire, order: Order
) -> None:
    make_station("A")
    task, ram = order(), hire()
    ram.do(f"tasks/{task['id']}/claim")
    age_claim(app, task)
    with transaction():
        claims.assign_task(UUID(task["id"]), member_id=UUID(ram.id), by="staff:x", reason=None, now=utcnow())
    with transaction():
        assert claims.expire_claims(now=utcnow()) == 0, "the member was told of a task, and has it"
    assert ram.get(f"tasks/{task['id']}")["status"] == "claimed"


def test_a_second_claim_is_the_first_one_again(make_station: Make, hire: Hire, order: Order) -> None:
    make_station("A")
    task, ram = order(), hire()
    first = ram.do(f"tasks/{task['id']}/claim")
    assert first["status"] == "claimed"
    assert first["claimed_by"] == ram.id
    assert first["claimed_until"] is not None
    again = ram.do(f"tasks/{task['id']}/claim")
    assert again["version"] == first["version"]


def test_what_asks_for_nothing_needs_no_body(
    make_station: Make, hire: Hire, order: Order, client: FlaskClient, operations: Headers
) -> None:
    make_station("A")
    task, ram = order(), hire()
    for act, status in (("claim", "claimed"), ("start", "begun"), ("complete", "to_verify")):
        answer = client.post(f"/api/crew/tasks/{task['id']}/{act}", headers=ram.headers)
        assert (answer.status_code, answer.get_json()["status"]) == (200, status)
    answer = client.post(f"/api/admin/tasks/{task['id']}/verify", headers=operations)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "done")


def test_a_member_has_five_tasks_at_most(make_station: Make, hire: Hire, order: Order) -> None:
    make_station("A")
    ram = hire()
    kinds = ("clean", "install", "audit", "offline", "slot_fault", "missing_bank")
    tasks = [order("A", kind) for kind in kinds]
    for task in tasks[:5]:
        ram.do(f"tasks/{task['id']}/claim")
    refused = ram.ask(f"tasks/{tasks[5]['id']}/claim")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "too_many_claims")
    ram.do(f"tasks/{tasks[0]['id']}/release")
    ram.do(f"tasks/{tasks[5]['id']}/claim")


def test_a_member_claims_within_their_zones_only(make_station: Make, hire: Hire, order: Order) -> None:
    make_station("A")
    make_station("B", city="Pokhara")
    here, there = order("A"), order("B")
    ram = hire(zones=["Kathmandu"])
    assert [(each["station_sn"], each["distance_m"]) for each in ram.get("tasks")["items"]] == [("A", None)]
    refused = ram.ask(f"tasks/{there['id']}/claim")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "outside_zones")
    ram.do(f"tasks/{here['id']}/claim")


def test_a_claim_that_has_run_out_goes_back(app: Flask, make_station: Make, hire: Hire, order: Order) -> None:
    make_station("A")
    task, ram, maya = order(), hire("ram"), hire("maya")
    ram.do(f"tasks/{task['id']}/claim")
    age_claim(app, task)
    with app.app_context(), transaction():
        assert claims.expire_claims(now=utcnow()) == 1
        assert claims.expire_claims(now=utcnow()) == 0
    assert maya.do(f"tasks/{task['id']}/claim")["claimed_by"] == maya.id
    assert events_of(app, task) == ["made", "claimed", "expired", "claimed"]


def test_a_claim_that_has_run_out_is_free_before_anybody_swept(
    app: Flask, make_station: Make, hire: Hire, order: Order
) -> None:
    make_station("A")
    task, ram, maya = order(), hire("ram"), hire("maya")
    ram.do(f"tasks/{task['id']}/claim")
    age_claim(app, task)
    assert [each["id"] for each in maya.get("tasks")["items"]] == [task["id"]]
    maya.do(f"tasks/{task['id']}/claim")
    refused = ram.ask(f"tasks/{task['id']}/start")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "task_taken")


def test_a_task_that_has_begun_does_not_run_out(app: Flask, make_station: Make, hire: Hire, order: Order) -> None:
    make_station("A")
    task, ram = order(), hire()
    refused = ram.ask(f"tasks/{task['id']}/start")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "task_not_claimed")
    ram.do(f"tasks/{task['id']}/claim")
    begun = ram.do(f"tasks/{task['id']}/start")
    assert (begun["status"], begun["claimed_until"]) == ("begun", None)
    assert ram.do(f"tasks/{task['id']}/start")["version"] == begun["version"]
    with app.app_context(), transaction():
        assert claims.expire_claims(now=utcnow()) == 0


def test_staff_give_a_task_to_another_member(
    make_station: Make, hire: Hire, order: Order, decide: Callable[..., TestResponse], client: FlaskClient
) -> None:
    make_station("A")
    task, ram, maya = order(), hire("ram"), hire("maya")
    ram.do(f"tasks/{task['id']}/claim")
    assigned = decide(task, "assign", member_id=maya.id, reason="Ram is far away.").get_json()
    assert (assigned["status"], assigned["claimed_by"]) == ("claimed", maya.id)
    assert [each["id"] for each in maya.get("me")["open_tasks"]] == [task["id"]]
    refused = ram.ask(f"tasks/{task['id']}/start")
    assert refused.get_json()["code"] == "task_taken"


def test_staff_cancel_a_task(make_station: Make, hire: Hire, order: Order, decide: Callable[..., TestResponse]) -> None:
    make_station("A")
    task, ram = order(), hire()
    ram.do(f"tasks/{task['id']}/claim")
    assert decide(task, "cancel").status_code == 422
    assert decide(task, "cancel", reason="not now").get_json()["status"] == "cancelled"
    refused = ram.ask(f"tasks/{task['id']}/start")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "task_closed")
    assert ram.get("me")["open_tasks"] == []


def test_a_station_has_one_task_of_a_kind(
    make_station: Make, order: Order, client: FlaskClient, operations: Headers
) -> None:
    make_station("A")
    task = order("A", "clean")
    body = {"station_sn": "A", "kind": "clean"}
    refused = client.post("/api/admin/tasks", json=body, headers=operations)
    assert (refused.status_code, refused.get_json()["task_id"]) == (409, task["id"])


def test_who_is_not_of_the_crew_sees_nothing(
    people: Any, client: FlaskClient, order: Order, make_station: Make
) -> None:
    make_station("A")
    task = order()
    sita = people.join("sita")
    for path in ("me", "tasks", "earnings", "payouts"):
        answer = client.get(f"/api/crew/{path}", headers=sita.headers)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "not_crew")
    assert client.get(f"/api/crew/tasks/{task['id']}", headers=sita.headers).status_code == 404
    assert client.post(f"/api/crew/tasks/{task['id']}/claim", headers=sita.headers, json={}).status_code == 404
