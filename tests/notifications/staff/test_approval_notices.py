"""Whatever waits for an approval tells the staff who may approve it. The routes that approve are found by the test."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.notifications.staff.notice_types import RULES, StaffNoticeType
from tests.house.walk import Route, routes
from tests.ledger.conftest import Person as Somebody
from tests.ledger.conftest import key, person  # noqa: F401
from tests.payments.conftest import Payer, payer, vendors  # noqa: F401
from tests.payments.steps import asks, decide, topped_up
from tests.people import rows

Headers = dict[str, str]
Work = Callable[..., None]

# These notices tell the people who may approve at each route.
TOLD = {
    "/api/admin/kyc/<uuid:submission_id>/approve": {StaffNoticeType.KYC_TO_REVIEW},
    "/api/admin/refunds/<uuid:refund_id>/approve": {StaffNoticeType.REFUND_TO_APPROVE},
    "/api/admin/ledger/adjustments/<uuid:adjustment_id>/approve": {
        StaffNoticeType.ADJUSTMENT_TO_APPROVE,
        StaffNoticeType.POINTS_TO_APPROVE,
    },
    "/api/admin/points/bulk-awards/<uuid:grant_id>/approve": {StaffNoticeType.AWARD_TO_APPROVE},
    "/api/admin/coupons/<uuid:coupon_id>/approve": {StaffNoticeType.COUPON_TO_APPROVE},
    # This route approves charges, refunds of rentals and waivers.
    "/api/admin/approvals/<uuid:act_id>/approve": {StaffNoticeType.ACT_TO_APPROVE},
    "/api/admin/payouts/<uuid:payout_id>/approve": {StaffNoticeType.PAYOUT_TO_APPROVE},
}


def approving(app: Flask) -> list[Route]:
    return [route for route in routes(app, "/api/admin/") if route.rule.rule.endswith("/approve")]


def test_every_approving_route_has_a_notice_to_those_who_may_approve(app: Flask) -> None:
    found = approving(app)
    assert {route.rule.rule for route in found} == TOLD.keys()
    for route in found:
        assert {RULES[kind].permission for kind in TOLD[route.rule.rule]} == {route.permission}


@pytest.fixture
def finance(client: FlaskClient, staff_headers: Callable[..., Headers]) -> Headers:
    return staff_headers("finance")


def told(client: FlaskClient, headers: Headers) -> list[tuple[str, str]]:
    """List the notices, newest first."""
    items = client.get("/api/admin/notices", headers=headers).get_json()["items"]
    return [(item["type"], item["body"]) for item in items]


def test_waiting_adjustment_tells_staff(
    client: FlaskClient,
    finance: Headers,
    person: Somebody,  # noqa: F811
    work: Work,
) -> None:
    def adjust(what: str, **body: Any) -> int:
        address = f"/api/admin/users/{user_id}/adjust-{what}"
        headers = finance | {"Idempotency-Key": key()}
        return client.post(address, json={"reason": "a festival"} | body, headers=headers).status_code

    user_id = person(wallet=9_000_00)
    assert adjust("balance", amount="5.00") == 200
    assert adjust("balance", amount="-6000.00") == 202
    assert adjust("points", points=50_001) == 202
    work()
    assert told(client, finance) == [
        ("points_to_approve", "Somebody wants to change an account by 50,001 points: a festival."),
        ("adjustment_to_approve", "Somebody wants to change a wallet by NPR -6,000.00: a festival."),
    ]


def test_waiting_award_tells_staff(
    client: FlaskClient,
    finance: Headers,
    person: Somebody,  # noqa: F811
    work: Work,
) -> None:
    for points in (10, 30_000):
        body = {"reason": "a festival", "points": points, "user_ids": [str(person()), str(person())]}
        answer = client.post("/api/admin/points/bulk-awards", json=body, headers=finance | {"Idempotency-Key": key()})
        assert answer.status_code == 202
    work()
    [notice] = told(client, finance)
    assert notice == (
        "award_to_approve",
        "Somebody wants to give 30,000 points to each of 2 people: a festival.",
    )


def test_refund_tells_staff_once_for_each_approval(
    payer: Payer,  # noqa: F811
    app: Flask,
    finance: Headers,
    staff_headers: Callable[..., Headers],
    work: Work,
) -> None:
    intent = topped_up(payer, "khalti", "6000.00")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    work()
    notice = ("refund_to_approve", "NPR 6,000.00 are asked back: a mistake.")
    assert told(payer.client, finance) == [notice]
    assert decide(payer, finance, refund_id, "approve").status_code == 202
    work()
    assert told(payer.client, finance) == [notice, notice]
    assert decide(payer, staff_headers("superadmin"), refund_id, "approve").status_code == 200
    work()
    assert told(payer.client, finance) == [notice, notice]
    assert rows(app, "SELECT context ->> 'refund_id' FROM staff_notices") == [(refund_id,), (refund_id,)]


def test_coupon_tells_staff_once_for_each_change_of_its_worth(
    client: FlaskClient, staff_headers: Callable[..., Headers], work: Work
) -> None:
    finance, boss = staff_headers("finance"), staff_headers("superadmin")
    address = "/api/admin/coupons"
    made = client.post(
        address, json={"name": "Dashain", "kind": "points", "value": 500, "code": "DASHAIN"}, headers=boss
    )
    assert made.status_code == 201, made.text
    cheaper = {"name": "Cheaper", "kind": "percent", "value": 10, "most": "10.00", "code": "CHEAPER"}
    assert client.post(address, json=cheaper, headers=boss).status_code == 201
    one = f"{address}/{made.get_json()['id']}"
    for change in ({"name": "Tihar"}, {"value": 700}, {"value": 700}):
        assert client.patch(one, json=change, headers=boss).status_code == 200
    work()
    told_of = "Coupon {} gives {} points each, of which its maker alone may give only some."
    assert told(client, finance) == [
        ("coupon_to_approve", told_of.format("Tihar", 700)),
        ("coupon_to_approve", told_of.format("Dashain", 500)),
    ]
