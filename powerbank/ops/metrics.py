"""Prometheus metrics. What all processes share is read from PostgreSQL each time that somebody asks."""

import os
from collections.abc import Iterator
from itertools import accumulate

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

from config import VERSION
from powerbank.analytics import queries as figures
from powerbank.analytics.buckets import folding
from powerbank.base.db import db, utcnow
from powerbank.ops import queries
from powerbank.ops.machinery import maintenance, service_levels
from powerbank.ops.now import flows, stocks
from powerbank.outbox import job_counts
from powerbank.rentals.start import admission

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
REQUESTS = Counter("powerbank_http_requests_total", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "powerbank_http_request_seconds",
    "Time to answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def count_request(method: str, route: str, status: int, seconds: float | None) -> None:
    # Whatever a caller writes as the method must not make new series without end.
    REQUESTS.labels(method if method in METHODS else "other", route, status).inc()
    if seconds is not None:
        LATENCY.labels(route).observe(seconds)


class _MachineryCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        """Read the machinery. Without the database the counts of this process stay, which are wanted most then."""
        try:
            found = list(self._from_database())
        except SQLAlchemyError:
            db.session.rollback()
            found = []
        build = GaugeMetricFamily("powerbank_build_info", "The version that serves.", labels=["version"])
        build.add_metric([VERSION], 1)
        yield build
        yield GaugeMetricFamily("powerbank_database_up", "Whether the database answers.", bool(found))
        yield from found

    def _from_database(self) -> Iterator[Metric]:
        health = queries.read_queue_health()
        waiting = GaugeMetricFamily("powerbank_jobs_waiting", "Jobs that are due and open.", labels=["queue"])
        for queue, length in health.queue_lengths.items():
            waiting.add_metric([queue], length)
        yield waiting
        yield GaugeMetricFamily("powerbank_jobs_oldest_seconds", "Age of the oldest due job.", health.oldest_age_s)
        load = admission.read_start_load()
        yield GaugeMetricFamily("powerbank_starts_waiting", "Starts whose command has not gone out.", load.waiting)
        yield GaugeMetricFamily("powerbank_starts_rate", "Ejections sent in a second, of late.", load.rate)
        yield GaugeMetricFamily("powerbank_workers_alive", "Workers with a fresh heartbeat.", health.workers)
        alerts = GaugeMetricFamily("powerbank_alerts", "Open alerts.", labels=["kind"])
        for kind in {problem.kind for problem in health.alerts}:
            alerts.add_metric([kind], sum(problem.kind == kind for problem in health.alerts))
        yield alerts
        dead = GaugeMetricFamily("powerbank_dead_letters", "Dead letters that wait for a decision.", labels=["job"])
        for job, count, _ in queries.count_dead_letters():
            dead.add_metric([job], count)
        yield dead
        yield from _network_metrics()
        yield from _figure_metrics()
        yield from _maintenance_metrics()
        yield from _job_metrics()


def _network_metrics() -> Iterator[Metric]:
    """Tell what the network has at this moment, and how long its people waited of late."""
    now = utcnow()
    held = stocks.count_stocks()
    yield GaugeMetricFamily("powerbank_rentals_open", "Rentals that are not over.", held.open_rentals)
    yield GaugeMetricFamily("powerbank_rentals_overdue", "Rentals that are late.", held.overdue_rentals)
    yield GaugeMetricFamily("powerbank_banks_out", "Power banks in the hands of people.", held.banks_out)
    yield GaugeMetricFamily(
        "powerbank_stations_away", "Stations that should be online and are not.", held.stations_away
    )
    yield GaugeMetricFamily("powerbank_dues_paisa", "What people owe.", held.dues)
    today = flows.count_flows(now)
    yield GaugeMetricFamily("powerbank_rentals_started_today", "Rentals that began today.", today.started)
    yield GaugeMetricFamily("powerbank_topped_up_today_paisa", "Money that was topped up today.", today.topped_up)
    yield GaugeMetricFamily("powerbank_topups_failed_today", "Top-ups that failed today.", today.topups_failed)
    yield GaugeMetricFamily("powerbank_revenue_today_paisa", "Revenue of today.", today.revenue)
    for name, waits in (("starts", service_levels.count_starts(now)), ("topups", service_levels.count_topups(now))):
        recent = GaugeMetricFamily(
            f"powerbank_{name}_recent", "Of five minutes, by whether they came in time.", labels=["result"]
        )
        recent.add_metric(["in_time"], waits.in_time)
        recent.add_metric(["late"], waits.late)
        yield recent


def _figure_metrics() -> Iterator[Metric]:
    """Tell how fresh the figures are, and how much waits to be made again."""
    mark = figures.find_mark()
    if mark is not None:
        made = GaugeMetricFamily("powerbank_figures_made_timestamp_seconds", "When a bucket of figures was made last.")
        made.add_metric([], mark.made_at.timestamp())
        yield made
    yield GaugeMetricFamily("powerbank_figures_stale", "Hours and days to be made again.", folding.count_stale())


def _maintenance_metrics() -> Iterator[Metric]:
    """Tell when backups, restore drills and upgrades last went well, and which of them failed since."""
    well = GaugeMetricFamily(
        "powerbank_maintenance_succeeded_timestamp_seconds", "When it last went well.", labels=["kind"]
    )
    failed = GaugeMetricFamily("powerbank_maintenance_failed", "1 if the last one failed.", labels=["kind"])
    for run in maintenance.read_last_runs():
        if run.succeeded_at is not None:
            well.add_metric([run.kind], run.succeeded_at.timestamp())
        failed.add_metric([run.kind], run.finished_at != run.succeeded_at)
    yield well
    yield failed


def _job_metrics() -> Iterator[Metric]:
    """Read what workers have added up. A bucket of Prometheus also holds the runs of all shorter ones."""
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


def render_metrics() -> bytes:
    """Render all metrics. With PROMETHEUS_MULTIPROC_DIR the processes of gunicorn share their counters in files."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(REQUESTS)
        registry.register(LATENCY)
        registry.register(admission.REFUSED)
    registry.register(_MachineryCollector())
    return generate_latest(registry)
