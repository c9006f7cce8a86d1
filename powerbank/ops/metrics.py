"""Prometheus metrics. What several processes share is read from PostgreSQL when it is asked for."""

import os
import time
from collections.abc import Iterator
from itertools import accumulate

from flask import Flask, Response, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from powerbank.base.db import db
from powerbank.ops import queries
from powerbank.outbox import job_counts

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
REQUESTS = Counter("powerbank_http_requests_total", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "powerbank_http_request_seconds",
    "Time to answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def init_app(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.measured_from = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        # What a caller writes there must not make new series without end.
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route, response.status_code).inc()
        if "measured_from" in g:
            LATENCY.labels(route).observe(time.perf_counter() - g.measured_from)
        return response


class _Queues(Collector):
    def collect(self) -> Iterator[Metric]:
        """What this process has counted is told in any case: it is wanted most when the database is away."""
        try:
            found = list(self._from_database())
        except SQLAlchemyError:
            db.session.rollback()
            found = []
        yield GaugeMetricFamily("powerbank_database_up", "Whether the database answers.", bool(found))
        yield from found

    def _from_database(self) -> Iterator[Metric]:
        health = queries.read_queue_health()
        waiting = GaugeMetricFamily("powerbank_jobs_waiting", "Jobs that are due and open.", labels=["queue"])
        for queue, length in health.queue_lengths.items():
            waiting.add_metric([queue], length)
        yield waiting
        yield GaugeMetricFamily("powerbank_jobs_oldest_seconds", "Age of the oldest due job.", health.oldest_age_s)
        yield GaugeMetricFamily("powerbank_workers_alive", "Workers with a fresh heartbeat.", health.workers)
        alerts = GaugeMetricFamily("powerbank_alerts", "Open alerts.", labels=["kind"])
        for kind in {problem.kind for problem in health.alerts}:
            alerts.add_metric([kind], sum(problem.kind == kind for problem in health.alerts))
        yield alerts
        dead = GaugeMetricFamily("powerbank_dead_letters", "Dead letters that wait for a decision.", labels=["job"])
        for job, count, _ in queries.count_dead_letters():
            dead.add_metric([job], count)
        yield dead
        yield from _jobs()


def _jobs() -> Iterator[Metric]:
    """What workers have added up. A bucket of Prometheus holds the runs of all shorter ones too."""
    runs = CounterMetricFamily("powerbank_jobs", "Runs of jobs.", labels=["job", "outcome"])
    times = HistogramMetricFamily("powerbank_job_seconds", "Time that runs took.", labels=["job", "outcome"])
    bounds = [*map(str, job_counts.BOUNDS), "+Inf"]
    for row in job_counts.read_counts():
        labels = [row.job, row.outcome]
        runs.add_metric(labels, sum(row.buckets))
        buckets = list(zip(bounds, accumulate(row.buckets), strict=True))
        times.add_metric(labels, buckets, sum_value=row.seconds)
    yield runs
    yield times


def expose() -> bytes:
    """gunicorn's processes share their counters through files when PROMETHEUS_MULTIPROC_DIR is set."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(REQUESTS)
        registry.register(LATENCY)
    registry.register(_Queues())
    return generate_latest(registry)
