"""The console's pages of jobs: they filter by their address, show what the role may do, and decide."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.admin.test_console_pages import sign_in, token_of
from tests.conftest import PASSWORD
from tests.people import rows

Work = Callable[..., None]
PAGE = "/console/machinery/jobs"


@pytest.fixture
def dead(app: Flask, client: FlaskClient, work: Work) -> list[str]:
    with app.app_context(), transaction():
        ids = [str(enqueue(sample_jobs.REFUSED, key=str(number))) for number in range(3)]
        for role in (Role.OPERATIONS, Role.VIEWER):
            administration.ensure_staff(email=f"{role}@example.com", password=PASSWORD, role=role)
    work()
    return ids


@pytest.fixture
def operator(client: FlaskClient, dead: list[str]) -> FlaskClient:
    sign_in(client, "operations@example.com")
    return client


def test_the_address_filters_the_list(operator: FlaskClient, dead: list[str]) -> None:
    assert all(job_id in operator.get(PAGE).text for job_id in dead)
    assert all(job_id in operator.get(f"{PAGE}?error=no+such&queue=default&hours=1").text for job_id in dead)
    for query in ("error=other", "queue=iot", "state=open", "job=tick"):
        assert not any(job_id in operator.get(f"{PAGE}?{query}").text for job_id in dead), query


@pytest.mark.parametrize(
    "query", ["state=odd", "queue=odd", "hours=0", "cursor=odd", "error=" + "x" * 300, "state=&job="]
)
def test_an_odd_address_still_shows_a_list(operator: FlaskClient, dead: list[str], query: str) -> None:
    page = operator.get(f"{PAGE}?{query}")
    assert page.status_code == 200
    assert dead[0] in page.text


def test_a_viewer_sees_no_action_and_may_take_none(client: FlaskClient, dead: list[str]) -> None:
    sign_in(client, "viewer@example.com")
    page = client.get(PAGE)
    assert "Requeue" not in page.text
    assert 'type="checkbox"' not in page.text
    assert "Discard" not in client.get(f"{PAGE}/{dead[0]}").text
    form = {"csrf_token": token_of(page), "decision": "requeue", "reason": "x", "id": dead[0]}
    for path in (f"/{dead[0]}/requeue", "/decide"):
        assert client.post(f"{PAGE}{path}", data=form).status_code == 403
    assert client.get(f"{PAGE}/decide").status_code == 403


def test_one_job_is_shown_with_its_tries_and_decided(app: Flask, operator: FlaskClient, dead: list[str]) -> None:
    page = operator.get(f"{PAGE}/{dead[0]}")
    assert "PermanentError: no such account" in page.text
    assert f"/api/admin/system/jobs/{dead[0]}/requeue" in page.text
    answer = operator.post(f"{PAGE}/{dead[0]}/requeue", data={"csrf_token": token_of(page)}, follow_redirects=True)
    assert "test_refused: sent again." in answer.text
    again = operator.post(f"{PAGE}/{dead[0]}/requeue", data={"csrf_token": token_of(page)}, follow_redirects=True)
    assert "Only a dead letter can be requeued or discarded." in again.text
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'job.requeue'") == [(1,)]


def test_a_job_that_is_not_there_is_a_page_that_says_so(operator: FlaskClient) -> None:
    answer = operator.get(f"{PAGE}/01900000-0000-7000-8000-000000000000")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_all_that_match_are_previewed_and_then_decided(
    app: Flask, operator: FlaskClient, dead: list[str], work: Work
) -> None:
    page = operator.get(f"{PAGE}/decide?decision=discard&error=no+such&queue=default")
    assert "Jobs: 3" in page.text
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page.text))
    assert form.keys() >= {"until", "error", "queue", "decision", "csrf_token"}
    refused = operator.post(f"{PAGE}/decide", data=form | {"reason": " "})
    assert 'aria-invalid="true"' in refused.text
    answer = operator.post(f"{PAGE}/decide", data=form | {"reason": "The account is gone."})
    assert "Stop" in operator.get(answer.location).text
    work()
    done = operator.get(answer.location).text
    assert "3 of 3" in done
    assert "The account is gone." in done
    assert rows(app, "SELECT DISTINCT cause FROM outbox_jobs WHERE job = 'test_refused'") == [("discarded",)]


def test_the_chosen_are_decided(app: Flask, operator: FlaskClient, dead: list[str], work: Work) -> None:
    page = operator.get(f"{PAGE}/decide?decision=requeue&id={dead[0]}&id={dead[1]}")
    assert "Jobs: 2" in page.text
    form = {"csrf_token": token_of(page), "decision": "requeue", "reason": "x", "id": dead[:2]}
    answer = operator.post(f"{PAGE}/decide", data=form)
    token = {"csrf_token": token_of(page)}
    assert operator.post(f"{answer.location}/stop", data=token).location == answer.location
    assert "stopped" in operator.get(answer.location).text
    work()
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'job.requeue'") == [(0,)]


def test_the_list_is_exported(app: Flask, operator: FlaskClient, dead: list[str]) -> None:
    answer = operator.get(f"{PAGE}/export.csv?error=no+such", buffered=True)
    assert answer.mimetype == "text/csv"
    assert [line.split(",")[0] for line in answer.text.splitlines()] == ["id", *dead]
    assert rows(app, "SELECT new ->> 'error' FROM audit_log WHERE action = 'job.export_jobs'") == [("no such",)]
