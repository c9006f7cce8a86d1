"""Limits hold, say when to come back, and fail in the right direction."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_jwt_extended import create_access_token

from config import load
from powerbank import create_app
from powerbank.api.auth import STAFF_AUDIENCE, USER_AUDIENCE
from powerbank.base.db import new_id
from tests.api.conftest import probes
from tests.conftest import ROOT
from tests.people import People

NOBODY = "redis://127.0.0.1:1/0"


def test_beyond_the_limit_is_429_with_a_time_to_wait(probe: FlaskClient) -> None:
    statuses = [probe.get("/probe/limited").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = probe.get("/probe/limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.get_json(force=True)["code"] == "rate_limited"


def test_the_general_limit_is_for_the_caller_not_for_each_route(clean: None) -> None:
    app = create_app(load().model_copy(update={"rate_limit_per_minute": 3}))
    client = app.test_client()
    statuses = [client.get(path).status_code for path in ("/api/app/countries", "/api/app/banners") * 2]
    assert statuses == [200, 200, 200, 429]
    assert [client.get("/health/live").status_code for _ in range(4)] == [200] * 4


def test_people_behind_one_address_do_not_use_up_each_others_limit(clean: None) -> None:
    app = create_app(load().model_copy(update={"rate_limit_per_minute": 3}))
    client = app.test_client()

    def ask(token: str) -> list[int]:
        headers = {"Authorization": f"Bearer {token}"}
        return [client.get("/api/app/countries", headers=headers).status_code for _ in range(4)]

    with app.app_context():
        one, other = (create_access_token(name, additional_claims={"aud": USER_AUDIENCE}) for name in ("a", "b"))
        staff = create_access_token("a", additional_claims={"aud": STAFF_AUDIENCE})
    for token in (one, other, staff):
        assert ask(token) == [200, 200, 200, 429]
    assert ask("made up") == [200, 200, 200, 429], "counted for the address"
    assert ask(f"{other}x") == [429] * 4
    assert client.get("/api/app/countries").status_code == 429


def test_gateways_that_call_for_many_people_have_a_higher_limit(clean: None) -> None:
    client = create_app(load().model_copy(update={"rate_limit_per_minute": 3})).test_client()
    statuses = [client.post("/api/payment/webhook/khalti").status_code for _ in range(61)]
    assert set(statuses[:60]) == {202}
    assert statuses[60] == 429
    assert client.post("/internal/rental/return-event").status_code == 429
    assert client.get("/api/app/countries").status_code == 200


def test_a_made_up_forwarded_address_resets_nothing(probe: FlaskClient) -> None:
    for number in range(2):
        probe.get("/probe/limited", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    assert probe.get("/probe/limited", headers={"X-Forwarded-For": "192.0.2.77"}).status_code == 429


def test_a_trusted_proxy_is_believed_and_what_came_before_it_is_not(clean: None) -> None:
    behind_one = {"trusted_proxies": 1, "rate_limit_per_minute": 2}
    client = create_app(load().model_copy(update=behind_one)).test_client()

    def ask(forwarded: str) -> int:
        return client.get("/api/app/countries", headers={"X-Forwarded-For": forwarded}).status_code

    assert [ask("192.0.2.1") for _ in range(3)] == [200, 200, 429]
    assert ask("192.0.2.2") == 200
    assert ask("198.51.100.7, 192.0.2.1") == 429


@pytest.mark.parametrize(("profile", "limit"), [("production", 600), ("development", 60_000), ("test", 60_000)])
def test_the_limit_for_an_address(profile: str, limit: int) -> None:
    unset = load().model_copy(update={"powerbank_env": profile, "rate_limit_per_minute": None})
    assert unset.requests_per_minute == limit
    assert unset.model_copy(update={"rate_limit_per_minute": 7}).requests_per_minute == 7


def test_a_guard_counts_for_everybody(probe: FlaskClient) -> None:
    statuses = [probe.post("/probe/guarded").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_without_redis_reads_go_on_and_guards_refuse(probe: FlaskClient) -> None:
    app = create_app(load().model_copy(update={"redis_cache_url": NOBODY, "rate_limit_per_minute": 3}))
    app.register_blueprint(probes())
    client = app.test_client()
    assert [client.get("/api/app/countries").status_code for _ in range(4)] == [200] * 4
    refused = client.post("/probe/guarded")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")


def test_only_what_guards_accounts_and_sends_messages_refuses_without_redis() -> None:
    """Everything else counts by `hit_if_counted`, and goes on."""
    strict = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("powerbank/**/*.py")
        if re.search(r"\bhit_(all_)?or_refuse\(", path.read_text())
    }
    assert {name for name in strict if not name.startswith("powerbank/auth/")} == {
        "powerbank/api/rate_limits.py",
        "powerbank/notifications/templates/routes.py",
    }


def test_without_redis_people_pay_report_and_use_coupons(app: Flask, people: People) -> None:
    headers = people.join("sita").headers | {"Idempotency-Key": "once"}
    client = create_app(load().model_copy(update={"redis_cache_url": NOBODY})).test_client()
    said = {
        path: client.post(path, headers=headers, json=body).status_code
        for path, body in {
            "/api/wallet/topup-intent": {"gateway": "khalti", "amount": "100.00"},
            "/api/promotions/coupons/apply": {"code": "NOTHING"},
            "/api/payment/refunds": {"transaction_id": str(new_id()), "reason": "a mistake"},
            "/api/stations/NONE/report-issue": {"issue_type": "dirty"},
        }.items()
    }
    assert list(said.values()) == [202, 404, 404, 404]
    asked = {"scenario": "wallet_topup", "amount": "100.00"}
    later = headers | {"Prefer": "respond-async"}
    assert client.post("/api/payment/calculate-options", headers=later, json=asked).status_code == 202
    assert client.post("/api/auth/get-otp", json={"identifier": "9812345678"}).status_code == 503
