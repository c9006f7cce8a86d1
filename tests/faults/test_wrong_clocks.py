"""Hosts whose clocks are wrong. Nothing is decided by them, and staff hear of it."""

import pytest

from powerbank.ops import queries
from tests import sample_jobs
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults

DAY = "86400"
FAR = "SELECT count(*) FROM schedules WHERE cron LIKE '* * * * *%' AND next_run_at > now() + interval '2 min'"


def test_a_worker_and_a_scheduler_a_day_ahead_move_nothing(plant: Plant) -> None:
    scheduler = plant.scheduler(TEST_SLOTS="yes", TEST_HOST_IS_AHEAD=DAY)
    worker = plant.worker(TEST_SLOTS="yes", TEST_HOST_IS_AHEAD=DAY)
    plant.enqueue(sample_jobs.FAILING, key="tried again")  # in a second, and not in a day
    slots = "SELECT count(*) FROM test_effects WHERE key LIKE '20%'"
    wait_until(lambda: plant.value(slots) >= 3, 30, "the slots of three seconds have run")
    died = "SELECT count(*) FROM outbox_jobs WHERE job = 'test_failing' AND state = 'dead'"
    wait_until(lambda: plant.value(died) == 1, 30, "the failing job has had its tries")
    assert plant.value(FAR) == 0
    assert plant.value("SELECT count(*) FROM outbox_jobs WHERE run_after > now() + interval '1 min'") == 0
    assert plant.value("SELECT count(*) FROM heartbeats WHERE started_at > now()") == 0
    with plant.context():
        wrong = [problem for problem in queries.read_queue_health().alerts if problem.kind == "clock_wrong"]
    assert [problem.is_news for problem in wrong] == [True], "one host, one alert"
    assert "86400 s ahead" in wrong[0].detail
    assert worker.alive
    assert scheduler.alive
