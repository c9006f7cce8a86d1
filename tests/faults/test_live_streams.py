"""Streams while Redis or PostgreSQL is away: nothing but freshness is lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.live import changes
from powerbank.live.changes import topic_of_user
from scripts.stack.ports import free_ports
from tests.conftest import execute
from tests.live.streaming import LiveProcess, announce
from tests.nursery import Nursery, wait_until
from tests.people import People
from tests.plant import Plant

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


@pytest.fixture
def live(own_plant: Plant, nursery: Nursery, tmp_path: Path) -> Iterator[LiveProcess]:
    ports = free_ports()
    process = LiveProcess(nursery, own_plant.environment, tmp_path, ports.live, ports.sandbox)
    yield process
    process.stop()


@pytest.fixture
def client(own_plant: Plant) -> FlaskClient:
    return own_plant.app.test_client()


@pytest.fixture
def people(own_plant: Plant) -> People:
    return People(own_plant.app)


def end_all_sign_ins(plant: Plant) -> None:
    """End all sign-ins without an announcement, which no code of the product does."""
    execute(plant.postgres.app_url(), "UPDATE sessions SET ended_at = now(), end_cause = 'logout'")


def test_a_redis_that_comes_back_soon_costs_a_second_hello(
    own_plant: Plant, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    sita = people.join("sita")
    stream = live.follow(client, sita.headers, "me")
    own_plant.redis.kill()
    own_plant.redis.start()
    assert stream.expect("hello").data["topics"] == ["me"], "what was missed meanwhile is read now"
    announce(own_plant.app, topic_of_user(sita.id), id="after")
    assert stream.expect("changed").data["id"] == "after"


def test_while_redis_is_frozen_streams_end_and_nobody_waits_for_it(
    own_plant: Plant, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    sita = people.join("sita")
    stream = live.follow(client, sita.headers, "me")
    announce(own_plant.app, topic_of_user(sita.id), id="before")
    stream.expect("changed")
    own_plant.redis.pause()
    for _ in range(5):
        with own_plant.app.app_context(), transaction():
            changes.announce(topic_of_user(sita.id), kind="thing", id="unheard")
            began = time.monotonic()
        assert time.monotonic() - began < 0.5
    assert stream.expect("bye").data["reason"] == "unavailable"
    assert live.health() == "redis_away"
    answer = client.post("/api/live/tickets", json={"topics": ["me"]}, headers=sita.headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    own_plant.redis.resume()
    wait_until(lambda: live.health() == "ok", 20, "it hears again")
    again = live.follow(client, sita.headers, "me")
    announce(own_plant.app, topic_of_user(sita.id), id="after")
    while (told := again.expect("changed").data["id"]) != "after":
        assert told == "unheard"  # it was published late


def test_who_signs_out_while_redis_is_frozen_hears_no_more(
    own_plant: Plant, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    stream = live.follow(client, people.join("sita").headers, "me")
    own_plant.redis.pause()
    end_all_sign_ins(own_plant)
    assert stream.expect("bye", within=5).data["reason"] == "signed_out"
    own_plant.redis.resume()


def test_while_the_database_is_away_streams_stay(
    own_plant: Plant, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    stream = live.follow(client, people.join("sita").headers, "me")
    own_plant.postgres.stop("immediate")
    wait_until(lambda: live.health() == "database_away", 20, "it misses the database")
    assert stream.silent_for(3)
    own_plant.postgres.start()
    wait_until(lambda: live.health() == "ok", 20, "it finds the database again")
    assert live.metric("powerbank_live_streams") == 1
    end_all_sign_ins(own_plant)
    assert stream.expect("bye", within=5).data["reason"] == "signed_out"
