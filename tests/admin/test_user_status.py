"""Staff find people, look at one, and change what they may do."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.admin import services
from powerbank.auth.people import sessions
from powerbank.base.db import db, transaction
from powerbank.users import identifiers
from powerbank.users import services as users
from powerbank.users.models import Identifier
from tests.people import Inbox
from tests.rentals.conftest import broker, cabinets, make_station, out, package, renter  # noqa: F401

USERS = "/api/admin/users"
NOBODY = "01900000-0000-7000-8000-000000000000"
StaffHeaders = Callable[..., dict[str, str]]
Work = Callable[..., None]


@pytest.fixture
def person(app: Flask, clean: None) -> Callable[..., UUID]:
    def make(username: str = "sita", phone: str = "9812345678", email: str | None = None, **names: str) -> UUID:
        with app.app_context(), transaction() as session:
            user = users.create_user(
                contact=identifiers.parse_contact_address(phone),
                username=username,
                referral_code=None,
                first_name=names.get("first_name"),
                last_name=names.get("last_name"),
            )
            if email:
                session.add(Identifier(user_id=user.id, kind="email", value=email))
            return user.id

    return make


@pytest.fixture
def signed_in(app: Flask) -> Callable[[UUID], dict[str, str]]:
    def begin(user_id: UUID) -> dict[str, str]:
        with app.app_context(), transaction() as session:
            tokens = sessions.begin_session(session.get_one(users.User, user_id), user_agent=None)
        return {"Authorization": f"Bearer {tokens.access_token}"}

    return begin


def found(client: FlaskClient, headers: dict[str, str], **query: str) -> list[str]:
    answer = client.get(USERS, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["username"] for item in answer.get_json()["items"]]


class TestSearch:
    @pytest.mark.parametrize(
        "q",
        [
            "sit",
            "SITA.R",
            "Sita",
            "sita sharma",
            " Sita   Sh",
            "sharma",
            "9812345678",
            "98123",
            "+97798123",
            "981-234",
            "00977 98123".replace("00977", "+977"),
            "sita@example.com",
            "SITA@ex",
        ],
    )
    def test_what_finds_her(self, client: FlaskClient, staff_headers: StaffHeaders, person, q: str) -> None:
        person("sita.r", email="sita@example.com", first_name="Sita", last_name="Sharma")
        person("gita", "9841000000", first_name="Gita", last_name="Rai")
        assert found(client, staff_headers(), q=q) == ["sita.r"]

    @pytest.mark.parametrize("q", ["ita", "%a", "s_ta", "example.com", "345678", "sharma sita", "s\\", "॥॥"])
    def test_what_does_not(self, client: FlaskClient, staff_headers: StaffHeaders, person, q: str) -> None:
        person("sita", email="sita@example.com", first_name="Sita", last_name="Sharma")
        assert found(client, staff_headers(), q=q) == []

    @pytest.mark.parametrize("q", ["))", "()", "+(", "+ ", "  ", "- -", "+%", "\u3000\u3000", "%%", "__"])
    def test_a_question_that_names_nothing_finds_nobody(
        self, client: FlaskClient, staff_headers: StaffHeaders, person, q: str
    ) -> None:
        person("sita", email="sita@example.com", first_name="Sita", last_name="Sharma")
        person("nameless", "9841000000")
        assert found(client, staff_headers(), q=q) == []

    def test_who_has_no_name_is_not_found_by_blanks(self, client: FlaskClient, staff_headers, person) -> None:
        person("nameless", "9841000000", first_name="", last_name="")
        assert found(client, staff_headers(), q="  ") == []

    def test_by_status_and_newest_first(self, app: Flask, client: FlaskClient, staff_headers, person) -> None:
        for number in range(3):
            person(f"sita{number}", f"981234567{number}")
        headers = staff_headers()
        assert found(client, headers) == ["sita2", "sita1", "sita0"]
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE users SET status = 'banned' WHERE username <> 'sita1'"))
        assert found(client, headers, status="banned", q="sita") == ["sita2", "sita0"]
        assert found(client, headers, status="active") == ["sita1"]
        assert found(client, headers, status="active", q="+97798") == ["sita1"]

    def test_by_how_far_their_identity_is_checked(self, app: Flask, client: FlaskClient, staff_headers, person) -> None:
        for number in range(3):
            person(f"sita{number}", f"981234567{number}")
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE users SET kyc_status = 'pending' WHERE username <> 'sita1'"))
        headers = staff_headers()
        assert found(client, headers, kyc_status="pending") == ["sita2", "sita0"]
        assert found(client, headers, kyc_status="pending", q="981234567") == ["sita2", "sita0"]
        assert found(client, headers, kyc_status="approved") == []

    @pytest.mark.parametrize("q", [None, "sita", "98123"])
    def test_every_page_is_complete(self, client: FlaskClient, staff_headers: StaffHeaders, person, q) -> None:
        for number in range(7):
            person(f"sita{number}", f"981234567{number}", first_name="Sita", last_name="Sitaula")
        headers, seen, cursor = staff_headers(), [], None
        while True:
            query = {"limit": "3"} | ({"q": q} if q else {}) | ({"cursor": cursor} if cursor else {})
            page = client.get(USERS, query_string=query, headers=headers).get_json()
            seen += [item["username"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == [f"sita{number}" for number in reversed(range(7))]

    @pytest.mark.parametrize("query", ["q=a", "status=deleted", "status=x", "cursor=x", "limit=101", "q=a%00b"])
    def test_what_is_no_question_is_refused(self, client: FlaskClient, staff_headers, query: str) -> None:
        assert client.get(f"{USERS}?{query}", headers=staff_headers()).status_code in (400, 422)


class TestContact:
    def test_a_viewer_sees_masks_and_finds_nobody_by_number(
        self, client: FlaskClient, staff_headers: StaffHeaders, person
    ) -> None:
        user_id = person("sita", email="sita@example.com", first_name="Sita")
        headers = staff_headers("viewer")
        for answer in (client.get(USERS, headers=headers), client.get(f"{USERS}/{user_id}", headers=headers)):
            assert answer.status_code == 200
            assert "9812345678" not in answer.text
            assert "sita@" not in answer.text
        assert client.get(f"{USERS}/{user_id}", headers=headers).get_json()["phone"] == "+977******78"
        assert found(client, headers, q="9812345678") == []
        assert found(client, headers, q="sita@example.com") == []
        assert found(client, headers, q="sita") == ["sita"]

    @pytest.mark.parametrize("role", ["superadmin", "operations", "support", "finance"])
    def test_others_see_them(self, client: FlaskClient, staff_headers: StaffHeaders, person, role: str) -> None:
        user_id = person("sita", email="sita@example.com")
        detail = client.get(f"{USERS}/{user_id}", headers=staff_headers(role)).get_json()
        assert (detail["phone"], detail["email"]) == ("+9779812345678", "sita@example.com")
        assert [each["kind"] for each in detail["identifiers"]] == ["email", "phone"]


def test_the_detail(client: FlaskClient, staff_headers: StaffHeaders, person, signed_in) -> None:
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

    def test_who_is_suspended_may_still_sign_in(self, client: FlaskClient, staff_headers, person, signed_in) -> None:
        user_id = person()
        theirs = signed_in(user_id)
        assert self.set(client, user_id, staff_headers(), "suspended").get_json()["status"] == "suspended"
        assert client.get("/api/users/me", headers=theirs).status_code == 200

    def test_it_is_on_record_with_old_and_new(self, app: Flask, client: FlaskClient, staff_headers, person) -> None:
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

    def test_ten_at_once_are_one(self, app: Flask, person) -> None:
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

    def test_nobody_is_not_found(self, client: FlaskClient, staff_headers) -> None:
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
    def test_what_is_no_decision_is_refused(self, client: FlaskClient, staff_headers, person, body) -> None:
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
