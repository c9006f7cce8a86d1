"""What our worker, the wire and the scheduler lean on inside RQ and rq-scheduler."""

import inspect
import os
from importlib.metadata import version

import pytest
from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker, worker_registration
from rq.job import Job, JobStatus
from rq.registry import FinishedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker
from rq_scheduler import Scheduler as RqScheduler

from jobs.worker.loop import Worker
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import wire
from powerbank.outbox.wire import Message, push


def ids(registry: type, queue: str = "default") -> list[str]:
    found: list[str] = registry(queue, connection=queue_redis(), serializer=JSONSerializer).get_job_ids(cleanup=False)
    return found


class TestWhatWeLeanOn:
    """After an update of RQ or rq-scheduler that fails here, read `powerbank/outbox/wire.py` and `jobs/worker/`."""

    def test_the_versions_are_those_that_the_worker_was_written_against(self) -> None:
        assert version("rq").startswith("2.12.")
        assert version("rq-scheduler").startswith("0.14.")

    def test_the_loop_reads_the_stop_flag_and_ends_when_nothing_is_taken(self) -> None:
        source = inspect.getsource(BaseWorker.work)
        for piece in ("self._stop_requested", "self.dequeue_job_and_maintain_ttl(", "if result is None:", "break"):
            assert piece in source

    @pytest.mark.parametrize(
        "method",
        [
            "check_for_suspension",
            "heartbeat",
            "set_state",
            "procline",
            "dequeue_job_and_maintain_ttl",
            "execute_job",
            "perform_job",
            "request_stop",
            "request_force_stop",
            "bootstrap",
            "teardown",
            "handle_job_failure",
            "register_birth",
            "subscribe",
            "run_maintenance_tasks",
            "serialize",
        ],
    )
    def test_the_hooks_are_there(self, method: str) -> None:
        assert callable(getattr(SimpleWorker, method))

    def test_keys_have_the_names_that_the_script_writes(self, context: Flask) -> None:
        redis = queue_redis()
        assert Job.key_for("x") == "rq:job:x" == f"{wire.MESSAGE_PREFIX}x"
        assert Queue("q", connection=redis).key == "rq:queue:q" == wire.queue_key("q")
        assert wire.workers_key("q") == worker_registration.WORKERS_BY_QUEUE_KEY % "q"
        assert SimpleWorker.redis_worker_namespace_prefix == "rq:worker:"
        assert RqScheduler.scheduled_jobs_key == wire.DELAYED_KEY
        assert StartedJobRegistry("q", connection=redis).key == "rq:wip:q"
        assert FinishedJobRegistry("q", connection=redis).key == "rq:finished:q"
        assert StartedJobRegistry.parse_job_id("a:b") == "a"

    def test_a_started_message_is_where_rq_looks_for_it(self, context: Flask) -> None:
        push([Message("m-1", "test_losable")])
        worker = Worker(context, ["analytics"], Redis.from_url(os.environ["REDIS_URL"]))
        taken = worker._take(None)
        assert taken is not None
        assert ids(StartedJobRegistry, "analytics") == ["m-1"]
        assert taken[0].get_status() == JobStatus.STARTED
