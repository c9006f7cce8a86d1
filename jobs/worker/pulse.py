"""The heartbeats of a worker, in PostgreSQL and in Redis."""

import threading
from collections.abc import Callable

import structlog
from flask import Flask
from redis import Redis
from rq import SimpleWorker

from jobs.worker.messages import rq_time
from jobs.worker.runtime import release_abandoned_claims
from powerbank.base.db import db, utcnow
from powerbank.base.redis_clients import connect
from powerbank.outbox import heartbeats, job_counts
from powerbank.outbox.wire import workers_key

log = structlog.get_logger(__name__)

WORKER_TTL = 20


class Pulse:
    """Beats for the worker, in PostgreSQL and in Redis, also while a job keeps it busy."""

    def __init__(self, app: Flask, worker: SimpleWorker) -> None:
        self._app, self._worker = app, worker
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._beat_database()
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        _quietly(self._hand_over_counts)
        with self._app.app_context():
            _quietly(lambda: heartbeats.sign_off(db.engine, self._worker.name))

    def _run(self) -> None:
        settings = self._app.config["SETTINGS"]
        connection = connect(settings.redis_url)
        while not self._stopped.wait(heartbeats.INTERVAL):
            _quietly(self._beat_database)
            _quietly(self._hand_over_counts)
            _quietly(self._release_left_claims)
            _quietly(lambda: self._beat_redis(connection))

    def _beat_database(self) -> None:
        worker = self._worker
        with self._app.app_context():
            heartbeats.record(db.engine, name=worker.name, kind="worker", queues=worker.queue_names())

    def _hand_over_counts(self) -> None:
        with self._app.app_context():
            job_counts.write_counts(db.engine)

    def _release_left_claims(self) -> None:
        with self._app.app_context():
            release_abandoned_claims()

    def _beat_redis(self, connection: Redis) -> None:
        """Beat in Redis, and so register a worker anew that a wipe has made invisible."""
        worker = self._worker
        with connection.pipeline() as pipe:
            pipe.hset(worker.key, mapping={**worker.serialize(), "last_heartbeat": rq_time(utcnow())})
            pipe.expire(worker.key, WORKER_TTL + 60)
            pipe.sadd(worker.redis_workers_keys, worker.key)
            for queue in worker.queues:
                pipe.sadd(workers_key(queue.name), worker.key)
            pipe.execute()


def _quietly(beat: Callable[[], None]) -> None:
    try:
        beat()
    except Exception as error:
        log.warning("missed a heartbeat", error=str(error).splitlines()[0])
