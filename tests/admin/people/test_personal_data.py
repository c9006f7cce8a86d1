"""All that is kept of a person is taken along for whoever asks, and deleted where two members of staff agree."""

import json
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import LargeBinary

from powerbank.admin.people import personal_data
from powerbank.base.db import Base, transaction
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues
from tests.admin.conftest import person  # noqa: F401
from tests.admin.steps import NOBODY, USERS, StaffHeaders
from tests.ledger.conftest import about, key, top_up
from tests.people import rows

Person = Callable[..., UUID]
APPROVALS = "/api/admin/approvals"


def take(client: FlaskClient, user_id: UUID, headers: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    answer = client.get(f"{USERS}/{user_id}/personal-data", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, list[dict[str, object]]] = {}
    for line in answer.text.splitlines():
        each = json.loads(line)
        found.setdefault(each["table"], []).append(each["row"])
    return found


def test_all_that_is_kept_of_a_person_is_taken_along(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(personal_data, "BATCH", 2)
    sita, other = person("sita", email="sita@example.com"), person("gita", phone="+9779812345679")
    with app.app_context(), transaction():
        for amount in (10_00, 20_00, 30_00, 40_00, 50_00):
            top_up(sita, amount)
        top_up(other, 99_00)
    operations = staff_headers("operations")
    client.post(f"{USERS}/{sita}/notes", headers=operations, json={"text": "Told that she is rude."})
    found = take(client, sita, operations)
    assert sorted(str(each["value"]) for each in found["user_identifiers"]) == ["+9779812345678", "sita@example.com"]
    assert sorted(str(each["wallet"]) for each in found["wallet_transactions"]) == [
        "1000",
        "2000",
        "3000",
        "4000",
        "5000",
    ]
    assert {each["user_id"] for rows_ in found.values() for each in rows_ if "user_id" in each} == {str(sita)}
    assert "user_notes" not in found
    assert "rude" not in json.dumps(found)
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'user.export_data'") == [(1,)]


def test_only_who_may_delete_takes_it_along(client: FlaskClient, staff_headers: StaffHeaders, person: Person) -> None:  # noqa: F811
    sita = person()
    assert client.get(f"{USERS}/{sita}/personal-data", headers=staff_headers("support")).status_code == 403
    assert client.get(f"{USERS}/{NOBODY}/personal-data", headers=staff_headers("operations")).status_code == 404


def test_what_is_left_out_is_there_and_no_key_is_given() -> None:
    """A table that is gone, or a new column that opens doors, is noticed here."""
    tables = personal_data.list_tables()
    assert set(personal_data.LEFT_OUT) <= set(tables)
    given = {
        f"{name}.{column.name}"
        for name in tables.keys() - personal_data.LEFT_OUT.keys()
        for column in Base.metadata.tables[name].columns
        if column.name not in personal_data.SECRET and not isinstance(column.type, LargeBinary)
    }
    assert {each for each in given if any(part in each for part in ("token", "secret", "password", "digest"))} == set()
    assert {"users.username", "rentals.code", "support_messages.text", "kyc_documents.side"} <= given


def test_two_members_of_staff_delete_a_person(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: Person,  # noqa: F811
) -> None:
    sita, operations, finance = person("sita", first_name="Sita"), staff_headers("operations"), staff_headers("finance")
    asked = client.post(f"{USERS}/{sita}/erase", headers=operations, json={"reason": "asked by letter"})
    assert (asked.status_code, asked.get_json()["status"]) == (202, "waiting")
    again = client.post(f"{USERS}/{sita}/erase", headers=operations, json={"reason": "asked by letter"})
    assert (again.status_code, again.get_json()["code"]) == (409, "erasure_waits")
    decide = f"{APPROVALS}/{asked.get_json()['id']}/approve"
    assert client.post(decide, headers=operations).status_code == 403
    assert rows(app, "SELECT first_name FROM users") == [("Sita",)]
    assert client.post(decide, headers=finance).status_code == 200
    assert rows(app, "SELECT first_name, status FROM users") == [(None, "deleted")]
    assert rows(app, "SELECT count(*) FROM user_identifiers") == [(0,)]
    assert client.get(f"{USERS}/{sita}/personal-data", headers=operations).status_code == 404
    found = rows(app, "SELECT action FROM audit_log WHERE object_id = :id ORDER BY id", id=str(sita))
    assert found == [("erasure.ask",), ("erasure.approve",)]


def test_nobody_is_deleted_who_asked_alone_owes_or_was_kept(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: Person,  # noqa: F811
) -> None:
    sita, chief, finance = person(), staff_headers("superadmin"), staff_headers("finance")
    asked = client.post(f"{USERS}/{sita}/erase", headers=chief, json={"reason": "asked by letter"}).get_json()
    alone = client.post(f"{APPROVALS}/{asked['id']}/approve", headers=chief)
    assert (alone.status_code, alone.get_json()["code"]) == (403, "second_person_needed")
    with app.app_context(), transaction():
        dues.create_due(
            user_id=sita, reference=about(), amount=25_00, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="test"
        )
    owes = client.post(f"{APPROVALS}/{asked['id']}/approve", headers=finance)
    assert (owes.status_code, owes.get_json()["code"]) == (409, "outstanding_due")
    assert rows(app, "SELECT status FROM staff_acts") == [("waiting",)]
    client.post(f"{APPROVALS}/{asked['id']}/reject", headers=finance)
    refused = client.post(f"{USERS}/{sita}/erase", headers=chief, json={"reason": "asked again"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "outstanding_due")


def test_the_command_line_takes_along_and_deletes(app: Flask, person: Person) -> None:  # noqa: F811
    sita, shell = person("sita"), app.test_cli_runner()
    taken = shell.invoke(args=["people", "export", str(sita)])
    assert '"table": "users"' in taken.output
    asked = shell.invoke(args=["people", "erase", str(sita), "--reason", "asked by letter"], input="n\n")
    assert asked.exit_code == 1
    assert rows(app, "SELECT status FROM users") == [("active",)]
    done = shell.invoke(args=["people", "erase", str(sita), "--reason", "asked by letter", "--yes"])
    assert (done.exit_code, rows(app, "SELECT status FROM users")) == (0, [("deleted",)])
    assert shell.invoke(args=["people", "export", str(sita)]).exit_code == 1
