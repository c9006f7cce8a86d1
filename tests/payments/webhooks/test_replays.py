"""Staff have all webhooks that match looked into once more: those that they saw, so many a minute, and each once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from jobs.payments import topups
from powerbank.base.db import transaction
from tests.payments.conftest import Payer, Work, due_now
from tests.payments.steps import event, signed
from tests.people import change, rows

StaffHeaders = Callable[..., dict[str, str]]
REPLAYS = "/api/admin/payments/webhook-replays"


@pytest.fixture
def finance(staff_headers: StaffHeaders) -> dict[str, str]:
    return staff_headers("finance")


def come_too_early(payer: Payer, work: Work, how_many: int) -> list[dict[str, Any]]:
    """Have a webhook come for each of some top-ups, and have it looked into before anything was paid."""
    intents = [payer.begin("stripe") for _ in range(how_many)]
    for intent in intents:
        body = event(intent, f"evt_{intent['intent_id']}")
        assert payer.client.post("/api/payment/webhook/stripe", data=body, headers=signed(body)).status_code == 202
    work("payments")
    return intents


def ask(payer: Payer, headers: dict[str, str], **body: Any) -> str:
    answer = payer.client.post(REPLAYS, json={"reason": "Stripe was away."} | body, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["operation_id"])


def operation(payer: Payer, headers: dict[str, str], operation_id: str) -> dict[str, Any]:
    return dict(payer.client.get(f"/api/operations/{operation_id}", headers=headers).get_json())


def test_all_that_match_are_looked_into_and_credit_once(
    payer: Payer, app: Flask, work: Work, finance: dict[str, str]
) -> None:
    for intent in come_too_early(payer, work, 2):
        payer.pays(intent)
    forged = event(payer.begin("stripe"))
    assert payer.client.post("/api/payment/webhook/stripe", data=forged).status_code == 400
    seen = payer.client.get(f"{REPLAYS}/count?gateway=stripe", headers=finance).get_json()
    assert seen == {"count": 2}, "what is forged is never looked into"
    made = ask(payer, finance, gateway="stripe", **seen)
    work("default")
    due_now(app, "process_payment_webhook")
    work("payments")
    assert payer.balance() == "300.00"
    found = operation(payer, finance, made)
    assert (found["status"], found["result"]) == ("succeeded", {"changed": 2, "passed_over": []})
    items = payer.client.get(f"/api/operations/{made}/items", headers=finance).get_json()["items"]
    assert [each["result"] for each in items] == ["done", "done"]
    again = ask(payer, finance, gateway="stripe", **seen)
    work("default")
    due_now(app, "process_payment_webhook")
    work("payments")
    assert operation(payer, finance, again)["result"]["changed"] == 2
    assert payer.balance() == "300.00"
    logged = rows(app, "SELECT new ->> 'operation_id' FROM audit_log WHERE action = 'webhook.replay'")
    assert sorted(each for (each,) in logged) == sorted([made, made, again, again])


def test_the_job_that_comes_twice_looks_into_each_once(
    payer: Payer, app: Flask, work: Work, finance: dict[str, str]
) -> None:
    come_too_early(payer, work, 2)
    made = ask(payer, finance, state="processed", count=2)
    with app.app_context():
        for _ in range(2):
            with transaction():
                topups.replay_webhooks(operation_id=made)
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'webhook.replay'") == [(2,)]


def test_they_are_spread_over_their_minutes_until_somebody_stops_them(
    payer: Payer, app: Flask, work: Work, finance: dict[str, str]
) -> None:
    come_too_early(payer, work, 3)
    made = ask(payer, finance, count=3, per_minute=2)
    work("default")
    assert operation(payer, finance, made)["progress"] == {"done": 2, "total": 3}
    [(apart,)] = rows(
        app,
        """SELECT extract(epoch FROM max(run_after) - min(run_after))::int FROM outbox_jobs
            WHERE state = 'open' AND job = 'process_payment_webhook'""",
    )
    assert apart == 30
    stopped = payer.client.post(f"/api/operations/{made}/stop", headers=finance).get_json()
    assert stopped["error"]["code"] == "stopped"
    due_now(app, "replay_webhooks")
    work("default")
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'webhook.replay'") == [(2,)]


def test_what_comes_after_one_looked_is_not_meant(
    payer: Payer, app: Flask, work: Work, finance: dict[str, str]
) -> None:
    come_too_early(payer, work, 1)
    [(seen_at,)] = rows(app, "SELECT clock_timestamp()")
    come_too_early(payer, work, 1)
    made = ask(payer, finance, count=1, until=seen_at.isoformat())
    work("default")
    assert operation(payer, finance, made)["result"]["changed"] == 1
    refused = payer.client.post(REPLAYS, json={"reason": "All of them.", "count": 1}, headers=finance)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "more_match_now")
    assert rows(app, "SELECT count(*) FROM operations") == [(1,)]


def test_a_webhook_that_has_gone_meanwhile_is_passed_over(
    payer: Payer, app: Flask, work: Work, finance: dict[str, str]
) -> None:
    come_too_early(payer, work, 2)
    made = ask(payer, finance, count=2)
    [(first,)] = rows(app, "SELECT id FROM gateway_events ORDER BY id LIMIT 1")
    change(app, f"DELETE FROM gateway_events WHERE id = '{first}'")
    work("default")
    found = operation(payer, finance, made)["result"]
    assert found == {"changed": 1, "passed_over": [{"id": str(UUID(str(first))), "code": "not_found"}]}


def test_more_than_one_operation_takes_is_refused(
    payer: Payer, work: Work, finance: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerbank.payments.webhooks.filters.MOST", 1)
    monkeypatch.setattr("powerbank.payments.webhooks.replays.MOST", 1)
    come_too_early(payer, work, 2)
    refused = payer.client.post(REPLAYS, json={"reason": "All of them.", "count": 9}, headers=finance)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "too_many_match")


def test_who_may_not_resolve_payments_is_refused(payer: Payer, staff_headers: StaffHeaders) -> None:
    for role in ("viewer", "support"):
        answer = payer.client.post(REPLAYS, json={"reason": "All of them.", "count": 0}, headers=staff_headers(role))
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [{"count": 1}, {"reason": "Why not."}, {"count": -1, "reason": "Why not."}, {"count": 1, "reason": "x"}]
    + [{"count": 1, "reason": "Why not.", **more} for more in ({"per_minute": 0}, {"state": "odd"}, {"odd": 1})],
)
def test_an_unclear_request_is_refused(payer: Payer, finance: dict[str, str], body: dict[str, Any]) -> None:
    assert payer.client.post(REPLAYS, json=body, headers=finance).status_code == 422
