"""Programs that are stopped by no signal of their own choice: their locks are given to others."""

import time

import psycopg2
import pytest

from powerbank.startup import SESSION
from tests import sample_jobs
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults


def test_a_worker_that_is_frozen_in_a_transaction_gives_up_its_locks(plant: Plant) -> None:
    worker = plant.worker()
    job = plant.enqueue(sample_jobs.SLOW, key="frozen", seconds=5)
    wait_until(lambda: plant.in_hand() == 1, 10, "the worker holds the row")
    worker.pause()
    began = time.monotonic()
    with psycopg2.connect(plant.postgres.app_url()) as person, person.cursor() as cursor:
        cursor.execute("SELECT state FROM outbox_jobs WHERE id = %s FOR UPDATE", (job,))
        assert cursor.fetchone() == ("open",)
    assert time.monotonic() - began < 14
    person.close()
    worker.resume()
    plant.drain(30)
    assert plant.effects() == {"frozen": 1}


def test_the_role_has_the_settings_of_a_session_for_what_comes_without_options(plant: Plant) -> None:
    """As through PgBouncer."""
    with psycopg2.connect(plant.postgres.app_url()) as connection, connection.cursor() as cursor:
        for name, value in SESSION.items():
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,)
    connection.close()
