from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_migrate import upgrade

import config
from powerbank import create_app
from powerbank.db import db
from powerbank.queue import Outbound
from powerbank.redis_clients import push_redis, queue_redis
from scripts.stack import Stack
from tests import sample_jobs
from tests.conftest import GRANT_EFFECTS, execute
from tests.faults.plant import Nursery, Plant
from tests.programs import setting


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def plant(stack: Stack, nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    book = tmp_path / "vendor"
    book.touch()
    environment = {
        **{name: url for name, url in stack.environment().items() if name != "MQTT_URL"},
        "POWERBANK_ENV": "test",
        "LOG_LEVEL": "INFO",
        "PATH": "/usr/bin:/bin",
        "TEST_SHORT_WAITS": "yes",
        "TEST_VENDOR": str(book),
    }
    monkeypatch.setenv("TEST_VENDOR", str(book))
    monkeypatch.setenv("TEST_SHORT_WAITS", "yes")
    setting.apply(monkeypatch)
    urls = {
        name.lower(): environment[name]
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "REDIS_CACHE_URL")
    }
    app = create_app(config.Settings(powerbank_env="test", **urls))
    with app.app_context():
        upgrade()
    execute(environment["DATABASE_OWNER_URL"], sample_jobs.EFFECTS_TABLE, GRANT_EFFECTS)
    plant = Plant(stack, app, nursery, environment, tmp_path)
    plant.sweep()  # the first one ever takes the fresh Redis for one that lost its memory
    yield plant
    plant.close()
    Outbound.closed_until = 0
    with app.app_context():
        queue_redis().close()
        push_redis().close()
        db.engine.dispose()
