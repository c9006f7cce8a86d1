"""One request can be followed through everything that came of it: its log lines, its jobs, and the jobs of those."""

from collections.abc import Callable

import structlog
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.people import People, rows

Work = Callable[..., None]


def test_what_follows_from_a_request_bears_its_id(app: Flask, client: FlaskClient, people: People, work: Work) -> None:
    challenge, code = people.ask_code(client, "9841234567")
    verified = client.post("/api/auth/verify-otp", json={"challenge_id": challenge, "code": code}).get_json()
    who = {"verification_token": verified["verification_token"], "username": "sita"}
    assert client.post("/api/auth/register", json=who).status_code == 201
    asked = rows(app, "SELECT request_id FROM outbox_jobs")
    structlog.contextvars.clear_contextvars()  # a worker is another program
    work()
    jobs = rows(app, "SELECT request_id FROM outbox_jobs")
    assert len(jobs) > len(asked), "jobs ask for others"
    assert set(jobs) == set(asked)
    assert (None,) not in jobs


def test_a_run_leaves_nothing_of_its_request_to_the_next(context: Flask, work: Work) -> None:
    structlog.contextvars.clear_contextvars()
    with structlog.contextvars.bound_contextvars(request_id="tap-2"), transaction():
        enqueue(sample_jobs.EFFECT, key="a")
    work()
    assert "request_id" not in structlog.contextvars.get_contextvars()
