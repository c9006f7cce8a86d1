"""PostgreSQL is the truth. When it is away nothing is promised, and what was promised holds afterwards."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Response, request
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from powerbank.base.db import db, read_alone, transaction
from powerbank.base.errors import ConflictError
from powerbank.outbox.enqueue import enqueue
from scripts.stack.stack import Stack
from tests import sample_jobs
from tests.databases import data_folder, stack_in
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults


@pytest.fixture
def plant(own_plant: Plant) -> Plant:
    return own_plant


def test_restarted_hard_under_load_it_keeps_every_promise(plant: Plant) -> None:
    plant.scheduler()
    workers = [plant.worker(), plant.worker()]
    answered: list[str] = []
    refused: list[str] = []
    stop = threading.Event()

    def load(name: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            key = f"{name}/{number}"
            spec = (sample_jobs.EFFECT, sample_jobs.STEPWISE, sample_jobs.SLOW)[number % 3]
            more = {"seconds": 0.05} if spec is sample_jobs.SLOW else {}
            try:
                plant.enqueue(spec, key=key, **more)
                answered.append(key)
            except DBAPIError:
                refused.append(key)
            time.sleep(0.02)

    threads = [threading.Thread(target=load, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        time.sleep(1.5)
        plant.postgres.stop("immediate")
        time.sleep(0.7)
        plant.postgres.start()
    time.sleep(1)
    stop.set()
    for thread in threads:
        thread.join(20)
    assert refused
    plant.drain(60)
    assert plant.wrong() == []
    kept = {row[0] for row in plant.rows("SELECT arguments ->> 'key' FROM outbox_jobs WHERE job LIKE 'test%'")}
    assert kept >= set(answered)
    assert plant.rows("SELECT job, cause, last_error FROM outbox_jobs WHERE state = 'dead'") == []
    assert len(plant.vendor_requests()) == len(set(plant.vendor_requests()))
    assert all(worker.alive for worker in workers)


def test_a_job_without_retries_survives_a_restart_of_the_database(plant: Plant) -> None:
    """That the database went away says nothing about the job: it must not use up its tries."""
    plant.worker()
    job_id = plant.enqueue(sample_jobs.UNREPEATED, key="a", seconds=1.5)
    wait_until(lambda: plant.in_hand() == 1, 10, "it runs")
    plant.postgres.stop("immediate")
    plant.postgres.start()
    plant.drain(30)
    assert plant.effects() == {"a": 1}
    assert plant.job(job_id)["failures"] == 0


def test_a_vendors_job_that_ends_while_the_database_is_away_is_resumed(plant: Plant) -> None:
    """Its worker lives on, so that its claim would stand for as long as the job may take: an hour."""
    worker = plant.worker()
    job_id = plant.enqueue(sample_jobs.STEPWISE, key="a", seconds=1)
    wait_until(lambda: len(plant.vendor_requests()) == 1, 10, "the vendor has the request")
    plant.postgres.stop("immediate")
    wait_until(lambda: "database away during a job" in plant.logs("worker"), 10, "the worker cannot note the end")
    plant.postgres.start()
    plant.drain(20)
    assert plant.effects() == {f"a:{job_id}-call": 1}
    assert plant.vendor_requests() == [f"{job_id}-call a"]
    assert worker.alive


def test_a_request_that_meets_broken_connections_is_told_to_come_back(plant: Plant) -> None:
    client = _client(plant)
    assert client.post("/test/enqueue?key=before").status_code == 202
    plant.postgres.stop("immediate")
    assert client.post("/test/enqueue?key=away").status_code == 503
    plant.postgres.start()
    answers = [client.post(f"/test/enqueue?key={number}").status_code for number in range(3)]
    assert set(answers) <= {202, 503}
    assert answers[-1] == 202


def test_a_request_that_meets_a_connection_broken_since_its_last_use_is_told_to_come_back(plant: Plant) -> None:
    client = _client(plant)
    assert client.post("/test/enqueue?key=before").status_code == 202
    plant.postgres.stop("immediate")
    plant.postgres.start()
    assert client.post("/test/enqueue?key=first").status_code in (202, 503)
    assert client.post("/test/enqueue?key=second").status_code == 202


def test_a_server_that_ends_after_the_work_is_done_changes_no_answer(plant: Plant) -> None:
    """Flask ends the session behind the answer: its rollback meets a connection that broke after the last statement."""
    client = _client(plant)
    ends = threading.Event()

    @plant.app.get("/test/read")
    def read() -> Response:
        db.session.execute(text("SELECT 1"))
        if ends.is_set():
            plant.postgres.stop("immediate")
            plant.postgres.start()
        return Response("read")

    ends.set()
    assert client.get("/test/read").status_code == 200
    ends.clear()
    assert [client.get("/test/read").status_code for _ in range(3)] == [200] * 3, "nothing broken is left behind"


def test_a_refusal_stays_what_it_is_although_the_server_ends_before_its_rollback(plant: Plant) -> None:
    client = _client(plant)

    @plant.app.post("/test/refuse")
    def refuse() -> Response:
        with transaction() as session:
            session.execute(text("SELECT 1"))
            plant.postgres.stop("immediate")
            plant.postgres.start()
            raise ConflictError("not_now", "Not now.")

    answer = client.post("/test/refuse")
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (409, "not_now")
    assert client.post("/test/enqueue?key=after").status_code == 202


def test_whatever_a_crash_meets_is_answered_with_a_time_to_come_back(plant: Plant) -> None:
    """Many requests at once, in all stages, while the server crashes: a 500 says that we made a mistake."""
    _client(plant)
    answers: list[tuple[int, str | None]] = []
    stop = threading.Event()

    @plant.app.get("/test/alone")
    def alone() -> Response:
        return Response(str(read_alone(text("SELECT count(*) FROM outbox_jobs"), {})))

    def load(name: int) -> None:
        client, number = plant.app.test_client(), 0
        while not stop.is_set():
            number += 1
            for answer in (client.post(f"/test/enqueue?key={name}/{number}"), client.get("/test/alone")):
                answers.append((answer.status_code, answer.headers.get("Retry-After")))

    threads = [threading.Thread(target=load, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        time.sleep(0.4)
        plant.postgres.stop("immediate")
        plant.postgres.start()
    before = len(answers)
    wait_until(lambda: (202, None) in answers[before:], 10, "it goes on afterwards")
    stop.set()
    for thread in threads:
        thread.join()
    assert {answer for answer in answers if answer[0] >= 300} == {(503, "5")}


def _client(plant: Plant) -> FlaskClient:
    @plant.app.post("/test/enqueue")
    def accept() -> Response:
        with transaction():
            enqueue(sample_jobs.EFFECT, key=request.args["key"], padding="x" * 20_000)
        return Response(status=202)

    return plant.app.test_client()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="powerbank-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160m,mode=0711", "none", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    folder.chmod(0o711)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Start the servers on the small disk, for a test that asks for one."""
    with data_folder() as folder:
        small = "small_disk" in request.fixturenames
        stack = stack_in(request.getfixturevalue("small_disk") / "data" if small else folder, MQTT_URL="unused")
        stack.start()
        yield stack
        stack.stop()
        stack.wipe()


def test_with_a_full_disk_no_success_is_answered_that_is_not_kept(small_disk: Path, plant: Plant) -> None:
    client = _client(plant)
    answers: dict[str, int] = {}

    def ask(key: str) -> int:
        answers[key] = client.post(f"/test/enqueue?key={key}").status_code
        return answers[key]

    assert ask("before") == 202
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        while shutil.disk_usage(small_disk).free > 300_000:
            file.write(b"x" * 100_000)
            file.flush()
    number = 0
    while 503 not in answers.values():
        number += 1
        assert number < 3000, "the disk never filled"
        ask(f"full-{number}")
    for further in range(5):
        ask(f"still-full-{further}")
    assert set(answers.values()) == {202, 503}
    filler.unlink()
    plant.postgres.stop("immediate")  # it may have ended by itself
    plant.postgres.start()
    wait_until(lambda: ask("after") == 202, 20, "it accepts again")
    kept = {row[0] for row in plant.rows("SELECT arguments ->> 'key' FROM outbox_jobs")}
    assert kept >= {key for key, status in answers.items() if status == 202}
