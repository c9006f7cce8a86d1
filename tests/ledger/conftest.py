"""Make people with money, and check what must hold of the books whatever happened."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.auth.people import sessions
from powerbank.base.db import db, new_id, transaction
from powerbank.base.errors import AppError
from powerbank.ledger.movements import topups
from powerbank.ledger.points import services as points
from powerbank.ledger.services import Reference
from powerbank.users.models import User

Person = Callable[..., UUID]


def key() -> str:
    return str(uuid4())


def about(kind: str = "rental") -> Reference:
    return Reference(kind, str(uuid4()))


@pytest.fixture
def person(context: Flask) -> Person:
    """Make a person: `person(wallet=500_00, points=100)`."""

    def make(*, wallet: int = 0, points: int = 0) -> UUID:
        return make_person(wallet=wallet, points=points)

    return make


def make_person(*, wallet: int = 0, points: int = 0) -> UUID:
    with transaction() as session:
        user = User(id=new_id(), username=f"u{uuid4().hex[:20]}", referral_code=uuid4().hex[:8])
        session.add(user)
        session.flush()
        if wallet:
            top_up(user.id, wallet)
        if points:
            award(user.id, points)
    return user.id


def top_up(user_id: UUID, amount: int, **more: Any) -> Any:
    return topups.credit_topup(
        **{
            "user_id": user_id,
            "gateway": "khalti",
            "amount": amount,
            "key": key(),
            "actor": "system",
            "reference": about("intent"),
        }
        | more
    )


def award(user_id: UUID, amount: int) -> int | None:
    return points.award_points(user_id=user_id, points=amount, reference=about("signup"), key=key(), actor="system")


@pytest.fixture
def user_headers(context: Flask) -> Callable[[UUID], dict[str, str]]:
    def sign_in(user_id: UUID) -> dict[str, str]:
        with transaction() as session:
            tokens = sessions.begin_session(session.get_one(User, user_id), user_agent=None)
        return {"Authorization": f"Bearer {tokens.access_token}"}

    return sign_in


def balances(user_id: UUID) -> dict[str, int]:
    """Return the balances that are not zero, by kind, with the sign that the ledger gives them."""
    db.session.rollback()
    rows = db.session.execute(
        text("SELECT kind, balance FROM ledger_accounts WHERE owner = :owner AND balance <> 0"), {"owner": str(user_id)}
    )
    return {row.kind: row.balance for row in rows}


def shared_balance(kind: str) -> int:
    """Sum up the postings of a shared account, without any code of the product."""
    db.session.rollback()
    query = text(
        "SELECT coalesce(sum(amount), 0) FROM ledger_postings p JOIN ledger_accounts a ON a.id = account_id"
        " WHERE kind = :kind"
    )
    return int(db.session.scalar(query, {"kind": kind}) or 0)


BROKEN = {
    "entries that do not balance": "SELECT entry_id, currency FROM ledger_postings"
    " GROUP BY 1, 2 HAVING sum(amount) <> 0",
    "entries without two postings": "SELECT e.id FROM ledger_entries e LEFT JOIN ledger_postings p ON p.entry_id = e.id"
    " GROUP BY 1 HAVING count(p.*) < 2",
    "people below zero": "SELECT id FROM ledger_accounts"
    " WHERE floored AND balance * CASE normal WHEN 'credit' THEN 1 ELSE -1 END < 0",
    "balances that are not the sum of postings": "SELECT a.id FROM ledger_accounts a"
    " LEFT JOIN ledger_postings p ON p.account_id = a.id WHERE floored"
    " GROUP BY a.id HAVING a.balance <> coalesce(sum(p.amount), 0)",
    "postings that tell another balance": "SELECT * FROM"
    " (SELECT p.balance, sum(p.amount) OVER (PARTITION BY account_id ORDER BY number) AS running"
    " FROM ledger_postings p JOIN ledger_accounts a ON a.id = account_id WHERE floored) x WHERE balance <> running",
    "holds that are not the held balance": "SELECT a.id FROM ledger_accounts a"
    " LEFT JOIN ledger_holds h ON CAST(h.user_id AS text) = a.owner"
    " AND h.currency = a.currency WHERE a.kind IN ('user_hold', 'user_points_hold')"
    " GROUP BY a.id HAVING a.balance <> coalesce(sum(h.amount - captured - released), 0)",
    "dues that are not the balance owed": "SELECT a.id FROM ledger_accounts a"
    " LEFT JOIN ledger_dues d ON CAST(d.user_id AS text) = a.owner"
    " WHERE a.kind = 'dues_receivable' GROUP BY a.id HAVING -a.balance <> coalesce(sum(amount - paid - waived), 0)",
    "lots that are not the points": "SELECT a.id FROM ledger_accounts a"
    " LEFT JOIN points_lots l ON CAST(l.user_id AS text) = a.owner"
    " WHERE a.kind IN ('user_points', 'user_points_hold') GROUP BY a.id HAVING a.balance <>"
    " coalesce(sum(CASE a.kind WHEN 'user_points' THEN l.available ELSE l.held END), 0)",
    "lots that are not the sum of their moves": "SELECT l.id FROM points_lots l"
    " JOIN points_moves m ON m.lot_id = l.id GROUP BY l.id"
    " HAVING l.available <> sum(m.available) OR l.held <> sum(m.held)",
    "refunds above payments": "SELECT t.id FROM wallet_transactions t JOIN wallet_transactions r ON r.refund_of = t.id"
    " WHERE r.status <> 'failed' GROUP BY t.id"
    " HAVING sum(r.wallet - r.refunded_wallet) > t.wallet OR sum(r.points) > t.points"
    " OR sum(r.points_value) > t.points_value OR sum(r.wallet - r.refunded_wallet) <> t.refunded_wallet"
    " OR sum(r.points) <> t.refunded_points",
}


def assert_books_are_right() -> None:
    db.session.rollback()
    for what, query in BROKEN.items():
        assert db.session.execute(text(query)).all() == [], what
    db.session.rollback()


AT_ONCE = 10  # as many as the pool has connections


def all_at_once(app: Flask, jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run each function in a transaction of its own, all at once. A refusal comes back as its code."""
    gate = threading.Barrier(min(len(jobs), AT_ONCE))

    def run(number: int) -> Any:
        with app.app_context():
            if number < gate.parties:
                gate.wait()
            try:
                with transaction():
                    return jobs[number]()
            except AppError as refused:
                return refused.code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(len(jobs))))
