"""The configuration that staff set while the network runs."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.content import app_config
from powerbank.content.config_values import Hours

SignIn = Callable[..., dict[str, str]]


def test_unset_key_has_its_default(client: FlaskClient, staff_headers: SignIn) -> None:
    items = client.get("/api/admin/config", headers=staff_headers("viewer")).get_json()["items"]
    found = {item["key"]: item for item in items}
    assert found["kyc_required"]["value"] is True
    assert found["overdue_rate_per_hour"]["value"] == "5.00"
    assert found["overdue_cap_per_day"]["value"] is None
    assert found["quiet_hours"]["value"] == "22:00-07:00"
    assert all(item["value"] == item["default"] and item["description"] for item in items)


def test_key_is_set_used_audited_and_reset(app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers("operations")
    for key, value in {"overdue_rate_per_hour": "7.50", "quiet_hours": "21:30-06:00", "kyc_required": False}.items():
        answer = client.patch(f"/api/admin/config/{key}", json={"value": value}, headers=headers)
        assert (answer.status_code, answer.get_json()["value"]) == (200, value)
    with app.app_context():
        rules = app_config.current()
        assert (rules.overdue_rate_per_hour, rules.kyc_required) == (750, False)
        assert rules.quiet_hours == Hours(time(21, 30), time(6))
        change = db.session.execute(text("SELECT * FROM audit_log ORDER BY id LIMIT 1")).one()
        assert (change.object_id, change.old, change.new) == (
            "overdue_rate_per_hour",
            {"value": "5.00"},
            {"value": "7.50"},
        )
    answer = client.delete("/api/admin/config/overdue_rate_per_hour", headers=headers)
    assert (answer.status_code, answer.get_json()["value"]) == (200, "5.00")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kyc_required", "yes"),
        ("kyc_required", 1),
        ("max_open_rentals", 0),
        ("max_open_rentals", "2"),
        ("max_open_rentals", True),
        ("overdue_rate_per_hour", 5),
        ("overdue_rate_per_hour", "-1.00"),
        ("overdue_rate_per_hour", "1.005"),
        ("overdue_cap_per_day", "none"),
        ("referral_award_on", "never"),
        ("quiet_hours", "22:00"),
        ("quiet_hours", "22:00-25:00"),
        ("quiet_hours", "22:00-22:00"),
        ("min_eject_battery", 101),
        ("lost_after_days", 10**30),
        ("lost_after_days", None),
    ],
)
def test_value_of_a_wrong_type_is_refused_with_a_reason(
    client: FlaskClient, staff_headers: SignIn, key: str, value: Any
) -> None:
    answer = client.patch(f"/api/admin/config/{key}", json={"value": value}, headers=staff_headers())
    assert answer.status_code == 422, answer.get_json()
    assert answer.get_json()["errors"]["value"]


def test_unknown_key_is_404_and_a_viewer_may_not_change_keys(client: FlaskClient, staff_headers: SignIn) -> None:
    assert client.patch("/api/admin/config/nothing", json={"value": 1}, headers=staff_headers()).status_code == 404
    viewer = staff_headers("viewer")
    assert client.patch("/api/admin/config/lost_after_days", json={"value": 1}, headers=viewer).status_code == 403


def test_stored_value_that_is_no_longer_valid_gives_way_to_the_default(context: Flask) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO app_config (key, value, updated_by) VALUES ('lost_after_days', '\"x\"', 'test'),"
                " ('reminder_minutes', '20', 'test'), ('gone', '1', 'test')"
            )
        )
    rules = app_config.current()
    assert (rules.lost_after_days, rules.reminder_minutes) == (7, 20)
