"""Staff see schedules and dead letters, and can act on them."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.db import db, transaction
from powerbank.queue import enqueue
from tests import sample_jobs

SignIn = Callable[..., dict[str, str]]
Work = Callable[..., None]
JOBS = "/api/admin/system/jobs"


def make_dead(app: Flask, work: Work, count: int = 1) -> list[str]:
    with app.app_context(), transaction():
        ids = [str(enqueue(sample_jobs.REFUSED, key=f"k{number}")) for number in range(count)]
    work()
    return ids


def test_a_dead_letter_is_shown_with_its_cause(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
) -> None:
    (job_id,) = make_dead(app, work)
    (item,) = client.get(f"{JOBS}?state=dead", headers=staff_headers()).get_json()["items"]
    assert (item["id"], item["job"], item["queue"], item["attempts"]) == (job_id, "test_refused", "default", 1)
    assert (item["cause"], item["last_error"]) == ("refused", "PermanentError: no such account")
    assert item["arguments"] == {"key": "k0"}
    assert item["failed_at"].endswith("Z")


def test_it_can_be_requeued_once(app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work) -> None:
    (job_id,) = make_dead(app, work)
    headers = staff_headers()
    assert client.post(f"{JOBS}/{job_id}/requeue", headers=headers).get_json()["state"] == "open"
    refused = client.post(f"{JOBS}/{job_id}/requeue", headers=headers)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "job_not_dead")
    work()
    assert len(client.get(JOBS, headers=headers).get_json()["items"]) == 1


def test_it_can_be_discarded(app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work) -> None:
    (job_id,) = make_dead(app, work)
    headers = staff_headers()
    assert client.post(f"{JOBS}/{job_id}/discard", headers=headers).status_code == 200
    assert client.get(JOBS, headers=headers).get_json()["items"] == []
    assert client.post(f"{JOBS}/{job_id}/requeue", headers=headers).status_code == 409


def test_dead_letters_are_paged_newest_first(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
) -> None:
    ids = make_dead(app, work, 5)
    headers = staff_headers()
    first = client.get(f"{JOBS}?limit=3", headers=headers).get_json()
    second = client.get(f"{JOBS}?limit=3&cursor={first['next_cursor']}", headers=headers).get_json()
    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]
    assert second["next_cursor"] is None


def test_a_job_that_is_not_there(client: FlaskClient, staff_headers: SignIn) -> None:
    address = f"{JOBS}/01900000-0000-7000-8000-000000000000/requeue"
    assert client.post(address, headers=staff_headers()).status_code == 404


def test_schedules_show_their_last_and_next_run(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
) -> None:
    headers = staff_headers()
    before = {
        item["name"]: item for item in client.get("/api/admin/system/schedules", headers=headers).get_json()["items"]
    }
    assert before["prune-jobs"]["last_run_at"] is None
    assert before["prune-jobs"]["next_run_at"].endswith("Z")
    started = client.post("/api/admin/system/schedules/prune-jobs/run", headers=headers)
    assert started.status_code == 202
    work()
    after = {
        item["name"]: item for item in client.get("/api/admin/system/schedules", headers=headers).get_json()["items"]
    }
    assert after["prune-jobs"]["last_status"] == "success"
    assert after["prune-jobs"]["last_duration_ms"] >= 0
    with app.app_context():
        assert db.session.scalar(text("SELECT action FROM audit_log")) == "schedule.run"


def test_a_schedule_that_is_not_there(client: FlaskClient, staff_headers: SignIn) -> None:
    assert client.post("/api/admin/system/schedules/nothing/run", headers=staff_headers()).status_code == 404
