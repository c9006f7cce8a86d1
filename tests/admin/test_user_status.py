"""Staff look at a person, and change what the person may do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.admin import services
from powerbank.base.db import db, transaction
from tests.admin.steps import NOBODY, USERS, StaffHeaders, Work, found
from tests.people import Inbox
from tests.rentals.conftest import broker, cabinets, make_station, out, package, renter  # noqa: F401


def test_the_detail_shows_the_person(client: FlaskClient, staff_headers: StaffHeaders, person, signed_in) -> None:
    user_id = person("sita", first_name="Sita")
    signed_in(user_id)
    detail = client.get(f"{USERS}/{user_id}", headers=staff_headers()).get_json()
    assert (detail["id"], detail["status"], detail["sessions"]) == (str(user_id), "active", 1)
    assert (detail["first_name"], detail["last_name"], detail["profile_complete"]) == ("Sita", None, False)
    assert detail["created_at"].endswith("Z")


def test_the_detail_has_money_points_and_rentals(
    out,  # noqa: F811
    staff_headers: StaffHeaders,
) -> None:
    sita, rental_id = out(ago=30, wallet="500.00", points=300)
    detail = sita.client.get(f"{USERS}/{sita.id}", headers=staff_headers("viewer")).get_json()
    assert detail["wallet"] == {"balance": "450.00", "held": "0.00", "points": 300, "dues": "0.00", "currency": "NPR"}
    assert (detail["points"]["points"], detail["points"]["value"], len(detail["points"]["expiring"])) == (
        300,
        "30.00",
        1,
    )
    assert [(each["id"], each["status"], each["user_id"]) for each in detail["rentals"]] == [
        (rental_id, "active", str(sita.id))
    ]


def test_the_detail_has_what_is_owed(
    cabinets,  # noqa: F811
    out,  # noqa: F811
    staff_headers: StaffHeaders,
) -> None:
    sita, rental_id = out(ago=150, minutes=60, wallet="50.00")
    cabinets.take_back("A-1")
    detail = sita.client.get(f"{USERS}/{sita.id}", headers=staff_headers("support")).get_json()
    assert detail["wallet"]["dues"] == "10.00"
    [due] = detail["dues"]
    assert (due["amount"], due["left"], due["cause"]) == ("10.00", "10.00", "rental")
    assert due["about"] == {"kind": "rental", "id": rental_id}
    assert due["collected_from"] is not None


class TestStatus:
    def set(self, client: FlaskClient, user_id: object, headers: dict[str, str], status: str) -> TestResponse:
        body = {"status": status, "reason": "Broke three banks."}
        return client.post(f"{USERS}/{user_id}/status", json=body, headers=headers)

    def test_a_ban_holds_at_once(self, client: FlaskClient, staff_headers, person, signed_in) -> None:
        user_id = person()
        theirs, staff = signed_in(user_id), staff_headers("support")
        assert client.get("/api/users/me", headers=theirs).status_code == 200
        answer = self.set(client, user_id, staff, "banned")
        assert (answer.status_code, answer.get_json()["status"], answer.get_json()["sessions"]) == (200, "banned", 0)
        assert client.get("/api/users/me", headers=theirs).status_code == 401
        assert self.set(client, user_id, staff, "active").status_code == 200
        assert client.get("/api/users/me", headers=theirs).status_code == 401  # a ban ended it for good

    def test_a_suspended_person_may_still_sign_in(self, client: FlaskClient, staff_headers, person, signed_in) -> None:
        user_id = person()
        theirs = signed_in(user_id)
        assert self.set(client, user_id, staff_headers(), "suspended").get_json()["status"] == "suspended"
        assert client.get("/api/users/me", headers=theirs).status_code == 200

    def test_a_change_of_status_is_recorded_with_old_and_new(
        self, app: Flask, client: FlaskClient, staff_headers, person
    ) -> None:
        user_id = person()
        self.set(client, user_id, staff_headers(), "banned")
        with app.app_context():
            row = db.session.execute(text("SELECT * FROM audit_log WHERE action = 'user.status'")).one()
        assert (row.object_id, row.old) == (str(user_id), {"status": "active"})
        assert row.new == {"status": "banned", "reason": "Broke three banks."}
        assert row.actor.startswith("staff:")

    def test_the_same_again_writes_nothing(self, app: Flask, client: FlaskClient, staff_headers, person) -> None:
        user_id = person()
        headers = staff_headers()
        assert [self.set(client, user_id, headers, "banned").status_code for _ in range(2)] == [200, 200]
        with app.app_context():
            assert db.session.scalar(text("SELECT count(*) FROM audit_log WHERE action = 'user.status'")) == 1
            jobs = text("SELECT count(*) FROM outbox_jobs WHERE job = 'admin_user_action'")
            assert db.session.scalar(jobs) == 1

    def test_ten_changes_at_once_are_one(self, app: Flask, person) -> None:
        user_id = person()

        def ban(_: int) -> str | None:
            with app.app_context(), transaction():
                return services.change_user_status(user_id, "banned", reason="fraud")

        with ThreadPoolExecutor(max_workers=8) as pool:
            assert [before for before in pool.map(ban, range(10)) if before] == ["active"]

    def test_a_deleted_account_stays_deleted(self, app: Flask, client: FlaskClient, staff_headers, person) -> None:
        user_id = person()
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE users SET status = 'deleted', deleted_at = now()"))
        headers = staff_headers()
        refused = self.set(client, user_id, headers, "active")
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "account_deleted")
        assert client.get(f"{USERS}/{user_id}", headers=headers).status_code == 404
        assert found(client, headers) == []

    def test_the_status_of_an_unknown_person_is_not_found(self, client: FlaskClient, staff_headers) -> None:
        headers = staff_headers()
        assert self.set(client, NOBODY, headers, "active").status_code == 404
        assert client.get(f"{USERS}/{NOBODY}", headers=headers).status_code == 404

    @pytest.mark.parametrize(
        "body",
        [
            {"status": "banned"},
            {"status": "deleted", "reason": "x"},
            {"status": "banned", "reason": ""},
            {"status": "banned", "reason": "x" * 501},
            {"status": "banned", "reason": "<b>"},
            {"status": "banned", "reason": "  "},
        ],
    )
    def test_a_wrong_change_of_status_is_refused(self, client: FlaskClient, staff_headers, person, body) -> None:
        answer = client.post(f"{USERS}/{person()}/status", json=body, headers=staff_headers())
        assert answer.status_code == 422

    @pytest.mark.parametrize("status", ["suspended", "banned"])
    def test_the_person_is_told_why(
        self, client: FlaskClient, staff_headers, person, work: Work, inbox: Inbox, status: str
    ) -> None:
        """By SMS: who is banned reads nothing in the app."""
        self.set(client, person(), staff_headers(), status)
        work()
        assert [body for body in inbox.bodies("sms", "+9779812345678") if "Broke three banks." in body]

    def test_the_job_ends_sessions(
        self, app: Flask, client: FlaskClient, staff_headers, person, signed_in, work: Work
    ) -> None:
        """A sign-in that slipped in between, and what the job finds when it runs."""
        user_id = person()
        self.set(client, user_id, staff_headers(), "banned")
        signed_in(user_id)
        work()
        with app.app_context():
            assert db.session.scalar(text("SELECT state FROM outbox_jobs WHERE job = 'admin_user_action'")) == "done"
            assert db.session.scalar(text("SELECT count(*) FROM sessions WHERE ended_at IS NULL")) == 0

    def test_a_job_that_was_overtaken_does_nothing(
        self, app: Flask, client: FlaskClient, staff_headers, person, signed_in, work: Work
    ) -> None:
        user_id = person()
        headers = staff_headers()
        self.set(client, user_id, headers, "banned")
        self.set(client, user_id, headers, "active")
        theirs = signed_in(user_id)
        work()
        assert client.get("/api/users/me", headers=theirs).status_code == 200
        with app.app_context():
            assert set(db.session.scalars(text("SELECT state FROM outbox_jobs"))) == {"done"}
