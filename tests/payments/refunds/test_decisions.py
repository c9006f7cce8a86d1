"""Staff decide on refunds, and large ones need two people."""

from collections.abc import Callable

from flask import Flask

from powerbank.base.db import transaction
from powerbank.content import app_config
from tests.payments.conftest import Payer, Work
from tests.payments.steps import asks, books_are_right, decide, seen, topped_up, wallet
from tests.people import rows

StaffHeaders = Callable[..., dict[str, str]]


def test_a_rejected_refund_is_the_persons_money_again(payer: Payer, app: Flask, staff_headers: StaffHeaders) -> None:
    intent, staff = topped_up(payer, "khalti"), staff_headers("finance")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    assert decide(payer, staff, refund_id, "reject", reason="used up").status_code == 200
    assert (seen(payer, refund_id)["status"], seen(payer, refund_id)["note"]) == ("rejected", "used up")
    assert wallet(payer) == ("150.00", "0.00")
    for verb, body in (("reject", {"reason": "again"}), ("approve", {})):
        assert decide(payer, staff, refund_id, verb, **body).get_json()["code"] == "already_decided"
    books_are_right(app)


def test_above_the_limit_two_people_decide(payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work) -> None:
    with app.app_context(), transaction():
        app_config.set_value("refund_second_approval_above", "100.00", actor="test")
    intent = topped_up(payer, "stripe")
    first, second = staff_headers("finance"), staff_headers("superadmin")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    assert decide(payer, first, refund_id, "approve").status_code == 202
    again = decide(payer, first, refund_id, "approve")
    assert (again.status_code, again.get_json()["code"]) == (403, "second_person_needed")
    work()
    assert seen(payer, refund_id)["status"] == "requested"
    assert decide(payer, second, refund_id, "approve").status_code == 200
    work()
    assert seen(payer, refund_id)["status"] == "completed"


def test_slices_of_one_payment_add_up_to_the_limit(
    payer: Payer, app: Flask, staff_headers: StaffHeaders, work: Work
) -> None:
    with app.app_context(), transaction():
        app_config.set_value("refund_second_approval_above", "100.00", actor="test")
    intent, staff = topped_up(payer, "stripe"), staff_headers("finance")
    statuses = []
    for part in ("60.00", "40.00", "0.01"):
        refund_id = asks(payer, intent["transaction_id"], amount=part).get_json()["id"]
        statuses.append(decide(payer, staff, refund_id, "approve").status_code)
        work()
    assert statuses == [200, 200, 202]
    noted = rows(app, "SELECT old, new FROM audit_log WHERE action = 'refund.approve' ORDER BY id")
    assert [(row.old["status"], row.new["status"]) for row in noted] == [
        ("requested", "processing"),
        ("requested", "processing"),
        ("requested", "requested"),
    ]


def test_support_sees_and_does_not_decide(payer: Payer, staff_headers: StaffHeaders) -> None:
    intent = topped_up(payer, "khalti")
    refund_id = asks(payer, intent["transaction_id"]).get_json()["id"]
    staff = staff_headers("support")
    listed = payer.client.get("/api/admin/refunds?status=requested", headers=staff).get_json()["items"]
    assert [item["id"] for item in listed] == [refund_id]
    assert decide(payer, staff, refund_id, "approve").status_code == 403
