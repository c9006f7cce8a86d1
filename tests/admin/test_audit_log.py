"""Superadmins read what was done, and by whom."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base import audit
from powerbank.base.db import transaction, utcnow

LOG = "/api/admin/audit-log"
StaffHeaders = Callable[..., dict[str, str]]


@pytest.fixture
def entries(app: Flask, clean: None) -> None:
    with app.app_context():
        for number in range(5):
            with transaction():
                audit.record(
                    actor=f"staff:{number % 2}",
                    action=("faq.create", "faq.update")[number % 2],
                    object_kind="faq",
                    object_id=number,
                    old={"n": number - 1},
                    new={"n": number},
                )


def read(client: FlaskClient, headers: dict[str, str], **query: str) -> list[str]:
    answer = client.get(LOG, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["object_id"] for item in answer.get_json()["items"]]


def test_newest_first_with_old_and_new(client: FlaskClient, staff_headers: StaffHeaders, entries: None) -> None:
    headers = staff_headers()
    assert read(client, headers) == ["4", "3", "2", "1", "0"]
    item = client.get(LOG, headers=headers).get_json()["items"][0]
    assert (item["old"], item["new"], item["actor"]) == ({"n": 3}, {"n": 4}, "staff:0")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"actor": "staff:1"}, ["3", "1"]),
        ({"action": "faq.create"}, ["4", "2", "0"]),
        ({"object_kind": "faq", "object_id": "2"}, ["2"]),
        ({"object_kind": "banner"}, []),
        ({"actor": "staff:1", "action": "faq.create"}, []),
    ],
)
def test_the_audit_log_is_filtered(
    client: FlaskClient, staff_headers, entries: None, query: dict[str, str], expected
) -> None:
    assert read(client, staff_headers(), **query) == expected


def test_since_is_included_and_until_is_not(client: FlaskClient, staff_headers: StaffHeaders, entries: None) -> None:
    headers = staff_headers()
    times = [item["at"] for item in client.get(LOG, headers=headers).get_json()["items"]]
    assert read(client, headers, since=times[2]) == ["4", "3", "2"]
    assert read(client, headers, until=times[2]) == ["1", "0"]
    assert read(client, headers, since=times[3], until=times[1]) == ["2", "1"]
    assert read(client, headers, since=(utcnow() + timedelta(hours=1)).isoformat()) == []
    assert client.get(f"{LOG}?since=yesterday", headers=headers).status_code == 422


def test_pages_do_not_shift_while_more_is_written(
    app: Flask, client: FlaskClient, staff_headers: StaffHeaders, entries: None
) -> None:
    headers = staff_headers()
    first = client.get(f"{LOG}?limit=2", headers=headers).get_json()
    with app.app_context(), transaction():
        audit.record(actor="command", action="x", object_kind="faq", object_id="new")
    assert read(client, headers, limit="2", cursor=first["next_cursor"]) == ["2", "1"]


@pytest.mark.parametrize("role", ["operations", "support", "finance", "viewer"])
def test_the_audit_log_is_for_superadmins(client: FlaskClient, staff_headers: StaffHeaders, role: str) -> None:
    assert client.get(LOG, headers=staff_headers(role)).status_code == 403
