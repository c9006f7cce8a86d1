"""Health tells the truth, from PostgreSQL, whatever Redis has forgotten."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from config import load
from powerbank import create_app
from powerbank.base.db import db, transaction, utcnow
from powerbank.base.redis_clients import queue_redis
from powerbank.ops import queries, services
from powerbank.outbox import catalogue, heartbeats, schedules
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.policy import VENDORS, Queue, lanes
from scripts.stack.ports import free_ports
from scripts.stack.servers.redis import EmbeddedRedis
from tests import sample_jobs
from tests.nursery import wait_until

Work = Callable[..., None]


def add_worker(app: Flask, *queues: str) -> None:
    """And a scheduler."""
    with app.app_context():
        heartbeats.beat(db.engine, name="s1", kind="scheduler", queues=[])
        heartbeats.beat(db.engine, name="w1", kind="worker", queues=list(queues) or lanes(Queue))


def health(client: FlaskClient) -> tuple[int, dict[str, object]]:
    answer = client.get("/health/queues")
    return answer.status_code, answer.get_json()


def test_live_and_ready(client: FlaskClient) -> None:
    assert client.get("/health/live").get_json() == {"status": "live"}
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")


def test_without_redis_it_is_degraded_and_requests_succeed(app: Flask) -> None:
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


def test_without_its_database_it_is_not_ready() -> None:
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


def test_without_workers_it_is_unhealthy(app: Flask, client: FlaskClient) -> None:
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


def test_without_a_scheduler_it_is_unhealthy(app: Flask, client: FlaskClient) -> None:
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


def test_a_long_queue_raises_an_alert_once_and_clears_it(app: Flask, client: FlaskClient) -> None:
    add_worker(app)
    with app.app_context():
        with transaction():
            for number in range(101):
                enqueue(sample_jobs.URGENT, key=str(number))
        for _ in range(3):
            with transaction():
                services.update_alerts(queries.read_queue_health().alerts, now=utcnow())
        assert db.session.scalar(text("SELECT count(*) FROM ops_alerts WHERE cleared_at IS NULL")) == 1
        with transaction() as session:
            session.execute(text("DELETE FROM outbox_jobs"))
        with transaction():
            services.update_alerts(queries.read_queue_health().alerts, now=utcnow())
        assert db.session.scalar(text("SELECT count(*) FROM ops_alerts WHERE cleared_at IS NULL")) == 0
    assert health(client)[1]["status"] == "healthy"


@pytest.mark.parametrize(
    ("state", "rings"),
    [
        ("run_after = now() - interval '3601 s'", True),
        # Between two tries, long after it was accepted.
        ("failures = 6, created_at = now() - interval '3601 s', run_after = now() + interval '50 min'", True),
        ("failures = 1, created_at = now() - interval '60 s', run_after = now() + interval '50 min'", False),
        # Delayed from the beginning: due a moment ago.
        ("created_at = now() - interval '2 h', run_after = now() - interval '1 s'", False),
    ],
)
def test_a_job_that_is_open_for_too_long_is_named(app: Flask, client: FlaskClient, state: str, rings: bool) -> None:
    from powerbank.outbox.catalogue.system_jobs import PUBLISH_CONTENT

    add_worker(app)
    with app.app_context(), transaction() as session:
        enqueue(PUBLISH_CONTENT, revision_id="x")
        session.execute(text(f"UPDATE outbox_jobs SET {state}"))
    kinds = [alert["kind"] for alert in health(client)[1]["alerts"]]  # type: ignore[attr-defined]
    assert kinds == (["job_overdue"] if rings else [])


def test_a_long_job_that_a_worker_has_in_hand_is_no_sign_of_trouble(app: Flask, client: FlaskClient) -> None:
    add_worker(app)
    with app.app_context(), transaction() as session:
        enqueue(sample_jobs.EFFECT, key="a")
        then = "run_after = now() - interval '2 h', claimed_by = 'w1/x', lease_until = now() + interval '1 h'"
        session.execute(text(f"UPDATE outbox_jobs SET {then}"))
    assert health(client)[1]["status"] == "healthy"


def test_more_dead_letters_are_told_again_while_the_first_wait(app: Flask) -> None:
    def alert() -> int:
        with transaction():
            services.update_alerts(queries.read_queue_health().alerts, now=utcnow())
        told = "SELECT count(*) FROM ops_alerts WHERE kind = 'dead_letters'"  # those over too
        return int(db.session.execute(text(told)).scalar_one())

    add_worker(app)
    with app.app_context():
        with transaction() as session:
            enqueue(sample_jobs.EFFECT, key="a")
            dead = "state = 'dead', cause = 'refused', finished_at = now() - interval '2 h'"
            session.execute(text(f"UPDATE outbox_jobs SET {dead}"))
        assert [alert(), alert()] == [1, 1]
        with transaction() as session:
            enqueue(sample_jobs.EFFECT, key="b")
            dead = "state = 'dead', cause = 'refused', finished_at = now()"
            session.execute(text(f"UPDATE outbox_jobs SET {dead} WHERE state = 'open' AND job = 'test_effect'"))
        assert [alert(), alert()] == [2, 2]


def test_dead_letters_that_staff_know_of_do_not_hide_what_comes_next(
    app: Flask, client: FlaskClient, work: Work, staff_headers: Callable[..., dict[str, str]]
) -> None:
    """An hour is enough to be told, and who has read the notice has been told."""

    def status_of(*, age: str) -> tuple[object, list[str]]:
        with app.app_context(), transaction() as session:
            session.execute(text(f"UPDATE outbox_jobs SET finished_at = now() - interval '{age}' WHERE state = 'dead'"))
        body = health(client)[1]
        return body["status"], [alert["kind"] for alert in body["alerts"] if "refused" in alert["key"]]  # type: ignore[attr-defined]

    add_worker(app)
    staff = staff_headers()
    with app.app_context():
        with transaction():
            enqueue(sample_jobs.REFUSED, key="a")
        work()
        with transaction():
            services.update_alerts(queries.read_queue_health().alerts, now=utcnow())
    work("critical")
    add_worker(app)
    assert status_of(age="61 minutes") == ("healthy", ["dead_letters"])
    assert status_of(age="0 minutes") == ("warning", ["dead_letters"])
    assert client.post("/api/admin/notices/mark-all-read", headers=staff).status_code == 200
    assert status_of(age="0 minutes") == ("healthy", ["dead_letters"])


def test_a_scheduled_job_that_always_fails_is_one_dead_letter_and_one_alert(
    app: Flask, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "SCHEDULED", catalogue.SCHEDULED | {sample_jobs.REFUSED.name})
    with app.app_context():
        for hours in range(3):
            with transaction():
                enqueue(sample_jobs.REFUSED, key="the same each minute")
            work()
            with transaction() as session:
                hour = f"UPDATE outbox_jobs SET finished_at = now() + interval '{hours} h' WHERE state = 'dead'"
                session.execute(text(hour))
                services.update_alerts(queries.read_queue_health().alerts, now=utcnow())
        assert [found.number for found in queries.count_dead_letters()] == [1]
        told = "SELECT count(*) FROM ops_alerts WHERE kind = 'dead_letters'"
        assert db.session.scalar(text(told)) == 1


def test_old_due_jobs_mean_that_nobody_works(app: Flask, client: FlaskClient) -> None:
    add_worker(app)
    with app.app_context(), transaction() as session:
        enqueue(sample_jobs.URGENT, key="a")
        session.execute(text("UPDATE outbox_jobs SET run_after = :then"), {"then": utcnow() - timedelta(seconds=301)})
    status, body = health(client)
    assert (status, body["status"]) == (503, "unhealthy")
    assert isinstance(body["oldest_age_s"], float)
    assert body["oldest_age_s"] >= 301


@pytest.mark.parametrize("name", ["powerbank_http_requests_total", "powerbank_jobs_waiting", "powerbank_workers_alive"])
def test_metrics_name_what_matters(client: FlaskClient, name: str) -> None:
    client.get("/health/live")
    assert name in client.get("/metrics").text


def test_that_nobody_hears_stations_is_an_alert(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alerts_while(standing: str) -> list[str]:
        with app.app_context():
            heartbeats.beat(db.engine, name="d", kind="mqtt", queues=[standing])
        return alerts()

    def alerts() -> list[str]:
        return [alert["key"] for alert in health(client)[1]["alerts"]]  # type: ignore[attr-defined]

    add_worker(app)
    assert "no_daemon" not in alerts()
    settings = app.config["SETTINGS"].model_copy(update={"mqtt_url": "mqtt://127.0.0.1:1"})
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    assert "no_daemon" in alerts()
    assert "no_daemon" not in alerts_while("listens")
    assert "no_daemon" in alerts_while("leads"), "it does not reach the broker"
    assert "no_daemon" in alerts_while("stands by")
