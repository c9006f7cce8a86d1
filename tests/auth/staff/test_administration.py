"""Superadmins keep the accounts of staff; one of them always remains."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.auth.staff import administration
from powerbank.base.db import db, transaction
from powerbank.base.errors import AppError
from tests.auth.conftest import Enter, Hire, bearer
from tests.auth.staff.test_totp import enrol
from tests.conftest import ADMIN, PASSWORD

STAFF = "/api/admin/staff"
ANYTHING = "/api/admin/system/schedules"
NEW = "a better battery horse"

StaffHeaders = Callable[..., dict[str, str]]


def code_of(answer: object) -> str:
    return str(answer.get_json(force=True)["code"])  # type: ignore[attr-defined]


def test_a_new_member_chooses_a_password_first(client: FlaskClient, hire: Hire, enter: Enter) -> None:
    hire()
    boss = bearer(enter())
    made = client.post(STAFF, json={"email": "gita@example.com", "role": "support"}, headers=boss)
    initial = made.get_json()["password"]
    assert made.status_code == 201
    assert len(initial) >= 16
    item = client.get(f"{STAFF}/{made.get_json()['id']}", headers=boss).get_json()
    assert (item["role"], item["active"], item["totp"]) == ("support", True, False)
    assert "password" not in item
    gita = bearer(enter("gita@example.com", initial))
    assert code_of(client.get(ANYTHING, headers=gita)) == "password_change_required"
    body = {"current": initial, "new": NEW}
    assert client.post("/api/admin/auth/password", json=body, headers=gita).status_code == 204
    assert client.get(ANYTHING, headers=gita).status_code == 200


def test_a_language_is_chosen_and_signs_nobody_out(client: FlaskClient, hire: Hire, enter: Enter) -> None:
    hire()
    staff_id = hire("gita@example.com", "viewer")
    boss, gita = bearer(enter()), bearer(enter("gita@example.com"))
    body = {"email": "new@example.com", "role": "viewer", "language": "ne"}
    assert client.post(STAFF, json=body, headers=boss).get_json()["language"] == "ne"
    assert client.get(f"{STAFF}/{staff_id}", headers=boss).get_json()["language"] == "en"
    changed = client.patch(f"{STAFF}/{staff_id}", json={"language": "ne"}, headers=boss)
    assert changed.get_json()["language"] == "ne"
    assert client.put("/api/admin/auth/language", json={"language": "en"}, headers=gita).status_code == 200
    assert client.put("/api/admin/auth/language", json={"language": "de"}, headers=gita).status_code == 422
    assert client.get(f"{STAFF}/{staff_id}", headers=boss).get_json()["language"] == "en"


def test_an_address_is_taken_whatever_its_case(client: FlaskClient, staff_headers: StaffHeaders) -> None:
    headers = staff_headers()
    assert client.post(STAFF, json={"email": "a@example.com", "role": "viewer"}, headers=headers).status_code == 201
    again = client.post(STAFF, json={"email": "A@Example.com", "role": "viewer"}, headers=headers)
    assert (again.status_code, code_of(again)) == (409, "email_taken")


@pytest.mark.parametrize("body", [{"email": "no", "role": "viewer"}, {"email": "a@example.com", "role": "king"}])
def test_a_member_with_wrong_fields_is_refused(
    client: FlaskClient, staff_headers: StaffHeaders, body: dict[str, str]
) -> None:
    assert client.post(STAFF, json=body, headers=staff_headers()).status_code == 422


def test_members_are_listed(client: FlaskClient, staff_headers: StaffHeaders) -> None:
    headers = staff_headers()
    staff_headers("viewer")
    emails = [item["email"] for item in client.get(STAFF, headers=headers).get_json()["items"]]
    assert emails == ["viewer@example.com", "superadmin@example.com"]
    (only,) = client.get(f"{STAFF}?role=viewer", headers=headers).get_json()["items"]
    assert only["email"] == "viewer@example.com"
    assert client.get(f"{STAFF}?active=false", headers=headers).get_json()["items"] == []


@pytest.mark.parametrize(("change", "after"), [({"role": "operations"}, 401), ({"active": False}, 401), ({}, 200)])
def test_a_change_ends_the_members_sessions(
    app: Flask, client: FlaskClient, hire: Hire, enter: Enter, change: dict[str, object], after: int
) -> None:
    hire()
    staff_id = hire("gita@example.com", "viewer")
    gita, boss = bearer(enter("gita@example.com")), bearer(enter())
    assert client.patch(f"{STAFF}/{staff_id}", json=change, headers=boss).status_code == 200
    assert client.get(ANYTHING, headers=gita).status_code == after
    with app.app_context():
        rows = db.session.execute(text("SELECT old, new FROM audit_log WHERE action = 'staff.update'")).all()
    assert [row.new for row in rows] == ([change] if change else [])


def test_the_last_superadmin_stays(client: FlaskClient, hire: Hire, enter: Enter) -> None:
    first = hire()
    hire("viewer@example.com", "viewer")
    headers = bearer(enter())
    for change in ({"role": "viewer"}, {"active": False}):
        refused = client.patch(f"{STAFF}/{first}", json=change, headers=headers)
        assert (refused.status_code, code_of(refused)) == (409, "last_superadmin")
    assert client.get(ANYTHING, headers=headers).status_code == 200
    hire("second@example.com")
    assert client.patch(f"{STAFF}/{first}", json={"role": "viewer"}, headers=headers).status_code == 200


def test_superadmins_who_remove_each_other_at_once_leave_one(app: Flask, hire: Hire) -> None:
    ids = [hire(f"boss{number}@example.com") for number in range(4)]

    def remove(staff_id: UUID) -> bool:
        with app.app_context():
            try:
                with transaction():
                    administration.change_member(staff_id, {"active": False}, actor="test")
            except AppError as refused:
                return refused.code != "last_superadmin"
        return True

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert sorted(pool.map(remove, ids)) == [False, True, True, True]
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM staff WHERE active AND role = 'superadmin'")) == 1


def test_a_reset_gives_a_new_password_and_takes_all_else(
    app: Flask, client: FlaskClient, hire: Hire, enter: Enter
) -> None:
    hire()
    staff_id = hire("gita@example.com", "viewer")
    signed_in = enter("gita@example.com")
    _, codes = enrol(client, signed_in)
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE staff SET locked_until = now() + interval '1 hour' WHERE role = 'viewer'"))
    fresh = client.post(f"{STAFF}/{staff_id}/reset", headers=bearer(enter())).get_json()["password"]
    assert client.get(ANYTHING, headers=bearer(signed_in)).status_code == 401
    assert enter("gita@example.com", PASSWORD, totp=codes[0]).status_code == 401
    assert enter("gita@example.com", fresh).status_code == 200
    with app.app_context():
        (row,) = db.session.execute(text("SELECT old, new FROM audit_log WHERE action = 'staff.reset'"))
        assert (row.old, row.new) == ({"totp": True, "locked": True}, {"totp": False, "locked": False})
        assert db.session.scalar(text("SELECT count(*) FROM staff_recovery_codes")) == 0


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("POST", "/reset")])
def test_a_member_who_does_not_exist_is_not_found(
    client: FlaskClient, staff_headers: StaffHeaders, method: str, path: str
) -> None:
    address = f"{STAFF}/01900000-0000-7000-8000-000000000000{path}"
    assert client.open(address, method=method, json={}, headers=staff_headers()).status_code == 404


class TestCommands:
    def run(self, app: Flask, *words: str) -> tuple[int, str]:
        result = app.test_cli_runner().invoke(args=["staff", *words])
        return result.exit_code, result.output

    def test_list_shows_each_member(self, app: Flask, hire: Hire) -> None:
        hire()
        assert self.run(app, "list") == (0, f"{ADMIN}\tsuperadmin\tactive\tno TOTP\n")

    def test_reset_gives_a_new_password(self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        enrol(client, enter())
        status, said = self.run(app, "reset", "--email", ADMIN)
        assert status == 0
        assert enter().status_code == 401
        assert enter(password=said.split(" is now ")[1].split()[0]).status_code == 200

    def test_disable_ends_sign_ins_but_spares_the_last_superadmin(
        self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter
    ) -> None:
        hire()
        status, said = self.run(app, "disable", "--email", ADMIN)
        assert (status, "last active superadmin" in said) == (1, True)
        hire("viewer@example.com", "viewer")
        headers = bearer(enter("viewer@example.com"))
        assert self.run(app, "disable", "--email", "viewer@example.com")[0] == 0
        assert client.get(ANYTHING, headers=headers).status_code == 401

    def test_commands_refuse_an_unknown_member(self, app: Flask, clean: None) -> None:
        for command in ("reset", "disable"):
            assert self.run(app, command, "--email", "nobody@example.com")[0] == 1

    def test_commands_are_recorded_in_the_audit_log(self, app: Flask, hire: Hire) -> None:
        hire()
        hire("viewer@example.com", "viewer")
        self.run(app, "reset", "--email", ADMIN)
        self.run(app, "disable", "--email", "viewer@example.com")
        with app.app_context():
            rows = db.session.execute(text("SELECT actor, action FROM audit_log ORDER BY id")).all()
        assert [tuple(row) for row in rows] == [("command", "staff.reset"), ("command", "staff.update")]
