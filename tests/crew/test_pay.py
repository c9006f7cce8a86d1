"""Pay: by plan and surge, once, and out of the network by the payout run that pays partners."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.base.db import transaction, utcnow
from powerbank.crew.earnings.pay import STANDARD, Plan
from powerbank.crew.earnings.recount import find_wrong_payables
from powerbank.crew.members.queries import find_own_member
from powerbank.crew.shifts import services as shifts
from tests.crew.conftest import Member
from tests.partners.conftest import finance  # noqa: F401
from tests.payouts.conftest import boss  # noqa: F401
from tests.people import Headers, change
from tests.stations.conftest import Make

Hire = Callable[..., Member]
PLAN = {
    "name": "City",
    "per_task": {"clean": "100.00"},
    "per_bank": "10.00",
    "per_hour": "0.00",
    "surge_most": "2.50",
    "surge_from": "100.00",
    "surge_full": "500.00",
}


@pytest.mark.parametrize(("priority", "surge"), [(0, 100), (100_00, 100), (300_00, 175), (500_00, 250), (900_00, 250)])
def test_the_surge_grows_with_the_priority(priority: int, surge: int) -> None:
    plan = Plan("City", {"empty": 50_00}, 5_00, 0, 250, 100_00, 500_00)
    assert plan.find_surge(priority) == surge
    pay = plan.price_task("empty", banks=4, priority=priority)
    assert pay.amount == 70_00 * surge // 100


def test_a_kind_without_a_price_is_paid_by_its_banks() -> None:
    assert Plan("City", {}, 5_00, 0, 100, 0, 1).price_task("empty", banks=3, priority=0).amount == 15_00
    assert STANDARD.price_time(5400) == 150_00


def test_members_are_paid_by_their_plan(
    app: Flask,
    make_station: Make,
    hire: Hire,
    order: Callable[..., Any],
    decide: Callable[..., TestResponse],
    client: FlaskClient,
    operations: Headers,
) -> None:
    make_station("A")
    answer = client.post("/api/admin/crew/pay-plans", json=PLAN, headers=operations)
    assert answer.status_code == 201, answer.text
    plan = answer.get_json()
    assert (plan["surge_most"], plan["per_task"]) == ("2.50", {"clean": "100.00"})
    ram, task = hire(pay_plan_id=plan["id"]), order()
    assert [each["pay"] for each in ram.get("tasks")["items"]] == ["100.00"]
    ram.do(f"tasks/{task['id']}/claim")
    ram.do(f"tasks/{task['id']}/complete")
    change(app, "UPDATE crew_tasks SET loss = 30000")
    assert decide(task, "verify").get_json()["pay"] == "175.00"
    change_of_plan = {"per_task": {"clean": "1.00"}}
    assert client.patch(f"/api/admin/crew/pay-plans/{plan['id']}", json=change_of_plan, headers=operations).get_json()[
        "per_task"
    ] == {"clean": "1.00"}
    assert ram.get("earnings")["payable"] == "175.00"
    assert client.delete(f"/api/admin/crew/pay-plans/{plan['id']}", headers=operations).status_code == 409
    with app.app_context():
        assert list(find_wrong_payables()) == []


def test_the_payout_run_pays_the_crew_and_its_statement_has_the_hours(
    app: Flask,
    context: Flask,
    hire: Hire,
    client: FlaskClient,
    finance: Headers,  # noqa: F811
    boss: Headers,  # noqa: F811
    work: Callable[..., None],
) -> None:
    """Seven and a half hours are NPR 750. The account is asked for by the member and confirmed by another person."""
    ram = hire()
    member = find_own_member(ram.user_id)
    now = utcnow()
    with transaction():
        shifts.start_shift(member.id, now=now - timedelta(hours=7, minutes=30))
        shifts.end_shift(member.id, now=now)
    asked = ram.do("payout-account", kind="by_hand", account_name="Ram Thapa")
    work()
    confirm = f"/api/admin/crew/{ram.id}/payout-accounts/{asked['id']}/confirm"
    assert client.post(confirm, json={}, headers=finance).status_code == 200
    change(app, "UPDATE payout_accounts SET usable_from = now() - interval '1 hour'")
    answer = client.post("/api/admin/payouts/run", json={}, headers=finance)
    assert answer.status_code == 202, answer.text
    work()
    [payout] = ram.get("payouts")["items"]
    assert (payout["amount"], payout["payee"]["kind"], payout["status"]) == ("750.00", "crew", "processing")
    outcome = {"result": "paid", "reference": "C-1"}
    path = f"/api/admin/payouts/{payout['payout_id']}"
    assert client.post(f"{path}/outcome", json=outcome, headers=boss).status_code == 200
    work()
    [line] = client.get(f"{path}/statement.json", headers=finance).get_json()["lines"]
    assert (line["kind"], line["rental_code"], line["amount"]) == ("shift", "7:30 h", "750.00")
    assert ram.get("earnings")["payable"] == "0.00"
