"""Staff see schedules and dead letters, and can act on them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.outbox import lifecycle, relay
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import OutboxJob
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


def test_a_dead_letter_can_be_requeued_once(app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work) -> None:
    (job_id,) = make_dead(app, work)
    headers = staff_headers()
    assert client.post(f"{JOBS}/{job_id}/requeue", headers=headers).get_json()["state"] == "open"
    refused = client.post(f"{JOBS}/{job_id}/requeue", headers=headers)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "job_not_dead")
    work()
    assert len(client.get(JOBS, headers=headers).get_json()["items"]) == 1


def test_a_dead_letter_can_be_discarded(app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work) -> None:
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


def test_a_job_that_does_not_exist_is_not_found(client: FlaskClient, staff_headers: SignIn) -> None:
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


def test_a_schedule_that_does_not_exist_is_not_found(client: FlaskClient, staff_headers: SignIn) -> None:
    assert client.post("/api/admin/system/schedules/nothing/run", headers=staff_headers()).status_code == 404


def test_one_job_is_shown_with_its_tries_and_its_outcome(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work
) -> None:
    with app.app_context(), transaction():
        job_id = enqueue(sample_jobs.FAILING, key="k")
    headers = staff_headers("viewer")

    def shown() -> dict:
        answer = client.get(f"{JOBS}/{job_id}", headers=headers)
        assert answer.status_code == 200
        return answer.get_json()

    assert (shown()["outcome"], shown()["tries"], shown()["attempts"]) == ("waiting", [], 0)
    for number, outcome in ((1, "retrying"), (2, "retrying"), (3, "out_of_retries")):
        work()
        found = shown()
        assert (found["outcome"], found["attempts"]) == (outcome, number)
        assert [each["number"] for each in found["tries"]] == list(range(1, number + 1))
        last = found["tries"][-1]
        assert last["error"] == found["last_error"]
        assert (last["next_at"] is None) == (outcome == "out_of_retries")
        with app.app_context():
            with transaction() as session:
                session.execute(
                    text("UPDATE outbox_jobs SET run_after = now(), lease_until = now() WHERE state = 'open'")
                )
            relay.send_all_open_jobs()
    assert (found["id"], found["job"], found["arguments"]) == (str(job_id), "test_failing", {"key": "k"})


def test_a_job_that_called_a_vendor_shows_the_calls_and_not_what_they_answered(
    app: Flask,
    client: FlaskClient,
    staff_headers: SignIn,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("TEST_VENDOR", str(tmp_path / "vendor"))
    with app.app_context(), transaction():
        job_id = enqueue(sample_jobs.STEPWISE, key="k")
    work()
    found = client.get(f"{JOBS}/{job_id}", headers=staff_headers()).get_json()
    assert (found["outcome"], found["attempts"], found["tries"]) == ("done", 1, [])
    [step] = found["steps"]
    assert step.keys() == {"name", "started_at", "finished_at"}
    assert step["finished_at"] is not None


def test_of_a_job_that_is_tried_for_weeks_the_newest_tries_are_kept(
    app: Flask, client: FlaskClient, staff_headers: SignIn
) -> None:
    with app.app_context():
        with transaction():
            job_id = enqueue(sample_jobs.PERSISTENT, key="k")
        for number in range(25):
            with transaction() as session:
                lifecycle.fail(
                    session.get_one(OutboxJob, job_id), sample_jobs.PERSISTENT, f"e{number}", permanent=False
                )
    found = client.get(f"{JOBS}/{job_id}", headers=staff_headers()).get_json()
    assert [each["number"] for each in found["tries"]] == list(range(6, 26))
    assert found["tries"][-1]["error"] == "e24"
    with app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM outbox_jobs"))
        assert session.scalar(text("SELECT count(*) FROM outbox_tries")) == 0


def test_a_job_that_is_not_there_has_no_page(client: FlaskClient, staff_headers: SignIn) -> None:
    assert client.get(f"{JOBS}/01900000-0000-7000-8000-000000000000", headers=staff_headers()).status_code == 404
