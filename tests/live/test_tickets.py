"""`POST /api/live/tickets`: what may be followed, by whom, and how long a ticket is good."""

import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.redis_clients import cache_redis
from powerbank.live import tickets
from powerbank.live.changes import topic_of_user
from powerbank.live.tickets import Admission
from tests.people import Headers, People, change
from tests.rentals import rentals_in_states
from tests.stations.conftest import Make

STAFF_TOPICS = ["console", "stations", "rentals"]

StaffHeaders = Callable[..., Headers]


def ask(client: FlaskClient, headers: Headers, *topics: str) -> tuple[int, str]:
    answer = client.post("/api/live/tickets", json={"topics": [*topics]}, headers=headers)
    return answer.status_code, answer.get_json().get("code", "")


def take(app: Flask, *texts: str) -> list[Admission | None]:
    with app.app_context():
        return tickets.take_tickets(cache_redis(), texts)


def test_a_ticket_says_where_the_stream_is_and_for_how_long_it_is_good(client: FlaskClient, people: People) -> None:
    answer = client.post("/api/live/tickets", json={"topics": ["me"]}, headers=people.join("sita").headers)
    assert answer.status_code == 201
    found = answer.get_json()
    assert found["url"] == f"http://127.0.0.1:8000/live/stream?ticket={found['ticket']}"
    assert found["expires_in"] == 30


def test_a_ticket_serves_once(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    body = {"topics": ["me", "me"]}
    ticket = client.post("/api/live/tickets", json=body, headers=sita.headers).get_json()["ticket"]
    unknown, first, second = take(app, "nobody's", ticket, ticket)
    assert (unknown, second) == (None, None)
    assert first is not None
    assert (first.principal, first.topics) == (f"user:{sita.id}", (topic_of_user(sita.id),))


def test_a_ticket_is_gone_after_thirty_seconds_and_redis_does_not_know_it(
    app: Flask, client: FlaskClient, people: People
) -> None:
    headers = people.join("sita").headers
    ticket = client.post("/api/live/tickets", json={"topics": ["me"]}, headers=headers).get_json()["ticket"]
    with app.app_context():
        [key] = cache_redis().keys("powerbank:live:ticket:*")
        assert ticket.encode() not in key
        assert 28 <= cache_redis().ttl(key) <= 30
        cache_redis().pexpire(key, 1)
        time.sleep(0.05)
    assert take(app, ticket) == [None]


def test_a_rental_is_followed_by_its_person_and_by_staff(
    app: Flask, client: FlaskClient, people: People, staff_headers: StaffHeaders
) -> None:
    sita, ram = people.join("sita"), people.join("ram")
    with app.app_context():
        rental_id = rentals_in_states.pending(sita.id)
    topic = f"rental:{rental_id}"
    assert ask(client, sita.headers, topic, "me") == (201, "")
    assert ask(client, sita.headers, topic.upper().replace("RENTAL", "rental")) == (201, "")
    assert ask(client, ram.headers, topic) == (403, "topic_forbidden")
    assert ask(client, ram.headers, "me", topic) == (403, "topic_forbidden"), "one forbidden topic refuses all"
    assert ask(client, ram.headers, f"rental:{uuid4()}") == (403, "topic_forbidden"), "as if it were another's"
    assert ask(client, ram.headers, "rental:x") == (403, "topic_forbidden")
    assert ask(client, staff_headers("viewer"), topic) == (201, "")


def test_a_station_is_followed_by_everybody_who_signed_in(
    app: Flask, client: FlaskClient, people: People, staff_headers: StaffHeaders, make_station: Make
) -> None:
    make_station("A")
    sita, staff = people.join("sita").headers, staff_headers("viewer")
    assert ask(client, sita, "station:A") == ask(client, staff, "station:A") == (201, "")
    assert ask(client, sita, "station:nowhere") == (403, "topic_forbidden")
    change(app, "UPDATE stations SET active = false")
    assert ask(client, sita, "station:A") == (403, "topic_forbidden")
    assert ask(client, staff, "station:A") == (201, "")
    assert client.post("/api/live/tickets", json={"topics": ["station:A"]}).status_code == 401


@pytest.mark.parametrize("topic", STAFF_TOPICS)
def test_topics_for_staff_need_their_permission(
    client: FlaskClient, people: People, staff_headers: StaffHeaders, topic: str
) -> None:
    assert ask(client, staff_headers("viewer"), topic) == (201, "")
    assert ask(client, people.join("sita").headers, topic) == (403, "topic_forbidden")


def test_staff_have_no_topic_of_their_own(client: FlaskClient, staff_headers: StaffHeaders) -> None:
    assert ask(client, staff_headers(), "me") == (403, "topic_forbidden")


@pytest.mark.parametrize("topic", ["me:1", "console:1"])
def test_these_topics_have_no_id(client: FlaskClient, people: People, staff_headers: StaffHeaders, topic: str) -> None:
    headers = staff_headers() if topic.startswith("console") else people.join("sita").headers
    assert ask(client, headers, topic) == (403, "topic_forbidden")


def test_another_persons_topic_cannot_be_named(client: FlaskClient, people: People) -> None:
    assert ask(client, people.join("sita").headers, topic_of_user(UUID(int=1))) == (403, "topic_forbidden")


def test_an_unknown_topic_is_refused_by_name(client: FlaskClient, people: People) -> None:
    headers = people.join("sita").headers
    answer = client.post("/api/live/tickets", json={"topics": ["me", "weather"]}, headers=headers)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == {"topics.1": ["There is no such topic."]}
    for topics in ([], ["me"] * 21, ["m" * 121], "me"):
        assert client.post("/api/live/tickets", json={"topics": topics}, headers=headers).status_code == 422


def test_a_person_gets_sixty_tickets_a_minute(client: FlaskClient, people: People) -> None:
    sita, ram = people.join("sita"), people.join("ram")
    for _ in range(60):
        assert ask(client, sita.headers, "me")[0] == 201
    assert ask(client, sita.headers, "me") == (429, "rate_limited")
    assert ask(client, ram.headers, "me")[0] == 201
