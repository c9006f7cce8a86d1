"""Health tells the truth, from PostgreSQL, whatever Redis has forgotten."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from config import load
from powerbank import create_app
from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import schedules
from powerbank.outbox.policy import VENDORS, Queue, lanes
from scripts.stack.ports import free_ports
from scripts.stack.servers.redis import EmbeddedRedis
from tests.nursery import wait_until
from tests.ops.steps import add_worker, health


def test_a_healthy_process_is_live_and_ready(client: FlaskClient) -> None:
    assert client.get("/health/live").get_json() == {"status": "live"}
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")


def test_without_redis_health_is_degraded_and_requests_succeed(app: Flask) -> None:
    alone = create_app(load().model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    answer = alone.test_client().get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")


def test_a_redis_that_answers_and_refuses_is_degraded_too(tmp_path: Path) -> None:
    """As one whose disk is full: it could not save, so it takes no writes (`MISCONF`), and refuses even a PING."""
    redis = EmbeddedRedis(tmp_path, free_ports().redis)
    redis.start()
    try:
        client = create_app(load().model_copy(update={"redis_url": redis.url(), "redis_cache_url": None})).test_client()
        assert client.get("/health/ready").get_json()["status"] == "ready"
        with Redis(port=redis.port) as admin:
            admin.config_set("save", "900 1")
            shutil.rmtree(redis.folder)
            admin.bgsave()
            wait_until(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err", 10, "it cannot save")
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
        assert answer.get_json()["checks"] == {"database": "ok", "redis": "refuses", "rate_limits": "refuses"}
        assert client.get("/api/app/countries").status_code == 200
        assert client.post("/api/auth/get-otp", json={"identifier": "+9779812345678"}).status_code == 503
    finally:
        redis.kill()


def test_without_its_database_a_process_is_not_ready() -> None:
    lost = create_app(load().model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/nothing"}))
    client = lost.test_client()
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    refused = client.get("/api/app/countries")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")


def test_with_workers_it_is_healthy_also_right_after_a_wipe(app: Flask, client: FlaskClient) -> None:
    add_worker(app)
    with app.app_context():
        queue_redis().flushdb()
    status, body = health(client)
    assert (status, body["status"], body["workers"], body["alerts"]) == (200, "healthy", 1, [])


def test_without_workers_health_is_unhealthy(app: Flask, client: FlaskClient) -> None:
    status, body = health(client)
    assert (status, body["status"]) == (503, "unhealthy")


@pytest.mark.parametrize(("silent", "expected"), [(12, 200), (16, 503)])
def test_a_worker_that_stopped_beating_does_not_count(
    app: Flask, client: FlaskClient, silent: int, expected: int
) -> None:
    """It is missed before its keeper ends it after half a minute, and not while the database hangs for a moment."""
    add_worker(app)
    with app.app_context(), transaction() as session:
        session.execute(text(f"UPDATE heartbeats SET seen_at = now() - interval '{silent} seconds'"))
    assert health(client)[0] == expected


def test_a_queue_that_nobody_serves_is_named(app: Flask, client: FlaskClient) -> None:
    add_worker(app, *(lane for lane in lanes(Queue) if lane not in ("iot", "critical" + VENDORS)))
    status, body = health(client)
    assert (status, body["status"]) == (503, "unhealthy")
    keys = [alert["key"] for alert in body["alerts"]]  # type: ignore[attr-defined]
    assert keys == ["no_workers:iot", "no_workers:critical-vendors"]


def test_without_a_scheduler_health_is_unhealthy(app: Flask, client: FlaskClient) -> None:
    add_worker(app)
    with app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM heartbeats WHERE kind = 'scheduler'"))
    status, body = health(client)
    assert (status, body["status"]) == (503, "unhealthy")
    assert [alert["key"] for alert in body["alerts"]] == ["no_scheduler"]  # type: ignore[attr-defined]


def test_a_schedule_that_is_behind_is_unhealthy(app: Flask, client: FlaskClient) -> None:
    add_worker(app)
    with app.app_context():
        schedules.synchronise(utcnow() - timedelta(minutes=5))
    status, body = health(client)
    assert (status, body["status"]) == (503, "unhealthy")
    assert [alert["key"] for alert in body["alerts"]] == ["schedule_late"]  # type: ignore[attr-defined]
    with app.app_context():
        schedules.enqueue_due_slots(utcnow())
    assert health(client)[1]["status"] == "healthy"


@pytest.mark.parametrize(
    "how",
    [
        "next_run_at = next_run_at + interval '1 day'",
        "last_run_at = now() - interval '4 minutes'",
    ],
)
def test_a_task_of_each_minute_that_does_not_run_is_unhealthy(app: Flask, client: FlaskClient, how: str) -> None:
    add_worker(app)
    with app.app_context():
        schedules.synchronise(utcnow())
        schedules.enqueue_due_slots(utcnow())
        with transaction() as session:
            session.execute(text(f"UPDATE schedules SET {how} WHERE name = 'queue-monitor'"))
            session.execute(text("UPDATE outbox_jobs SET claimed_by = 'w1/x'"))
    status, body = health(client)
    assert (status, body["status"]) == (503, "unhealthy")
    assert [alert["key"] for alert in body["alerts"]] == ["schedule_late:queue-monitor"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("seconds", "rings"), [(-3.0, True), (3.0, True), (1.0, False)])
def test_a_clock_that_is_off_is_told_of_with_its_host(
    app: Flask, client: FlaskClient, seconds: float, rings: bool
) -> None:
    add_worker(app)
    with app.app_context(), transaction() as session:
        session.execute(text(f"UPDATE heartbeats SET clock_ahead = {seconds}, host = 'dhulikhel-2'"))
    body = health(client)[1]
    keys = [alert["key"] for alert in body["alerts"]]  # type: ignore[attr-defined]
    assert (body["status"], keys) == (("warning", ["clock_wrong:dhulikhel-2"]) if rings else ("healthy", []))


@pytest.mark.parametrize("name", ["powerbank_http_requests_total", "powerbank_jobs_waiting", "powerbank_workers_alive"])
def test_metrics_have_the_figures_that_alarms_need(client: FlaskClient, name: str) -> None:
    client.get("/health/live")
    assert name in client.get("/metrics").text
