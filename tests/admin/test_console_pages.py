"""The console lets staff in and nobody else."""

import base64
import re
import zlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.conftest import ADMIN, PASSWORD

Work = Callable[..., None]


@pytest.fixture
def admin(app: Flask, clean: None) -> None:
    with app.app_context(), transaction():
        administration.ensure_staff(email=ADMIN, password=PASSWORD, role=Role.SUPERADMIN)
        administration.ensure_staff(email="viewer@example.com", password=PASSWORD, role=Role.VIEWER)


def token_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, email: str = ADMIN, password: str = PASSWORD, query: str = "") -> TestResponse:
    token = token_of(client.get("/console/login"))
    form = {"email": email, "password": password, "csrf_token": token}
    return client.post(f"/console/login{query}", data=form)


def test_strangers_are_sent_to_the_sign_in(client: FlaskClient) -> None:
    for address in ("/console/", "/ops/rq/", "/ops/rq/static/css/main.css", "/ops/rq/0/data/queues.json"):
        answer = client.get(address)
        assert answer.status_code == 302, address
        assert answer.location.startswith("/console/login")


def test_staff_come_in_and_go_out(client: FlaskClient, admin: None) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/console/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    page = client.get("/console/")
    assert page.status_code == 200
    assert ADMIN in page.text
    client.post("/console/logout", data={"csrf_token": token_of(page)})
    assert client.get("/console/").status_code == 302


@pytest.mark.parametrize(("email", "password"), [(ADMIN, "wrong"), ("nobody@example.com", PASSWORD), ("", "")])
def test_wrong_credentials_all_get_the_same_answer(client: FlaskClient, admin: None, email: str, password: str) -> None:
    answer = sign_in(client, email, password)
    assert answer.status_code == 401
    assert "E-mail, password or code is wrong." in answer.text


def test_who_knows_the_password_is_not_locked_out_by_using_it(client: FlaskClient, admin: None) -> None:
    for _ in range(12):
        assert sign_in(client).status_code == 302


def test_guesses_are_limited(client: FlaskClient, admin: None) -> None:
    statuses = [sign_in(client, password=str(number)).status_code for number in range(11)]
    assert statuses == [401] * 10 + [429]
    assert sign_in(client).status_code == 429


def test_a_form_of_another_site_is_refused(client: FlaskClient, admin: None) -> None:
    assert client.post("/console/login", data={"email": ADMIN, "password": PASSWORD}).status_code == 400
    sign_in(client)
    assert client.post("/console/machinery/schedule/prune-jobs/run").status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example.com",
        "https://evil.example.com",
        "/\\evil.example.com",
        "javascript:1",
        "/%0d%0aX:1",
        "/%09%5Cevil.example.com",
    ],
)
def test_the_sign_in_leads_to_no_other_site(client: FlaskClient, admin: None, target: str) -> None:
    assert sign_in(client, query=f"?next={target}").location == "/console/"


def test_the_sign_in_leads_back_to_the_wanted_page(client: FlaskClient, admin: None) -> None:
    assert sign_in(client, query="?next=/ops/rq/").location == "/ops/rq/"


def test_a_session_ends_with_the_account(app: Flask, client: FlaskClient, admin: None) -> None:
    sign_in(client)
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE staff SET active = false"))
    assert client.get("/console/").status_code == 302


def test_a_session_ends_after_its_time(app: Flask, client: FlaskClient, admin: None) -> None:
    sign_in(client)
    with app.app_context(), transaction() as session:
        left = session.scalar(text("SELECT expires_at - now() FROM staff_sessions"))
        assert timedelta(hours=7, minutes=59) < left <= timedelta(hours=8)
        session.execute(text("UPDATE staff_sessions SET expires_at = now()"))
    assert client.get("/console/").status_code == 302


def test_a_dead_letter_is_sent_again_with_a_button(app: Flask, client: FlaskClient, admin: None, work: Work) -> None:
    with app.app_context(), transaction():
        job_id = enqueue(sample_jobs.REFUSED, key="a")
    work()
    sign_in(client)
    page = client.get("/console/machinery")
    assert "no such account" in page.text
    client.post(f"/console/jobs/{job_id}/requeue", data={"csrf_token": token_of(page)})
    with app.app_context():
        assert db.session.scalar(text("SELECT state FROM outbox_jobs")) == "open"


def test_a_viewer_sees_but_does_not_touch(app: Flask, client: FlaskClient, admin: None) -> None:
    sign_in(client, "viewer@example.com")
    page = client.get("/console/machinery")
    assert page.status_code == 200
    assert "Run now" not in page.text
    refused = client.post("/console/machinery/schedule/prune-jobs/run", data={"csrf_token": token_of(page)})
    assert refused.status_code == 403


class TestQueuesPage:
    """rq-dashboard, behind our guard."""

    @pytest.fixture(autouse=True)
    def _signed_in(self, client: FlaskClient, admin: None) -> None:
        sign_in(client)

    def test_it_shows_queues_and_jobs(self, app: Flask, client: FlaskClient, work: Work) -> None:
        with app.app_context(), transaction():
            enqueue(sample_jobs.REFUSED, key="very-personal")
        work()
        assert client.get("/ops/rq/").status_code == 200
        queues = {queue["name"]: queue for queue in client.get("/ops/rq/0/data/queues.json").get_json()["queues"]}
        assert queues["default"]["failed_job_registry_count"] == 1
        jobs = client.get("/ops/rq/0/data/jobs/default/failed/8/asc/1.json").get_json()["jobs"]
        assert [job["description"] for job in jobs] == ["test_refused"]
        detail = client.get(f"/ops/rq/0/data/job/{jobs[0]['id']}.json")
        assert "no such account" in detail.text
        assert "very-personal" not in detail.text

    def test_its_requeue_button_gives_a_dead_letter_a_fresh_start(
        self, app: Flask, client: FlaskClient, work: Work
    ) -> None:
        with app.app_context(), transaction():
            enqueue(sample_jobs.FAILING, key="a")
            db.session.execute(text("UPDATE outbox_jobs SET failures = 2"))
        work()
        (job,) = client.get("/ops/rq/0/data/jobs/default/failed/8/asc/1.json").get_json()["jobs"]
        answer = client.post(f"/ops/rq/job/{job['id']}/requeue", headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 200
        assert client.get("/ops/rq/0/data/jobs/default/failed/8/asc/1.json").get_json()["jobs"] == []
        work()
        with app.app_context():
            row = db.session.execute(text("SELECT state, failures FROM outbox_jobs")).one()
            assert db.session.scalar(text("SELECT count(*) FROM audit_log WHERE action = 'job.requeue'")) == 1
        assert (row.state, row.failures) == ("open", 1)  # it ran, failed, and has its other tries before it

    def test_all_failed_jobs_of_a_queue_are_requeued_at_once(self, app: Flask, client: FlaskClient, work: Work) -> None:
        with app.app_context(), transaction():
            for number in range(3):
                enqueue(sample_jobs.REFUSED, key=str(number))
        work()
        same_site = {"Sec-Fetch-Site": "same-origin"}
        assert client.get("/ops/rq/requeue/default").status_code == 403
        assert client.post("/ops/rq/requeue/default", headers=same_site).get_json()["count"] == 3
        with app.app_context():
            assert db.session.scalar(text("SELECT count(*) FROM outbox_jobs WHERE state = 'open'")) == 3

    def test_a_job_that_is_gone_does_not_keep_the_others(self, app: Flask, client: FlaskClient, work: Work) -> None:
        with app.app_context(), transaction():
            enqueue(sample_jobs.REFUSED, key="a")
        work()
        with app.app_context():
            queue_redis().zadd("rq:failed:default", {"aaa-gone": 1})
        answer = client.post("/ops/rq/requeue/default", headers={"Sec-Fetch-Site": "same-origin"})
        assert (answer.status_code, answer.get_json()["count"]) == (200, 1)

    @pytest.mark.parametrize("page", ["/0/view/job/gone", "/0/data/job/gone.json"])
    def test_a_job_that_redis_no_longer_knows_is_not_found(self, client: FlaskClient, page: str) -> None:
        assert client.get(f"/ops/rq{page}").status_code == 404

    @pytest.mark.parametrize("odd", ["nonsense", "0", "-1", "9" * 30, "1e3", "1_0", "a b", "é:*", "..", "%F0%9F%98%80"])
    def test_wrong_arguments_of_the_dashboard_are_not_found(self, app: Flask, client: FlaskClient, odd: str) -> None:
        """Each part of each of its addresses is odd once, while the others are as its own links have them."""
        usual = {
            "instance_number": "0",
            "queue_name": "default",
            "registry_name": "failed",
            "per_page": "8",
            "order": "asc",
            "page": "1",
            "job_id": "gone",
            "filename": "css/main.css",
        }
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("rq_dashboard.")]
        assert len(rules) > 10
        for rule in rules:
            for part in re.findall(r"<(?:\w+:)?(\w+)>", rule.rule):
                values = usual | {part: odd}
                address = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule.rule)  # noqa: B023
                for method in {"GET", "POST"} & (rule.methods or set()):
                    answer = client.open(address, method=method, headers={"Sec-Fetch-Site": "same-origin"})
                    usable = part in ("queue_name", "job_id") or (part, odd) == ("instance_number", "0")
                    expected = {200, 308, 404} if usable else {404}
                    assert answer.status_code in expected, (method, address, answer.text)

    def test_an_error_of_the_database_is_shown_without_the_value(
        self, app: Flask, client: FlaskClient, work: Work
    ) -> None:
        with app.app_context():
            with transaction():
                enqueue(sample_jobs.TALKATIVE)
            work()
            kept = b"".join(
                zlib.decompress(base64.b64decode(fields[b"exc_string"]))
                for key in queue_redis().scan_iter("rq:results:*")
                for _, fields in queue_redis().xrange(key)
            )
        (job,) = client.get("/ops/rq/0/data/jobs/default/failed/8/asc/1.json").get_json()["jobs"]
        shown = client.get(f"/ops/rq/0/data/job/{job['id']}.json").text
        assert "duplicate key value" in shown
        assert b"duplicate key value" in kept
        assert "9841234567" not in shown
        assert b"9841234567" not in kept

    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}, {}])
    def test_its_buttons_work_from_this_site_only(self, client: FlaskClient, headers: dict[str, str]) -> None:
        assert client.post("/ops/rq/requeue/default", headers=headers).status_code == 403

    def test_a_viewer_cannot_press_them(self, client: FlaskClient) -> None:
        sign_in(client, "viewer@example.com")
        answer = client.post("/ops/rq/requeue/default", headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 403
