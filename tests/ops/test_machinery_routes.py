"""Staff read the machinery over the API: queues over time, programs and alerts; finance starts its nightly tasks."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.ops import services
from powerbank.ops.machinery import history
from powerbank.ops.queries import Problem
from tests.ops.steps import add_worker
from tests.people import rows

SignIn = Callable[..., dict[str, str]]
SYSTEM = "/api/admin/system"


def test_queues_have_their_length_and_age_over_time(app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
    with app.app_context(), transaction():
        history.record_samples(now=utcnow())
    headers = staff_headers("viewer")
    found = client.get(f"{SYSTEM}/queues?period=6h", headers=headers).get_json()["items"]
    assert [queue["name"] for queue in found][:2] == ["critical", "payments"]
    assert len(found[0]["lengths"]) == history.POINTS
    assert [each for each in found[0]["lengths"] if each is not None] == [0]
    assert client.get(f"{SYSTEM}/queues?period=1y", headers=headers).status_code == 422


def test_programs_and_alerts_are_listed(app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
    add_worker(app)
    with app.app_context():
        for problems in ([Problem("no_daemon", "no_daemon", "no daemon")], []):
            with transaction():
                services.update_alerts(problems, now=utcnow())
    headers = staff_headers("viewer")
    programs = client.get(f"{SYSTEM}/programs", headers=headers).get_json()["items"]
    assert [(each["kind"], each["alive"]) for each in programs] == [("scheduler", True), ("worker", True)]
    [alert] = client.get(f"{SYSTEM}/alerts?state=over", headers=headers).get_json()["items"]
    assert (alert["kind"], alert["cleared_at"] is not None) == ("no_daemon", True)
    assert client.get(f"{SYSTEM}/alerts?state=open", headers=headers).get_json()["items"] == []


@pytest.mark.parametrize(
    ("path", "job"),
    [
        ("ledger/reconciliation", "reconcile_ledger"),
        ("payments/settlements", "compare_settlements"),
        ("payments/exchange-rates", "update_exchange_rates"),
    ],
)
def test_finance_starts_its_nightly_tasks(
    app: Flask, client: FlaskClient, staff_headers: SignIn, path: str, job: str
) -> None:
    assert client.post(f"/api/admin/{path}", headers=staff_headers("support")).status_code == 403
    answer = client.post(f"/api/admin/{path}", headers=staff_headers("finance"))
    assert answer.status_code == 202
    assert rows(app, f"SELECT CAST(id AS text) FROM outbox_jobs WHERE job = '{job}'") == [
        (answer.get_json()["job_id"],)
    ]
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'schedule.run'") == [(1,)]


def test_a_setting_keeps_its_reason_and_exports_are_found_alone(
    app: Flask, client: FlaskClient, staff_headers: SignIn
) -> None:
    headers = staff_headers("superadmin")
    body = {"value": 9, "reason": "Seven days are too few."}
    assert client.patch("/api/admin/config/lost_after_days", json=body, headers=headers).status_code == 200
    assert client.get("/api/admin/ledger/entries.csv", headers=headers).status_code == 200
    log = "/api/admin/audit-log"
    [row] = client.get(f"{log}?exports=false&object_kind=config", headers=headers).get_json()["items"]
    assert row["new"] == {"value": 9, "reason": "Seven days are too few."}
    exports = client.get(f"{log}?exports=true", headers=headers).get_json()["items"]
    assert [each["action"] for each in exports] == ["ledger.export_entries"]
