"""What a live process answers, and how a stream goes on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.live import changes
from powerbank.live.changes import topic_of_user
from tests.live.conftest import StartLive
from tests.live.streaming import LiveProcess, announce, ticket_url
from tests.people import People

ROOT = Path(__file__).parents[2]
ANNOUNCING = """
from powerbank import create_app
from powerbank.base.db import transaction
from powerbank.live import changes

with create_app(rules=False).app_context(), transaction():
    changes.announce("{topic}", kind="thing", id="last")
"""


def test_a_person_hears_of_what_is_theirs(app: Flask, client: FlaskClient, people: People, live: LiveProcess) -> None:
    sita, ram = people.join("sita"), people.join("ram")
    stream = live.follow(client, sita.headers, "me")
    announce(app, topic_of_user(ram.id), kind="notice", id="theirs")
    announce(app, topic_of_user(sita.id), kind="rental", id="abc", version=7)
    told = stream.expect("changed")
    assert told.data == {"topic": "me", "kind": "rental", "id": "abc", "version": 7, "at": told.data["at"]}
    assert told.fields["id"]


def test_a_stream_is_served_as_browsers_and_proxies_want_it(
    client: FlaskClient, people: People, live: LiveProcess
) -> None:
    headers = people.join("sita").headers
    stream = live.stream(ticket_url(client, headers, "me"), Origin="http://127.0.0.1:8000")
    status, found = stream.head()
    assert status == 200
    assert found["content-type"] == "text/event-stream"
    assert found["cache-control"] == "no-store"
    assert found["x-accel-buffering"] == "no"
    assert found["access-control-allow-origin"] == "http://127.0.0.1:8000"
    hello = stream.expect("hello")
    assert hello.data["topics"] == ["me"]
    assert 5000 <= int(hello.fields["retry"]) <= 10_000
    stranger = live.stream(ticket_url(client, headers, "me"), Origin="http://elsewhere.example")
    assert "access-control-allow-origin" not in stranger.head()[1]


def test_a_ticket_opens_one_stream(client: FlaskClient, people: People, live: LiveProcess) -> None:
    url = ticket_url(client, people.join("sita").headers, "me")
    assert live.stream(url).head()[0] == 200
    again = live.stream(url)
    status, headers = again.head()
    assert (status, headers["content-type"]) == (403, "application/problem+json")
    assert again.body()["code"] == "ticket_invalid"
    assert url.partition("=")[2] not in live.log.read_text()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/stream", 403),
        ("/live/stream?ticket=", 403),
        ("/live/stream?ticket=a&ticket=b", 403),
        ("/live/stream?" + "&".join(f"n{n}=1" for n in range(50)), 403),
        ("/", 404),
        ("/live/stream?ticket=" + "x" * 9000, 431),
        ("live", 400),
    ],
    ids=["none", "empty", "two", "many", "elsewhere", "long", "unreadable"],
)
def test_without_a_ticket_there_is_no_stream(live: LiveProcess, path: str, status: int) -> None:
    assert live.stream(path).head()[0] == status


def test_methods_other_than_get_are_refused(live: LiveProcess) -> None:
    for method, status in (("POST", 405), ("OPTIONS", 204), ("BREW", 405)):
        stream = live.stream("/live/stream", method=method, Origin="http://127.0.0.1:8000")
        found, headers = stream.head()
        assert found == status
        assert headers["access-control-allow-origin"] == "http://127.0.0.1:8000"


def test_a_comment_comes_each_fifteen_seconds(client: FlaskClient, people: People, live: LiveProcess) -> None:
    stream = live.follow(client, people.join("sita").headers, "me")
    began = time.monotonic()
    first = stream.next()
    assert first is not None
    assert first.name == "comment"
    assert 13 < time.monotonic() - began < 20


def test_a_transaction_that_is_rolled_back_tells_nothing(
    app: Flask, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    sita = people.join("sita")
    stream = live.follow(client, sita.headers, "me")

    def fail() -> None:
        with transaction():
            changes.announce(topic_of_user(sita.id), kind="rental", id="undone")
            raise ZeroDivisionError

    with app.app_context(), pytest.raises(ZeroDivisionError):
        fail()
    announce(app, topic_of_user(sita.id), kind="rental", id="done")
    assert stream.expect("changed").data["id"] == "done"


def test_a_transaction_tells_the_newest_of_each_thing_once(
    app: Flask, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    sita = people.join("sita")
    stream = live.follow(client, sita.headers, "me")
    with app.app_context(), transaction():
        for version in (1, 2, 3):
            changes.announce(topic_of_user(sita.id), kind="rental", id="a", version=version)
        changes.announce(topic_of_user(sita.id), kind="rental", id="b", version=1)
    told = [stream.expect("changed").data for _ in range(2)]
    assert [(each["id"], each["version"]) for each in told] == [("a", 3), ("b", 1)]
    assert stream.silent_for(0.5)


def test_two_live_processes_tell_the_same(
    app: Flask, client: FlaskClient, people: People, start_live: StartLive
) -> None:
    sita = people.join("sita")
    streams = [start_live().follow(client, sita.headers, "me") for _ in range(2)]
    announce(app, topic_of_user(sita.id), id="both")
    assert [stream.expect("changed").data["id"] for stream in streams] == ["both", "both"]


def test_two_live_processes_share_a_port(client: FlaskClient, people: People, start_live: StartLive) -> None:
    first = start_live()
    second = start_live(LIVE_PORT=str(first.port))
    headers = people.join("sita").headers
    for _ in range(10):
        first.follow(client, headers, "me")
    assert first.metric("powerbank_live_streams") + second.metric("powerbank_live_streams") == 10


def test_the_oldest_stream_of_somebody_with_too_many_is_closed(
    client: FlaskClient, people: People, live: LiveProcess
) -> None:
    headers = people.join("sita").headers
    other = live.follow(client, people.join("ram").headers, "me")
    streams = [live.follow(client, headers, "me") for _ in range(11)]
    assert streams[0].expect("bye").data["reason"] == "too_many"
    streams[0].expect_end()
    assert streams[1].silent_for(0.5)
    assert other.silent_for(0.1)


def test_an_address_has_so_many_connections(client: FlaskClient, people: People, start_live: StartLive) -> None:
    live = start_live(CONNECTIONS_PER_ADDRESS="3")
    headers = people.join("sita").headers
    held = [live.follow(client, headers, "me") for _ in range(3)]
    assert live.stream("/live/stream?ticket=x").head()[0] == 429
    held[0].close()
    deadline = time.monotonic() + 30
    while live.stream("/live/stream?ticket=x").head()[0] != 403:
        assert time.monotonic() < deadline


def test_a_process_that_is_full_sends_others_away(client: FlaskClient, people: People, start_live: StartLive) -> None:
    live = start_live(LIVE_STREAMS="1")
    headers = people.join("sita").headers
    live.follow(client, headers, "me")
    status, found = live.stream(ticket_url(client, headers, "me")).head()
    assert (status, found["retry-after"]) == (503, "5")


def test_a_head_that_does_not_come_is_not_waited_for(live: LiveProcess) -> None:
    stream = live.stream("/live/stream", finished=False)
    began = time.monotonic()
    assert stream.head()[0] == 408
    assert 8 < time.monotonic() - began < 40


def test_a_closed_stream_is_forgotten(client: FlaskClient, people: People, live: LiveProcess) -> None:
    stream = live.follow(client, people.join("sita").headers, "me")
    assert live.metric("powerbank_live_streams") == 1
    stream.close()
    deadline = time.monotonic() + 30
    while live.metric("powerbank_live_streams"):
        assert time.monotonic() < deadline


def test_who_does_not_read_is_closed_and_costs_the_others_nothing(
    app: Flask, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    sita, ram = people.join("sita"), people.join("ram")
    slow = live.follow(client, sita.headers, "me", receive_buffer=4096)
    quick = live.follow(client, ram.headers, "me")
    both = (topic_of_user(sita.id), topic_of_user(ram.id))
    told = 0
    deadline = time.monotonic() + 60
    while live.metric("powerbank_live_streams") == 2:
        assert time.monotonic() < deadline, "the slow reader is still there"
        with app.app_context(), transaction():
            for number in range(200):
                changes.announce(*both, kind="thing", id=f"{told + number}-{'x' * 100}")
        for number in range(200):
            assert quick.expect("changed").data["id"].startswith(f"{told + number}-")
        told += 200
    slow.close()
    announce(app, topic_of_user(ram.id), id="after")
    assert quick.expect("changed").data["id"] == "after"


def test_a_restart_says_goodbye_and_when_to_come_back(client: FlaskClient, people: People, live: LiveProcess) -> None:
    streams = [live.follow(client, people.join(name).headers, "me") for name in ("sita", "ram", "gita")]
    live.process.send_signal(signal.SIGTERM)
    pauses = set()
    for stream in streams:
        bye = stream.expect("bye")
        assert bye.data["reason"] == "restart"
        assert bye.fields["retry"] == str(bye.data["retry_ms"])
        pauses.add(bye.data["retry_ms"])
        stream.expect_end()
    assert len(pauses) > 1, "not all come back at once"
    assert live.process.wait(10) == 0


def test_a_command_that_ends_right_after_its_commit_is_heard(
    client: FlaskClient, people: People, environment: dict[str, str], live: LiveProcess
) -> None:
    sita = people.join("sita")
    stream = live.follow(client, sita.headers, "me")
    command = ANNOUNCING.format(topic=topic_of_user(sita.id))
    own = {**environment, "POWERBANK_ENV": "test", "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", command], env=own, cwd=ROOT, check=True)
    assert stream.expect("changed").data["id"] == "last"
