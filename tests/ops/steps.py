"""Prepare the health of a system in tests, and read it."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import db
from powerbank.outbox import heartbeats
from powerbank.outbox.policy import Queue, lanes

Work = Callable[..., None]


def add_worker(app: Flask, *queues: str) -> None:
    """Add the heartbeats of a worker and a scheduler."""
    with app.app_context():
        heartbeats.record(db.engine, name="s1", kind="scheduler", queues=[])
        heartbeats.record(db.engine, name="w1", kind="worker", queues=list(queues) or lanes(Queue))


def health(client: FlaskClient) -> tuple[int, dict[str, object]]:
    answer = client.get("/health/queues")
    return answer.status_code, answer.get_json()
