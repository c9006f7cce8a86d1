"""Whatever needs staff is an alert: raised once, and cleared when it is over."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.ops import queries, services
from powerbank.outbox import catalogue, heartbeats
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.ops.steps import Work, add_worker, health
from tests.people import change


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


def test_staff_say_how_many_jobs_may_wait(app: Flask, client: FlaskClient) -> None:
    add_worker(app)
    with app.app_context(), transaction():
        for number in range(3):
            enqueue(sample_jobs.URGENT, key=str(number))
    assert health(client)[1]["alerts"] == []
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('queue_alarm_critical', '2', 'x')")
    assert [each["kind"] for each in health(client)[1]["alerts"]] == ["queue_backlog"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("state", "rings"),
    [
        ("run_after = now() - interval '3601 s'", True),
        # The job waits between two tries, long after it was accepted.
        ("failures = 6, created_at = now() - interval '3601 s', run_after = now() + interval '50 min'", True),
        ("failures = 1, created_at = now() - interval '60 s', run_after = now() + interval '50 min'", False),
        # The job was delayed from the beginning, and has been due for a moment.
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


def test_a_missing_daemon_raises_an_alert(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def alerts_while(standing: str) -> list[str]:
        with app.app_context():
            heartbeats.record(db.engine, name="d", kind="mqtt", queues=[standing])
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


def test_streams_that_died_out_raise_an_alert_and_none_that_were_never_run(app: Flask, client: FlaskClient) -> None:
    def alerts() -> set[str]:
        return {alert["key"] for alert in client.get("/health/queues").get_json()["alerts"]}

    assert "no_live" not in alerts()
    with app.app_context():
        heartbeats.record(db.engine, name="l1", kind="live", queues=[])
    assert "no_live" not in alerts()
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE heartbeats SET seen_at = seen_at - interval '1 minute'"))
    assert "no_live" in alerts()
    with app.app_context():
        heartbeats.record(db.engine, name="l2", kind="live", queues=[])
    assert "no_live" not in alerts()
    with app.app_context():
        heartbeats.sign_off(db.engine, "l1")
        heartbeats.sign_off(db.engine, "l2")
    assert "no_live" not in alerts()
