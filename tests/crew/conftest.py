"""Fixtures: members of the crew, tasks that staff make, and stations that speak."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.base.db import transaction
from powerbank.crew.banks import openings
from powerbank.crew.banks.models import Opening
from powerbank.crew.tasks import settling
from powerbank.stations.commands import services as commands
from tests.people import Headers, People, rows
from tests.stations.conftest import Make, make_station, talker  # noqa: F401
from tests.stations.talker import Slots, Talker


@dataclass
class Member:
    """A member of the crew with a phone."""

    id: str
    user_id: UUID
    headers: Headers
    client: FlaskClient

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"/api/crew/{path}", headers=self.headers, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def ask(self, path: str, **body: Any) -> TestResponse:
        """Post, and give the whole answer."""
        return self.client.post(f"/api/crew/{path}", headers=self.headers, json=body)

    def do(self, path: str, **body: Any) -> Any:
        """Post what must succeed."""
        answer = self.ask(path, **body)
        assert answer.status_code < 300, answer.text
        return answer.get_json(silent=True)


@pytest.fixture
def operations(staff_headers: Callable[..., Headers]) -> Headers:
    return staff_headers("operations")


@pytest.fixture
def hire(client: FlaskClient, people: People, operations: Headers) -> Callable[..., Member]:
    """Make a person a member of the crew: `hire("ram", zones=["Kathmandu"])`."""

    def make(name: str = "ram", **more: Any) -> Member:
        person = people.join(name)
        body = {"user_id": str(person.id)} | more
        answer = client.post("/api/admin/crew", json=body, headers=operations)
        assert answer.status_code == 201, answer.text
        return Member(answer.get_json()["id"], person.id, person.headers, client)

    return make


@pytest.fixture
def order(client: FlaskClient, operations: Headers) -> Callable[..., Any]:
    """Make a task for staff: `order("A", "clean", wants={"bring": 2})`."""

    def make(sn: str = "A", kind: str = "clean", **more: Any) -> Any:
        body = {"station_sn": sn, "kind": kind} | more
        answer = client.post("/api/admin/tasks", json=body, headers=operations)
        assert answer.status_code == 201, answer.text
        return answer.get_json()

    return make


@pytest.fixture
def decide(client: FlaskClient, operations: Headers) -> Callable[..., TestResponse]:
    """Let staff decide about a task: `decide(task, "reject", reason="…")`."""

    def post(task: Any, act: str, **body: Any) -> TestResponse:
        return client.post(f"/api/admin/tasks/{task['id']}/{act}", json=body, headers=operations)

    return post


def put_out(talker: Talker, slots: Slots) -> list[str]:  # noqa: F811 (the fixture of this name is another thing)
    """Let a station do all openings that wait, one after another, and show its slots after each. Give the serials."""
    out, left = [], dict(slots)
    while True:
        with transaction() as session:
            opening = session.query(Opening).filter_by(station_id=talker.id, status="ejecting").one_or_none()
        if opening is None:
            return out
        assert opening.command_id is not None
        with transaction():
            assert commands.claim_command(opening.command_id, now=talker.now) is not None
        talker.wait(1)
        talker.answer(opening.command_id, slot_number=opening.slot_number, powerbank_sn=opening.serial)
        left[opening.slot_number] = None
        talker.wait(1)
        talker.snapshot(left)
        with transaction():
            openings.follow_command(opening.command_id, "succeeded", now=talker.now)
        out.append(opening.serial)


def settle(talker: Talker) -> None:  # noqa: F811
    """Do what the job does that follows each change of the station."""
    with transaction():
        settling.settle_station(talker.id, now=talker.now)


def events_of(app: Flask, task: Any) -> list[str]:
    query = "SELECT event FROM crew_task_events WHERE task_id = :id ORDER BY id"
    return [row.event for row in rows(app, query, id=task["id"])]
