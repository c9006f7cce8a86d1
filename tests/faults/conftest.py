from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

import config
from powerbank import create_app
from powerbank.base.db import db
from powerbank.base.redis_clients import push_redis, queue_redis
from powerbank.outbox.outbound import unsent
from scripts.stack.stack import Stack
from tests.databases import data_folder, empty, stack_in
from tests.nursery import Nursery
from tests.plant import Plant
from tests.programs import setting


@pytest.fixture(scope="session")
def shared_stack() -> Iterator[Stack]:
    """Give servers that several tests share.

    These tests leave the servers running, and only fill, spoil and empty them.
    """
    with data_folder() as folder, stack_in(folder, MQTT_URL="unused") as stack:
        yield stack


@pytest.fixture
def plant(shared_stack: Stack, nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    """Give a plant on servers that stay up. A module that stops, kills or wipes servers takes `own_plant` instead."""
    with _plant(shared_stack, nursery, tmp_path, monkeypatch) as plant:
        yield plant
    assert shared_stack.postgres is not None
    empty(shared_stack.postgres.superuser_url())
    with Redis(port=shared_stack.ports.redis) as redis:
        redis.flushall()


@pytest.fixture
def own_plant(stack: Stack, nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    with _plant(stack, nursery, tmp_path, monkeypatch) as plant:
        yield plant


@contextmanager
def _plant(stack: Stack, nursery: Nursery, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    book = folder / "vendor"
    book.touch()
    urls = {name: url for name, url in stack.environment().items() if name != "MQTT_URL"}
    environment = {
        **urls,
        "POWERBANK_ENV": "test",
        "LOG_LEVEL": "INFO",
        "PATH": "/usr/bin:/bin",
        "TEST_SHORT_WAITS": "yes",
        "TEST_VENDOR": str(book),
    }
    for name in ("TEST_SHORT_WAITS", "TEST_VENDOR"):
        monkeypatch.setenv(name, environment[name])
    setting.apply(monkeypatch)
    app = create_app(config.Settings(powerbank_env="test", **{name.lower(): url for name, url in urls.items()}))
    plant = Plant(stack, app, nursery, environment, folder)
    plant.sweep()  # the first one ever takes the fresh Redis for one that lost its memory
    try:
        yield plant
    finally:
        plant.close()
        unsent.forget()
        with app.app_context():
            queue_redis().close()
            push_redis().close()
            db.engine.dispose()
