"""The fixtures of all tests; README.md beside this file says what each gives.

A run has one PostgreSQL and one Redis; each process of it has a database and two Redis numbers. Commits are real. After
each test its rows are deleted and Redis is emptied.
"""

import contextlib
import functools
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask, Response
from flask.testing import FlaskClient

from powerbank import freeze_loaded_objects
from powerbank.integrations.webpush import vapid
from scripts.sandbox import testing
from scripts.sandbox.environment import settings as played_by_sandbox
from scripts.sandbox.server import Sandbox
from scripts.sandbox.vendors.fcm.accounts import write_service_account
from scripts.stack.stack import Stack
from tests import sample_jobs
from tests.databases import (
    TEMPLATE,
    Emptier,
    data_folder,
    execute,
    forget_killed_runs,
    servers_of_this_run,
    stack_in,
    superuser_url,
)
from tests.distribution import compile_tests, deal
from tests.house.moves import KeyedClient, uncounted, watching
from tests.nursery import Nursery, nursery_process
from tests.people import Inbox, People

gc.disable()  # until all tests are collected

ROOT = Path(__file__).parents[1]
ADMIN = "admin@example.com"
PASSWORD = "correct horse battery"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the tests out evenly, where several processes run them."""
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    if processes > 1:
        deal(items, processes)


def pytest_collection_finish() -> None:
    """Begin to collect garbage, but pass by the thousands of tests and all that they import: they stay to the end."""
    freeze_loaded_objects()
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the first process; the processes of xdist find their addresses in the environment."""
    if hasattr(config, "workerinput"):
        return
    everything = contextlib.ExitStack()
    config.add_cleanup(everything.close)
    compiling: list[int] = []
    if config.getoption("numprocesses", None):
        os.environ["TEST_NURSERY"] = everything.enter_context(nursery_process())
        compiling = list(compile_tests())
    forget_killed_runs()
    everything.enter_context(servers_of_this_run())
    for pid in compiling:
        os.waitpid(pid, 0)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with contextlib.ExitStack() as own:
        address = os.environ.get("TEST_NURSERY") or own.enter_context(nursery_process())
        yield own.enter_context(contextlib.closing(Nursery(address)))


@pytest.fixture(scope="session")
def database_name(worker_id: str) -> str:
    return f"powerbank_{worker_id}"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Play the vendors in this process, over HTTP and SMTP."""
    with testing.running() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def environment(
    worker_id: str, database_name: str, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Give the settings with which a program works on this test process's own database and Redis numbers."""
    execute(
        superuser_url("postgres"),
        f'DROP DATABASE IF EXISTS "{database_name}" WITH (FORCE)',
        f'CREATE DATABASE "{database_name}" OWNER powerbank_owner TEMPLATE {TEMPLATE}',
    )
    account = tmp_path_factory.mktemp("fcm") / "service-account.json"
    write_service_account(account, sandbox.url, sandbox.accounts.fcm_project)
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw"))
    port = os.environ["TEST_REDIS_PORT"]
    found = {
        "DATABASE_URL": os.environ["DATABASE_URL"].replace(f"/{TEMPLATE}?", f"/{database_name}?"),
        "DATABASE_OWNER_URL": os.environ["DATABASE_OWNER_URL"].replace(f"/{TEMPLATE}?", f"/{database_name}?"),
        "REDIS_URL": f"redis://127.0.0.1:{port}/{2 * number}",
        "REDIS_CACHE_URL": f"redis://127.0.0.1:{port}/{2 * number + 1}",
        "RATE_LIMIT_PER_MINUTE": "100000",
        "WORKER_MAX_MEMORY_MB": "8192",  # all that tests ever load counts as its worker's
        **played_by_sandbox(sandbox.url, sandbox.smtp_port, sandbox.accounts),
        "FCM_CREDENTIALS": str(account),
        "WEB_PUSH_KEY": vapid.make_private_key(),
        "DOCUMENTS_DIR": str(tmp_path_factory.mktemp("documents")),
    }
    os.environ.update(found)
    return found


@pytest.fixture(scope="session")
def app(environment: dict[str, str]) -> Flask:
    from powerbank import create_app

    sample_jobs.register()
    hash_passwords_quickly()
    app = create_app()
    app.testing = True
    app.test_client_class = KeyedClient
    return app


@pytest.fixture(scope="session")
def moves(app: Flask) -> Iterator[list[str]]:
    from powerbank.base.db import db

    with app.app_context():
        engine = db.engine
    with watching(engine) as found:

        @app.after_request
        def count(response: Response) -> Response:
            found.extend(uncounted(response))
            return response

        yield found


@pytest.fixture(autouse=True)
def _what_moves_asks_for_a_key(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which a POST moved something without asking for an Idempotency-Key.

    A test without the application makes no request, and need not wait for it.
    """
    if "app" not in request.fixturenames:
        yield
        return
    moves: list[str] = request.getfixturevalue("moves")
    moves.clear()
    yield
    assert moves == []


def hash_passwords_quickly() -> None:
    """Hash passwords with far less work: hundreds of sign-ins in these tests would keep two cores busy for minutes."""
    from powerbank.auth.staff import passwords

    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=256, parallelism=1)
    passwords._DECOY_HASH = passwords._hasher.hash("nobody has this password")


@pytest.fixture(scope="session")
def emptier(environment: dict[str, str], database_name: str) -> Iterator[Emptier]:
    with contextlib.closing(Emptier(superuser_url(database_name))) as emptier:
        yield emptier


@pytest.fixture
def clean(app: Flask, emptier: Emptier) -> Iterator[None]:
    """Run the test, then delete what it wrote."""
    from powerbank.base.redis_clients import cache_redis, queue_redis
    from powerbank.outbox.outbound import unsent

    yield
    emptier.empty()
    unsent.forget()
    with app.app_context():
        queue_redis().flushdb()
        cache_redis().flushdb()
    shutil.rmtree(app.config["SETTINGS"].documents_dir, ignore_errors=True)


@pytest.fixture
def context(app: Flask, database_name: str, clean: None) -> Iterator[Flask]:
    """Give an application context, as a job or a command has."""
    with app.app_context():
        yield app


@pytest.fixture(autouse=True)
def _test_database(app: Flask, database_name: str) -> None:
    app.config["TEST_DATABASE"] = database_name


@pytest.fixture(autouse=True)
def _by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it day for every test, so that no notice waits for the morning."""
    from powerbank.notifications.people import quiet_hours

    monkeypatch.setattr(quiet_hours, "end_of_night", lambda _now: None)


@pytest.fixture(autouse=True)
def _monitored_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work out anew whatever a monitor reads, so that tests do not wait some seconds for it."""
    from powerbank.ops import health_routes

    monkeypatch.setattr(health_routes, "ANSWERS_CACHED_SECONDS", 0.0)


@pytest.fixture
def client(app: Flask, clean: None) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def worker_of(app: Flask) -> Callable[..., Any]:
    """Give the worker of some queues, and keep it: making one and signing it on and off costs as much as ten jobs."""
    from jobs.worker.loop import Worker
    from powerbank.base.redis_clients import connect

    return functools.cache(lambda *queues: Worker(app, queues, connect(os.environ["REDIS_URL"])))


@pytest.fixture
def work(app: Flask, worker_of: Callable[..., Any]) -> Callable[..., None]:
    """Do all jobs that wait, in this process, as a worker's loop does."""
    from powerbank.outbox.policy import Queue, lanes

    def drain(*queues: str) -> None:
        worker = worker_of(*lanes(Queue(queue) for queue in queues or Queue))
        with app.app_context():
            while (taken := worker.dequeue_job_and_maintain_ttl(None)) is not None:
                worker.execute_job(*taken)

    return drain


@pytest.fixture
def staff_headers(app: Flask, clean: None) -> Callable[..., dict[str, str]]:
    """Sign in a member of staff with a role: `staff_headers("viewer")`."""
    from powerbank.auth.staff import sessions as staff_sessions
    from powerbank.auth.staff.models import StaffMember
    from powerbank.auth.staff.roles import Role
    from powerbank.base.db import transaction, utcnow

    def sign_in(role: str = "superadmin") -> dict[str, str]:
        with app.app_context():
            member = StaffMember(email=f"{role}@example.com", password_hash="unused", role=Role(role))
            with transaction() as session:
                session.add(member)
                session.flush()
                session.refresh(member)
                begun = staff_sessions.begin_session(member, kind="api", user_agent=None, ip_address=None, now=utcnow())
                tokens = staff_sessions.issue_tokens(begun, member)
            return {"Authorization": f"Bearer {tokens.access_token}"}

    return sign_in


@pytest.fixture
def people(app: Flask, clean: None) -> People:
    """Make people: `people.join("sita")`."""
    return People(app)


@pytest.fixture
def inbox(sandbox: Sandbox) -> Iterator[Inbox]:
    """List what the vendors were given in this test."""
    sandbox.messages.clear()  # a test that asked for no inbox may have sent something too
    yield Inbox(sandbox)
    sandbox.faults.clear()
    sandbox.messages.clear()


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Start PostgreSQL and Redis for this test alone, to be stopped, killed and wiped."""
    with data_folder() as folder, stack_in(folder, MQTT_URL="unused") as stack:
        yield stack
