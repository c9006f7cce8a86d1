"""`adjust-balance`, `adjust-points`, and the second person."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.base.audit import AuditEntry
from powerbank.base.db import db
from powerbank.ledger.wallet_models import WalletTransaction
from tests.ledger.conftest import Person, assert_books_are_right, balances, key, shared_balance
from tests.people import People

Headers = dict[str, str]
SignIn = Callable[..., Headers]
LIST = "/api/admin/ledger/adjustments"


@pytest.fixture
def finance(context: Flask, staff_headers: SignIn) -> Headers:
    return staff_headers("finance")


@pytest.fixture
def superadmin(context: Flask, staff_headers: SignIn) -> Headers:
    return staff_headers("superadmin")


def adjust(client: FlaskClient, headers: Headers, user_id: UUID, **body: Any) -> TestResponse:
    what = "points" if "points" in body else "balance"
    return client.post(
        f"/api/admin/users/{user_id}/adjust-{what}",
        json={"reason": "a mistake of ours"} | body,
        headers={"Idempotency-Key": key()} | headers,
    )


def decide(client: FlaskClient, headers: Headers, adjustment_id: str, verb: str = "approve") -> TestResponse:
    return client.post(f"{LIST}/{adjustment_id}/{verb}", headers=headers)


def test_money_and_points_are_given_and_taken(client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id = person(wallet=100_00, points=10)
    given = adjust(client, finance, user_id, amount="50.25")
    assert (given.status_code, given.get_json()["balance"], given.get_json()["status"]) == (200, "150.25", "applied")
    assert adjust(client, finance, user_id, amount="-150.25").get_json()["balance"] == "0.00"
    assert adjust(client, finance, user_id, points=-4).get_json()["points"] == 6
    assert adjust(client, finance, user_id, points=10).get_json()["points"] == 16
    assert shared_balance("adjustments") == 100_00
    seen = db.session.query(WalletTransaction).filter_by(type="adjustment").order_by(WalletTransaction.id).all()
    assert [(each.direction, each.amount) for each in seen] == [("in", 50_25), ("out", 150_25)]
    assert_books_are_right()


def test_no_more_is_taken_than_there_is(client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id = person(wallet=100_00, points=10)
    refused = adjust(client, finance, user_id, amount="-100.01")
    assert (refused.status_code, refused.get_json()["code"]) == (402, "insufficient_funds")
    assert refused.get_json()["shortfall"] == "0.01"
    assert adjust(client, finance, user_id, points=-11).get_json()["code"] == "insufficient_points"
    assert balances(user_id) == {"user_wallet": 100_00, "user_points": 10}
    assert client.get(LIST, headers=finance).get_json()["items"] == []


def test_the_same_key_adjusts_once(client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id, headers = person(), finance | {"Idempotency-Key": "one"}
    first = adjust(client, headers, user_id, amount="10.00")
    again = adjust(client, headers, user_id, amount="10.00")
    assert again.get_json() == first.get_json()
    assert adjust(client, headers, user_id, amount="11.00").status_code == 409
    assert balances(user_id) == {"user_wallet": 10_00}
    without = {"amount": "1.00", "reason": "twice is twice"}
    for balance in ("11.00", "12.00"):
        answer = client.post(f"/api/admin/users/{user_id}/adjust-balance", json=without, headers=finance)
        assert (answer.status_code, answer.get_json()["balance"]) == (200, balance)


def test_above_the_limit_two_people_decide(
    client: FlaskClient, finance: Headers, superadmin: Headers, person: Person
) -> None:
    user_id = person()
    asked = adjust(client, finance, user_id, amount="5000.01")
    assert (asked.status_code, asked.get_json()["status"], asked.get_json()["balance"]) == (202, "pending", "0.00")
    adjustment_id = asked.get_json()["adjustment_id"]
    own = decide(client, finance, adjustment_id)
    assert (own.status_code, own.get_json()["code"]) == (403, "second_person_needed")
    assert decide(client, finance, adjustment_id, "reject").status_code == 403
    assert balances(user_id) == {}
    approved = decide(client, superadmin, adjustment_id)
    assert (approved.status_code, approved.get_json()["status"]) == (200, "applied")
    assert balances(user_id) == {"user_wallet": 5000_01}
    again = decide(client, superadmin, adjustment_id)
    assert (again.status_code, again.get_json()["code"]) == (409, "already_decided")
    assert balances(user_id) == {"user_wallet": 5000_01}


def test_an_approval_that_is_sent_twice_under_one_key_is_one(
    client: FlaskClient, finance: Headers, superadmin: Headers, person: Person
) -> None:
    user_id = person()
    adjustment_id = adjust(client, finance, user_id, amount="6000.00").get_json()["adjustment_id"]
    keyed = superadmin | {"Idempotency-Key": "once"}
    first, second = decide(client, keyed, adjustment_id), decide(client, keyed, adjustment_id)
    assert (first.status_code, second.status_code, first.data) == (200, 200, second.data)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert balances(user_id) == {"user_wallet": 6000_00}


def test_what_is_told_of_points_names_the_currency_of_the_balance(
    client: FlaskClient, finance: Headers, person: Person
) -> None:
    told = adjust(client, finance, person(wallet=1_00), points=10).get_json()
    assert (told["balance"], told["currency"], told["points"]) == ("1.00", "NPR", 10)


def test_a_rejected_adjustment_moves_nothing(
    client: FlaskClient, finance: Headers, superadmin: Headers, person: Person
) -> None:
    user_id = person()
    adjustment_id = adjust(client, finance, user_id, points=50_001).get_json()["adjustment_id"]
    [waiting] = client.get(f"{LIST}?status=pending", headers=superadmin).get_json()["items"]
    assert (waiting["id"], waiting["amount"], waiting["currency"]) == (adjustment_id, "50001", "PTS")
    assert decide(client, superadmin, adjustment_id, "reject").get_json()["status"] == "rejected"
    assert decide(client, superadmin, adjustment_id).status_code == 409
    assert balances(user_id) == {}


def test_slices_add_up_to_the_limit(client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id = person()
    statuses = [
        adjust(client, finance, user_id, amount=amount).status_code
        for amount in ("3000.00", "-1000.00", "1000.00", "0.01")
    ]
    assert statuses == [200, 200, 200, 202]


def test_a_person_without_so_much_is_not_approved(
    client: FlaskClient, finance: Headers, superadmin: Headers, person: Person
) -> None:
    adjustment_id = adjust(client, finance, person(wallet=1_00), amount="-6000.00").get_json()["adjustment_id"]
    assert decide(client, superadmin, adjustment_id).status_code == 402
    [waiting] = client.get(LIST, headers=superadmin).get_json()["items"]
    assert waiting["status"] == "pending"


def test_an_adjustment_is_audited(client: FlaskClient, finance: Headers, person: Person) -> None:
    user_id = person()
    adjust(client, finance, user_id, amount="12.00", reason="the station kept the bank")
    [row] = db.session.query(AuditEntry).filter_by(action="adjustment.ask").all()
    assert row.old == {"balance": "0.00", "points": 0}
    assert (row.object_id, row.new and row.new["amount"], row.new and row.new["reason"]) == (
        str(user_id),
        "12.00",
        "the station kept the bank",
    )


@pytest.mark.parametrize(
    "body",
    [
        {"amount": "0"},
        {"amount": "0.00"},
        {"amount": 10},
        {"amount": "1.001"},
        {"amount": "1e3"},
        {"amount": "200000000.00"},
        {"amount": None},
        {"amount": "1.00", "reason": ""},
        {"amount": "1.00", "x": 1},
        {"points": 0},
        {"points": 1.5},
        {"points": "ten"},
        {"points": 10**9},
        {"points": 10**30},
    ],
)
def test_an_invalid_adjustment_is_refused(
    client: FlaskClient, finance: Headers, person: Person, body: dict[str, Any]
) -> None:
    assert adjust(client, finance, person(), **body).status_code == 422


def test_unknown_people_and_adjustments_are_not_found(client: FlaskClient, finance: Headers) -> None:
    assert adjust(client, finance, uuid4(), amount="1.00").status_code == 404
    assert decide(client, finance, str(uuid4())).status_code == 404


def test_the_database_wants_two_people(client: FlaskClient, finance: Headers, person: Person) -> None:
    adjust(client, finance, person(), amount="9000.00")
    with pytest.raises(Exception, match="two_people"):
        db.session.execute(text("UPDATE ledger_adjustments SET status = 'rejected', decided_by = asked_by"))
    db.session.rollback()


def test_the_person_is_told_what_changed_and_why(
    app: Flask, client: FlaskClient, finance: Headers, superadmin: Headers, people: People, work: Callable[..., None]
) -> None:
    sita = people.join("sita")
    adjust(client, finance, sita.id, amount="150.25")
    adjust(client, finance, sita.id, amount="-20.00")
    adjust(client, finance, sita.id, points=30)
    adjust(client, finance, sita.id, points=-10)
    for verb in ("approve", "reject"):
        waiting = adjust(client, finance, sita.id, amount="9000.00").get_json()["adjustment_id"]
        work()
        decide(client, superadmin, waiting, verb)
    work()
    items = client.get("/api/notifications", headers=sita.headers).get_json()["items"]
    assert sorted(item["body"] for item in items) == [
        "We added 30 points to your account. Reason: a mistake of ours.",
        "We added NPR 150.25 to your wallet. Reason: a mistake of ours.",
        "We added NPR 9,000.00 to your wallet. Reason: a mistake of ours.",
        "We took 10 points from your account. Reason: a mistake of ours.",
        "We took NPR 20.00 out of your wallet. Reason: a mistake of ours.",
    ]
