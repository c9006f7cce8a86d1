"""An answer may be lost on its way although the server did what it was asked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import RedisClients
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import State
from scripts.drills.proxy import Proxy, to_port, to_socket
from tests import sample_jobs
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults


@pytest.fixture
def redis_proxy(plant: Plant) -> Iterator[Proxy]:
    proxy = Proxy(to_port(plant.redis.port))
    yield proxy
    proxy.close()


@pytest.fixture
def postgres_proxy(plant: Plant) -> Iterator[Proxy]:
    proxy = Proxy(to_socket(f"{plant.postgres.place.sockets}/.s.PGSQL.5432"))
    yield proxy
    proxy.close()


def _through(proxy: Proxy) -> dict[str, str]:
    return {"REDIS_URL": f"redis://127.0.0.1:{proxy.port}/0"}


def test_a_push_whose_answer_was_lost_gives_one_effect(plant: Plant, redis_proxy: Proxy) -> None:
    url = _through(redis_proxy)["REDIS_URL"]
    plant.app.extensions["redis"] = RedisClients(url, url)
    plant.enqueue(sample_jobs.EFFECT, key="before")
    redis_proxy.swallow(b"EXEC")
    plant.enqueue(sample_jobs.EFFECT, key="a")
    assert redis_proxy.swallowed == 1
    plant.worker()
    plant.drain(15)
    assert plant.effects() == {"before": 1, "a": 1}


@pytest.mark.parametrize("command", [b"EVALSHA", b"BLPOP"])
def test_a_message_lost_on_its_way_to_a_worker_is_sent_again(plant: Plant, redis_proxy: Proxy, command: bytes) -> None:
    """The worker lives on and knows nothing of the message that Redis says it has."""
    worker = plant.worker(**_through(redis_proxy))
    plant.enqueue(sample_jobs.EFFECT, key="before")
    wait_until(lambda: plant.effects() == {"before": 1}, 10, "the worker works")
    if command == b"EVALSHA":  # a busy worker takes the next one itself, an idle one is offered it
        plant.enqueue(sample_jobs.SLOW, key="busy", seconds=1)
        wait_until(lambda: plant.in_hand() == 1, 10, "it is busy")
    redis_proxy.swallow(command)
    with plant.context(), transaction():
        jobs = [str(enqueue(sample_jobs.EFFECT, key=f"{number}")) for number in range(5)]
    wait_until(lambda: redis_proxy.swallowed == 1, 10, "an answer is lost")
    plant.drain(20)
    assert {plant.effects()[f"{number}"] for number in range(5)} == {1}
    assert plant.wrong() == []
    assert {plant.job(job_id)["crashes"] for job_id in jobs} == {0}
    assert worker.alive


def test_a_stepwise_job_lost_on_its_way_to_a_worker_calls_its_vendor_once(plant: Plant, redis_proxy: Proxy) -> None:
    plant.worker(**_through(redis_proxy))
    plant.enqueue(sample_jobs.EFFECT, key="before")
    wait_until(lambda: plant.effects() == {"before": 1}, 10, "the worker works")
    redis_proxy.swallow(b"EVALSHA")
    for number in range(3):
        plant.enqueue(sample_jobs.STEPWISE, key=f"{number}")
    wait_until(lambda: redis_proxy.swallowed == 1, 10, "an answer is lost")
    plant.drain(20)
    assert plant.wrong() == []
    assert len(plant.vendor_requests()) == 3


def test_a_scheduler_that_hears_no_answer_loses_no_delayed_job(plant: Plant, redis_proxy: Proxy) -> None:
    scheduler = plant.scheduler(**_through(redis_proxy))
    plant.worker()
    with plant.context(), transaction():
        for number in range(5):
            enqueue(sample_jobs.EFFECT, key=f"{number}", at=utcnow() + timedelta(seconds=3))
    redis_proxy.swallow(b"RPUSH")
    wait_until(lambda: redis_proxy.swallowed == 1, 10, "an answer is lost")
    plant.drain(20)
    assert plant.effects() == {f"{number}": 1 for number in range(5)}
    assert scheduler.alive


@pytest.mark.parametrize("spec", [sample_jobs.EFFECT, sample_jobs.STEPWISE], ids=["plain", "stepwise"])
def test_a_commit_whose_answer_was_lost_gives_one_effect(
    plant: Plant, postgres_proxy: Proxy, spec: sample_jobs.JobSpec
) -> None:
    """Tell whether it was committed, only the row can say."""
    address = plant.postgres.app_url().partition("?")[0].replace("@", f"@127.0.0.1:{postgres_proxy.port}")
    worker = plant.worker(DATABASE_URL=address)
    job_id = plant.enqueue(spec, key="a", **({"seconds": 1} if spec.stepwise else {}))
    if spec.stepwise:
        wait_until(lambda: len(plant.vendor_requests()) == 1, 10, "the vendor has the request")
    else:
        wait_until(lambda: plant.effects() == {"a": 1}, 10, "the worker works")
        job_id = plant.enqueue(sample_jobs.SLOW, key="b", seconds=1)
        wait_until(lambda: plant.in_hand() == 1, 10, "it runs")
    # Heartbeats commit too, so several answers may be lost until it is the job's turn.
    while plant.job(job_id)["state"] == State.OPEN and postgres_proxy.swallowed < 5:
        postgres_proxy.swallow(b"COMMIT")
        plant.sweep()
    plant.drain(20)
    assert postgres_proxy.swallowed
    assert plant.wrong() == []
    assert worker.alive
