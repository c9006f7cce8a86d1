"""Staff: campaigns, coupons, their codes, and what one person may give away."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.promotions import coupons
from tests.ledger.conftest import Person
from tests.promotions.conftest import quote, redeem
from tests.promotions.test_routes import apply

Headers = dict[str, str]
APPLY, MINE, STAFF = "/api/promotions/coupons/apply", "/api/promotions/coupons/my", "/api/admin/coupons"
NEW = {"name": "Dashain", "code": "dashain", "kind": "percent", "value": 20}
SignIn = Callable[..., Headers]


class TestStaff:
    def make(self, client: FlaskClient, headers: Headers, **more: Any) -> TestResponse:
        return client.post(STAFF, json=NEW | more, headers=headers)

    def test_a_coupon_is_made_changed_and_deleted(
        self, client: FlaskClient, staff_headers: SignIn, person: Person
    ) -> None:
        headers = staff_headers()
        made = self.make(client, headers)
        assert (made.status_code, made.get_json()["code"], made.get_json()["used"]) == (201, "DASHAIN", 0)
        assert self.make(client, headers).get_json()["code"] == "already_exists"
        address = f"{STAFF}/{made.get_json()['id']}"
        assert client.patch(address, json={"total_limit": 5}, headers=headers).get_json()["total_limit"] == 5
        for user_id in (person(), person()):
            redeem(user_id)
        assert client.patch(address, json={"total_limit": 1}, headers=headers).status_code == 422
        assert client.delete(address, headers=headers).get_json()["code"] == "in_use"
        assert client.patch(address, json={"active": False}, headers=headers).get_json()["active"] is False
        unused = self.make(client, headers, code="OTHER").get_json()["id"]
        assert client.delete(f"{STAFF}/{unused}", headers=headers).status_code == 204
        actions = db.session.scalars(text("SELECT action FROM audit_log ORDER BY id")).all()
        assert [action for action in actions if action != "coupons.create"] == [
            "coupons.update",
            "coupons.update",
            "coupons.delete",
        ]

    @pytest.mark.parametrize(
        "more",
        [
            {"kind": "percent", "value": 101},
            {"kind": "amount", "most": "5.00"},
            {"campaign_id": "01900000-0000-7000-8000-000000000000"},
        ],
    )
    def test_rules_that_do_not_go_together(
        self, client: FlaskClient, staff_headers: SignIn, more: dict[str, Any]
    ) -> None:
        assert self.make(client, staff_headers(), **more).status_code in (409, 422)

    def test_one_that_was_used_stays_in_its_campaign(
        self, client: FlaskClient, staff_headers: SignIn, person: Person
    ) -> None:
        headers, rental = staff_headers(), uuid4()
        one, other = (
            client.post("/api/admin/campaigns", json={"name": name, "budget": "50.00"}, headers=headers).get_json()
            for name in ("One", "Other")
        )
        address = f"{STAFF}/{self.make(client, headers, campaign_id=one['id']).get_json()['id']}"
        assert client.patch(address, json={"campaign_id": other["id"]}, headers=headers).status_code == 200
        redeem(person(), rental=rental)
        for elsewhere in (one["id"], None):
            refused = client.patch(address, json={"campaign_id": elsewhere}, headers=headers)
            assert (refused.status_code, refused.get_json()["code"]) == (409, "in_use")
        same = client.patch(address, json={"campaign_id": other["id"], "name": "New"}, headers=headers)
        assert same.get_json()["name"] == "New"
        with transaction():
            coupons.give_back_coupons(rental, now=utcnow())
        assert client.patch(address, json={"campaign_id": one["id"]}, headers=headers).status_code == 200

    def test_many_codes_that_serve_once_each(self, client: FlaskClient, staff_headers: SignIn, person: Person) -> None:
        headers = staff_headers()
        coupon_id = self.make(client, headers, code=None, per_user_limit=9).get_json()["id"]
        body = {"count": 2500, "prefix": "tihar-"}
        codes = client.post(f"{STAFF}/{coupon_id}/codes", json=body, headers=headers).get_json()["codes"]
        assert len(set(codes)) == 2500
        assert all(code.startswith("TIHAR-") for code in codes)
        redeem(person(), code=codes[0])
        with pytest.raises(Exception, match="as often as it can be"):
            redeem(person(), code=codes[0])
        redeem(person(), code=codes[1])
        listed = client.get(f"{STAFF}/{coupon_id}/codes?limit=100", headers=headers).get_json()
        assert len(listed["items"]) == 100
        exported = client.get(f"{STAFF}/{coupon_id}/codes.csv", headers=headers).text.splitlines()
        assert len(exported) == 2501
        assert sum(line.split(",")[1] == "1" for line in exported[1:]) == 2

    def test_a_code_that_somebody_else_used_is_refused_before_it_is_counted_on(
        self, client: FlaskClient, staff_headers: SignIn, person: Person, sita: tuple[UUID, Headers]
    ) -> None:
        headers, (user_id, mine) = staff_headers(), sita
        address = f"{STAFF}/{self.make(client, headers, code=None, per_user_limit=2).get_json()['id']}/codes"
        one, two, three = client.post(address, json={"count": 3}, headers=headers).get_json()["codes"]
        assert apply(client, mine, one).get_json()["status"] == "kept"
        redeem(person(), code=one)
        assert self.kept(client, mine) == [(one, "used_up")]
        assert apply(client, mine, one).get_json()["code"] == "coupon_used_up"
        with pytest.raises(AppError, match="as often as it can be"):
            quote(user_id, 100_00, one)
        assert apply(client, mine, two).get_json()["status"] == "kept"
        assert self.kept(client, mine) == [(two, "available")]
        redeem(user_id, code=two)
        assert self.kept(client, mine) == [(two, "used")]
        redeem(user_id, code=three)
        assert self.kept(client, mine) == [(three, "used")]

    def kept(self, client: FlaskClient, headers: Headers) -> list[tuple[str, str]]:
        return [(item["code"], item["status"]) for item in client.get(MINE, headers=headers).get_json()["items"]]

    def test_the_uses_of_a_coupon_are_summed_up_and_exported(
        self, client: FlaskClient, staff_headers: SignIn, person: Person
    ) -> None:
        headers = staff_headers()
        campaign = client.post("/api/admin/campaigns", json={"name": "Autumn", "budget": "500.00"}, headers=headers)
        campaign_id = campaign.get_json()["id"]
        coupon_id = self.make(client, headers, campaign_id=campaign_id).get_json()["id"]
        for user_id in (person(), person()):
            redeem(user_id)
        for address in (f"{STAFF}/{coupon_id}/use", f"/api/admin/campaigns/{campaign_id}/use"):
            use = client.get(address, headers=headers).get_json()
            assert (use["uses"], use["people"], use["amount"], use["given_back"]) == (2, 2, "40.00", 0)
            assert [day["worth"] for day in use["days"]] == ["40.00"]
        assert client.get(f"/api/admin/campaigns/{campaign_id}", headers=headers).get_json()["spent"] == "40.00"
        poor = client.patch(f"/api/admin/campaigns/{campaign_id}", json={"budget": "30.00"}, headers=headers)
        assert poor.status_code == 422
        busy = client.delete(f"/api/admin/campaigns/{campaign_id}", headers=headers)
        assert (busy.status_code, busy.get_json()["code"]) == (409, "in_use")
        exported = client.get(f"{STAFF}/{coupon_id}/redemptions.csv", headers=headers).text.splitlines()
        assert len(exported) == 3
        assert ",20.00,0,used," in exported[1]
        assert client.get(f"/api/admin/campaigns/{campaign_id}/redemptions.csv", headers=headers).text == "\r\n".join(
            [*exported, ""]
        )
        taken = db.session.scalars(text("SELECT action FROM audit_log WHERE action LIKE '%export%' ORDER BY at")).all()
        assert taken == ["coupons.export_redemptions", "campaigns.export_redemptions"]
        nowhere = f"/api/admin/campaigns/{uuid4()}/redemptions.csv"
        assert client.get(nowhere, headers=headers).status_code == 404


class TestAllowance:
    """Points that come from a coupon count as an act of who set it, until a second person has agreed."""

    def make(self, client: FlaskClient, headers: Headers, **more: Any) -> dict[str, Any]:
        answer = client.post(STAFF, json=NEW | {"kind": "points", "value": 20_000} | more, headers=headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.get_json()
        return made

    def used(self, client: FlaskClient, person: Person, sign_in: Callable[[UUID], Headers], code: str) -> str:
        answer = apply(client, sign_in(person()), code).get_json()
        return str(answer.get("status") if "points" in answer else answer["code"])

    def test_a_day_gives_what_one_person_may_give(
        self, client: FlaskClient, staff_headers: SignIn, person: Person, user_headers: Callable[[UUID], Headers]
    ) -> None:
        operations = staff_headers("operations")  # NPR 5,000: 50,000 points
        assert self.make(client, operations)["needs_approval"] is True
        self.make(client, operations, code="OTHER", value=10_000)
        found = [self.used(client, person, user_headers, code) for code in ("DASHAIN", "DASHAIN", "DASHAIN")]
        assert found == ["redeemed", "redeemed", "coupon_used_up"]
        assert self.used(client, person, user_headers, "OTHER") == "redeemed"
        assert self.used(client, person, user_headers, "OTHER") == "coupon_used_up"

    def test_coupon_points_count_together_with_points_given_by_hand(
        self, client: FlaskClient, staff_headers: SignIn, person: Person, user_headers: Callable[[UUID], Headers]
    ) -> None:
        boss = staff_headers("superadmin")
        self.make(client, boss)
        body = {"amount": "18000.01", "reason": "a mistake of ours"}
        given = client.post(f"/api/admin/users/{person()}/adjust-balance", json=body, headers=boss)
        assert given.status_code == 200
        assert self.used(client, person, user_headers, "DASHAIN") == "coupon_used_up"

    def test_a_second_person_agrees_to_a_sum_that_is_known(
        self, client: FlaskClient, staff_headers: SignIn, person: Person, user_headers: Callable[[UUID], Headers]
    ) -> None:
        operations, boss, finance = (staff_headers(role) for role in ("operations", "superadmin", "finance"))
        address = f"{STAFF}/{self.make(client, boss, value=300_000)['id']}"
        assert self.used(client, person, user_headers, "DASHAIN") == "coupon_used_up"
        assert client.post(f"{address}/approve", headers=operations).status_code == 403
        assert client.post(f"{address}/approve", headers=finance).get_json()["code"] == "coupon_unbounded"
        assert client.patch(address, json={"total_limit": 2}, headers=boss).status_code == 200
        assert client.post(f"{address}/approve", headers=boss).get_json()["code"] == "second_person_needed"
        assert client.post(f"{address}/approve", headers=finance).get_json()["needs_approval"] is False
        found = [self.used(client, person, user_headers, "DASHAIN") for _ in range(3)]
        assert found == ["redeemed", "redeemed", "coupon_used_up"]
        assert client.patch(address, json={"name": "Tihar"}, headers=operations).get_json()["needs_approval"] is False
        assert client.patch(address, json={"total_limit": 9}, headers=operations).get_json()["needs_approval"] is True
        assert self.used(client, person, user_headers, "DASHAIN") == "coupon_used_up"

    def test_two_at_once_do_not_both_find_the_day_unused(
        self,
        app: Flask,
        client: FlaskClient,
        staff_headers: SignIn,
        person: Person,
        user_headers: Callable[[UUID], Headers],
    ) -> None:
        self.make(client, staff_headers("operations"), value=30_000)
        people = [user_headers(person()) for _ in range(4)]
        with ThreadPoolExecutor(max_workers=4) as pool:
            found = sorted(pool.map(lambda headers: apply(app.test_client(), headers).status_code, people))
        assert found == [200, 409, 409, 409]


class TestCodesAreWorthMoney:
    """Whole for those only who may make such codes."""

    def test_other_staff_see_the_beginning_of_a_code(
        self, client: FlaskClient, staff_headers: SignIn, person: Person
    ) -> None:
        writer, viewer = staff_headers("operations"), staff_headers("viewer")
        coupon = client.post(STAFF, json=NEW, headers=writer).get_json()
        address = f"{STAFF}/{coupon['id']}"
        codes = client.post(f"{address}/codes", json={"count": 3}, headers=writer).get_json()["codes"]
        redeem(person())
        places = (STAFF, address, f"{address}/codes", f"{address}/redemptions.csv")
        for place in places:
            said = client.get(place, headers=viewer)
            assert said.status_code == 200
            assert "DA…" in said.get_data(as_text=True).replace("\\u2026", "…"), place
            assert not [code for code in ("DASHAIN", *codes) if code in said.text], place
            assert "DASHAIN" in client.get(place, headers=writer).text

    def test_a_cursor_does_not_reveal_a_code(self, client: FlaskClient, staff_headers: SignIn) -> None:
        writer, viewer = staff_headers("operations"), staff_headers("viewer")
        coupon_id = client.post(STAFF, json=NEW, headers=writer).get_json()["id"]
        made = client.post(f"{STAFF}/{coupon_id}/codes", json={"count": 2}, headers=writer).get_json()["codes"]
        seen, cursor = [], None
        while cursor is not None or not seen:
            asked = {"limit": 1} | ({"cursor": cursor} if cursor else {})
            page = client.get(f"{STAFF}/{coupon_id}/codes", query_string=asked, headers=viewer).get_json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor:
                plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
                assert not [code for code in made if code.encode() in plain]
        assert len(seen) == 3
        odd = client.get(f"{STAFF}/{coupon_id}/codes?cursor=W10", headers=viewer)
        assert (odd.status_code, odd.get_json()["code"]) == (400, "bad_cursor")
