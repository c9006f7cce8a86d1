"""Staff find people; only who may see contact addresses finds people by them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import transaction
from tests.admin.steps import USERS, StaffHeaders, found


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
    def test_a_person_is_found(self, client: FlaskClient, staff_headers: StaffHeaders, person, q: str) -> None:
        person("sita.r", email="sita@example.com", first_name="Sita", last_name="Sharma")
        person("gita", "9841000000", first_name="Gita", last_name="Rai")
        assert found(client, staff_headers(), q=q) == ["sita.r"]

    @pytest.mark.parametrize("q", ["ita", "%a", "s_ta", "example.com", "345678", "sharma sita", "s\\", "॥॥"])
    def test_a_person_is_not_found(self, client: FlaskClient, staff_headers: StaffHeaders, person, q: str) -> None:
        person("sita", email="sita@example.com", first_name="Sita", last_name="Sharma")
        assert found(client, staff_headers(), q=q) == []

    @pytest.mark.parametrize("q", ["))", "()", "+(", "+ ", "  ", "- -", "+%", "\u3000\u3000", "%%", "__"])
    def test_a_question_that_names_nothing_finds_nobody(
        self, client: FlaskClient, staff_headers: StaffHeaders, person, q: str
    ) -> None:
        person("sita", email="sita@example.com", first_name="Sita", last_name="Sharma")
        person("nameless", "9841000000")
        assert found(client, staff_headers(), q=q) == []

    def test_a_person_without_a_name_is_not_found_by_blanks(self, client: FlaskClient, staff_headers, person) -> None:
        person("nameless", "9841000000", first_name="", last_name="")
        assert found(client, staff_headers(), q="  ") == []

    def test_people_are_listed_by_status_newest_first(
        self, app: Flask, client: FlaskClient, staff_headers, person
    ) -> None:
        for number in range(3):
            person(f"sita{number}", f"981234567{number}")
        headers = staff_headers()
        assert found(client, headers) == ["sita2", "sita1", "sita0"]
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE users SET status = 'banned' WHERE username <> 'sita1'"))
        assert found(client, headers, status="banned", q="sita") == ["sita2", "sita0"]
        assert found(client, headers, status="active") == ["sita1"]
        assert found(client, headers, status="active", q="+97798") == ["sita1"]

    def test_people_are_listed_by_the_state_of_their_identity_check(
        self, app: Flask, client: FlaskClient, staff_headers, person
    ) -> None:
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
    def test_a_malformed_search_is_refused(self, client: FlaskClient, staff_headers, query: str) -> None:
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
    def test_other_roles_see_contact_addresses(
        self, client: FlaskClient, staff_headers: StaffHeaders, person, role: str
    ) -> None:
        user_id = person("sita", email="sita@example.com")
        detail = client.get(f"{USERS}/{user_id}", headers=staff_headers(role)).get_json()
        assert (detail["phone"], detail["email"]) == ("+9779812345678", "sita@example.com")
        assert [each["kind"] for each in detail["identifiers"]] == ["email", "phone"]
