"""What the ledger has to say when a person leaves, or asks what was used."""

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.auth.people import sessions
from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.sources import Sources
from powerbank.users.models import User
from tests.ledger.conftest import Person, about, key


def headers_of(user_id: UUID) -> dict[str, str]:
    with transaction() as session:
        tokens = sessions.begin_session(session.get_one(User, user_id), user_agent=None)
    return {"Authorization": f"Bearer {tokens.access_token}"}


def test_a_person_with_dues_cannot_end_the_account(context: Flask, client: FlaskClient, person: Person) -> None:
    user_id = person(wallet=10_00)
    headers = headers_of(user_id)
    with transaction():
        due = dues.create_due(
            user_id=user_id, reference=about(), amount=5_00, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="test"
        )
    refused = client.delete("/api/users/me", headers=headers)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "outstanding_due")
    assert refused.get_json()["due_amount"] == "5.00"
    with transaction():
        dues.pay_due(due_id=due.id, sources=Sources(wallet=5_00), key=key(), actor="test", now=utcnow())
    assert client.delete("/api/users/me", headers=headers).status_code == 204
    db.session.rollback()
    assert db.session.scalar(text("SELECT count(*) FROM wallet_transactions")) > 0


@pytest.mark.parametrize(("back", "spend"), [(None, "60.00"), (20_00, "40.00")])
def test_what_was_spent_and_what_is_left_of_points(
    context: Flask, client: FlaskClient, person: Person, back: int | None, spend: str
) -> None:
    user_id = person(wallet=100_00, points=300)
    with transaction():
        paid = holds.spend_without_hold(
            user_id=user_id, reference=about(), sources=Sources(50_00, 100, 10_00), key=key(), actor="test"
        )
        if back:
            refunds.refund_payment(transaction_id=paid.id, amount=back, key=key(), actor="test")
    usage = client.get("/api/users/me/usage", headers=headers_of(user_id)).get_json()
    assert usage["spend"] == spend
    assert usage["points"] == (200 if back is None else 200 + 100 * 20 // 60)
