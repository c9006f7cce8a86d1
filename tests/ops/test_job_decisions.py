"""Staff decide about many dead letters at once: the chosen ones, or all that match and had died by then."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.ops import job_decisions, services
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.people import rows

SignIn = Callable[..., dict[str, str]]
Work = Callable[..., None]
DECISIONS = "/api/admin/system/job-decisions"
JOBS = "/api/admin/system/jobs"


@pytest.fixture
def dead(app: Flask, client: FlaskClient, work: Work) -> list[str]:
    """Three jobs that were refused, and one that died with another error."""
    with app.app_context(), transaction():
        ids = [str(enqueue(sample_jobs.REFUSED, key=str(number))) for number in range(3)]
        ids.append(str(enqueue(sample_jobs.FAILING, key="a")))
        db.session.execute(text("UPDATE outbox_jobs SET failures = 2 WHERE job = 'test_failing'"))
    work()
    return ids


def decide(client: FlaskClient, headers: dict[str, str], **body: Any) -> str:
    answer = client.post(DECISIONS, json={"decision": "requeue", "reason": "Fixed."} | body, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["operation_id"])


def operation(client: FlaskClient, headers: dict[str, str], operation_id: str) -> dict[str, Any]:
    return dict(client.get(f"/api/operations/{operation_id}", headers=headers).get_json())


def states(app: Flask) -> list[tuple[str, str, str | None]]:
    found = rows(app, "SELECT job, state, cause FROM outbox_jobs WHERE job LIKE 'test_%' ORDER BY id")
    return [tuple(row) for row in found]


def test_all_that_match_are_discarded_and_no_others(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, dead: list[str]
) -> None:
    headers = staff_headers("operations")
    counted = client.get(f"{JOBS}/count?error=no such", headers=headers).get_json()
    assert counted["count"] == 3
    made = decide(client, headers, decision="discard", error="no such", until=counted["until"])
    work()
    found = operation(client, headers, made)
    assert (found["status"], found["progress"]) == ("succeeded", {"done": 3, "total": 3})
    assert found["result"] == {"changed": 3, "passed_over": []}
    assert [cause for _, _, cause in states(app)] == ["discarded"] * 3 + ["out_of_retries"]
    logged = rows(app, "SELECT new ->> 'reason', actor FROM audit_log WHERE action = 'job.discard'")
    assert len(logged) == 3
    assert {row[0] for row in logged} == {"Fixed."}
    assert all(row[1].startswith("staff:") for row in logged)


def test_the_chosen_are_requeued_and_what_somebody_else_decided_is_passed_over(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, dead: list[str]
) -> None:
    headers = staff_headers("operations")
    with app.app_context(), transaction():
        services.discard_dead_letter(UUID(dead[0]))
    made = decide(client, headers, ids=dead[:2])
    with app.app_context(), transaction():
        assert job_decisions.decide_next_batch(UUID(made))
    assert [state for _, state, _ in states(app)] == ["dead", "open", "dead", "dead"]
    work()
    found = operation(client, headers, made)
    assert found["result"] == {"changed": 1, "passed_over": [{"id": dead[0], "code": "job_not_dead"}]}


def test_what_died_later_is_not_meant(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, dead: list[str]
) -> None:
    headers = staff_headers("operations")
    until = client.get(f"{JOBS}/count", headers=headers).get_json()["until"]
    with app.app_context(), transaction():
        enqueue(sample_jobs.REFUSED, key="later")
    work()
    decide(client, headers, decision="discard", until=until)
    work()
    assert [cause for _, _, cause in states(app)][-1] == "refused"


def test_it_may_run_twice_and_goes_on_where_it_broke_off(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, dead: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_decisions, "BATCH_SIZE", 1)
    headers = staff_headers("operations")
    made = UUID(decide(client, headers, until=utcnow().isoformat()))
    with app.app_context():
        for _ in range(2):  # and then the worker died
            with transaction():
                assert job_decisions.decide_next_batch(made)
    work()
    found = operation(client, headers, str(made))
    assert found["result"] == {"changed": 4, "passed_over": []}
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'job.requeue'") == [(4,)]


def test_it_is_stopped(
    app: Flask, client: FlaskClient, staff_headers: SignIn, work: Work, dead: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_decisions, "BATCH_SIZE", 1)
    headers = staff_headers("operations")
    made = decide(client, headers, decision="discard", until=utcnow().isoformat())
    with app.app_context(), transaction():
        job_decisions.decide_next_batch(UUID(made))
    assert client.post(f"{DECISIONS}/{made}/stop", headers=headers).status_code == 200
    work()
    found = operation(client, headers, made)
    assert (found["status"], found["error"]["code"], found["progress"]["done"]) == ("failed", "stopped", 1)
    assert len([cause for _, _, cause in states(app) if cause == "discarded"]) == 1
    assert client.post(f"{DECISIONS}/{made}/stop", headers=headers).get_json()["error"]["code"] == "stopped"


def test_another_member_cannot_stop_it(app: Flask, client: FlaskClient, staff_headers: SignIn, dead: list[str]) -> None:
    made = decide(client, staff_headers("operations"), until=utcnow().isoformat())
    assert client.post(f"{DECISIONS}/{made}/stop", headers=staff_headers("superadmin")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "requeue", "reason": "x"},
        {"decision": "requeue", "reason": " ", "ids": ["01900000-0000-7000-8000-000000000000"]},
        {"decision": "delete", "reason": "x", "ids": ["01900000-0000-7000-8000-000000000000"]},
        {"decision": "requeue", "reason": "x", "ids": []},
        {"decision": "requeue", "reason": "x", "until": "2026-01-01T00:00:00Z", "queue": "nowhere"},
    ],
)
def test_an_unclear_decision_is_refused(client: FlaskClient, staff_headers: SignIn, body: dict[str, Any]) -> None:
    assert client.post(DECISIONS, json=body, headers=staff_headers("operations")).status_code == 422


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("job=test_refused", 3),
        ("queue=default", 4),
        ("queue=iot", 0),
        ("error=NO SUCH", 3),
        ("hours=1", 4),
        ("error=%25", 0),
    ],
)
def test_the_list_is_filtered(
    client: FlaskClient, staff_headers: SignIn, dead: list[str], query: str, count: int
) -> None:
    headers = staff_headers("viewer")
    assert len(client.get(f"{JOBS}?{query}", headers=headers).get_json()["items"]) == count
    assert client.get(f"{JOBS}/count?{query}", headers=headers).get_json()["count"] == count
