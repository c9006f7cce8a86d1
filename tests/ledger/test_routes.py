"""`GET /api/wallet` and `GET /api/wallet/transactions`."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import transaction, utcnow
from powerbank.ledger import transactions
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.sources import Sources
from tests.ledger.conftest import Person, about, key, top_up

SignIn = Callable[[UUID], dict[str, str]]


def test_a_newcomer_has_nothing(client: FlaskClient, person: Person, user_headers: SignIn) -> None:
    answer = client.get("/api/wallet", headers=user_headers(person()))
    assert answer.get_json() == {"balance": "0.00", "held": "0.00", "currency": "NPR", "points": 0, "dues": "0.00"}


def test_the_wallet_shows_what_a_person_has_holds_and_owes(
    client: FlaskClient, person: Person, user_headers: SignIn
) -> None:
    user_id = person(wallet=100_00, points=30)
    person(wallet=900_00)
    with transaction():
        holds.place_hold(user_id=user_id, reference=about(), amount=30_50, key=key(), actor="system")
        dues.create_due(
            user_id=user_id, reference=about(), amount=5_00, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="system"
        )
    answer = client.get("/api/wallet", headers=user_headers(user_id))
    assert answer.get_json() == {"balance": "69.50", "held": "30.50", "currency": "NPR", "points": 30, "dues": "5.00"}


@pytest.mark.parametrize("path", ["/api/wallet", "/api/wallet/transactions"])
def test_the_wallet_needs_a_sign_in(
    client: FlaskClient, staff_headers: Callable[..., dict[str, str]], path: str
) -> None:
    assert client.get(path).status_code == 401
    assert client.get(path, headers=staff_headers()).status_code == 401


@pytest.fixture
def history(person: Person) -> UUID:
    """Make a top-up, a payment and its partial refund, and a top-up that is not paid yet."""
    user_id = person()
    with transaction():
        top_up(user_id, 100_00)
    with transaction():
        paid = holds.spend_without_hold(
            user_id=user_id, reference=about(), sources=Sources(wallet=40_00), key=key(), actor="system"
        )
    with transaction():
        refunds.refund_payment(transaction_id=paid.id, amount=10_00, key=key(), actor="system")
    with transaction():
        transactions.begin_topup(user_id=user_id, amount=55_00, reference=about("intent"))
    return user_id


def test_transactions_are_listed_newest_first_and_nobody_elses(
    client: FlaskClient, person: Person, user_headers: SignIn, history: UUID
) -> None:
    person(wallet=900_00)
    items = client.get("/api/wallet/transactions", headers=user_headers(history)).get_json()["items"]
    seen = [(item["type"], item["status"], item["direction"], item["amount"], item["refunded"]) for item in items]
    assert seen == [
        ("topup", "pending", "in", "55.00", "0.00"),
        ("refund", "success", "in", "10.00", "0.00"),
        ("rental", "success", "out", "40.00", "10.00"),
        ("topup", "success", "in", "100.00", "0.00"),
    ]
    assert [item["entry_id"] is None for item in items] == [True, False, False, False]
    assert items[1]["refund_of"] == items[2]["id"]


@pytest.mark.parametrize(
    ("query", "count"),
    [("type=topup", 2), ("status=pending", 1), ("type=rental&status=success", 1), ("type=sale", 0), ("limit=100", 4)],
)
def test_transactions_are_filtered(
    client: FlaskClient, user_headers: SignIn, history: UUID, query: str, count: int
) -> None:
    answer = client.get(f"/api/wallet/transactions?{query}", headers=user_headers(history))
    assert len(answer.get_json()["items"]) == count


def test_transactions_are_filtered_by_date(client: FlaskClient, user_headers: SignIn, history: UUID) -> None:
    headers = user_headers(history)
    with transaction() as session:
        session.execute(
            text(
                "UPDATE wallet_transactions SET created_at = now() - interval '10 days',"
                " id = '01900000-0000-7000-8000-000000000000' WHERE status = 'pending'"
            )
        )
        session.execute(
            text("UPDATE wallet_transactions SET created_at = now() - interval '10 hours' WHERE type = 'refund'")
        )

    def count(**bounds: int) -> int:
        now = utcnow()
        query = {name: (now - timedelta(hours=hours)).isoformat() for name, hours in bounds.items()}
        answer = client.get("/api/wallet/transactions", query_string=query, headers=headers)
        return len(answer.get_json()["items"])

    assert [count(since=1), count(since=11), count(until=1), count(until=11)] == [2, 3, 2, 1]
    assert count(since=11, until=9) == 1


def test_transactions_come_in_pages(client: FlaskClient, user_headers: SignIn, history: UUID) -> None:
    headers, seen, cursor = user_headers(history), [], ""
    while cursor is not None:
        answer = client.get(
            f"/api/wallet/transactions?limit=3&cursor={cursor}" if cursor else "/api/wallet/transactions?limit=3",
            headers=headers,
        ).get_json()
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert len(seen) == len(set(seen)) == 4
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("query", ["type=theft", "status=lost", "since=yesterday", "until=2026-01-01"])
def test_an_invalid_filter_is_refused(client: FlaskClient, user_headers: SignIn, person: Person, query: str) -> None:
    assert client.get(f"/api/wallet/transactions?{query}", headers=user_headers(person())).status_code == 422
