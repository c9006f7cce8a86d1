"""Redis may lose everything at any moment."""

from datetime import timedelta

import pytest

from powerbank.db import transaction, utcnow
from powerbank.queue import enqueue
from powerbank.redis_clients import queue_redis
from tests import sample_jobs
from tests.faults.plant import Plant, wait_until

pytestmark = pytest.mark.faults


def test_a_wipe_with_a_thousand_jobs_queued_delayed_and_running_loses_none(plant: Plant) -> None:
    plant.scheduler()
    plant.worker()
    with plant.context(), transaction():
        enqueue(sample_jobs.SLOW, key="running", seconds=2)
    in_hand = "SELECT count(*) FROM pg_locks WHERE relation = 'outbox_jobs'::regclass AND mode = 'RowExclusiveLock'"
    wait_until(lambda: plant.value(in_hand) > 0, 10, "the slow job runs")
    with plant.context(), transaction():
        for number in range(700):
            enqueue(sample_jobs.EFFECT, key=f"queued {number}")
        for number in range(299):
            enqueue(sample_jobs.EFFECT, key=f"delayed {number}", at=utcnow() + timedelta(seconds=4))
    with plant.context():
        assert queue_redis().llen("rq:queue:default") == 700
        queue_redis().flushall()
    # Nobody sweeps here: the scheduler's own loop must notice, and wake the delayed ones.
    wait_until(lambda: plant.open_jobs() == 0, 40, "all are done")
    effects = plant.effects()
    assert len(effects) == 1000
    assert set(effects.values()) == {1}
