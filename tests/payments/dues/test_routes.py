"""What people owe: listed with its cause, paid by who owes it, waived by staff."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, topups
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from tests.ledger.conftest import (
    Person,
    assert_books_are_right,
    balances,
    key,
    shared_balance,
    top_up,
    user_headers,
)
from tests.payments.conftest import Payer, Work
from tests.payments.steps import happens, spends, tells, the_user, told, topped_up
from tests.people import rows

__all__ = ["user_headers"]

Headers = dict[str, str]
SignIn = Callable[..., Headers]
MINE, STAFF = "/api/users/me/dues", "/api/admin/dues"
WALLET = {"payment_method": "wallet_only"}


def owes(user_id: UUID, paisa: int = 30_00, *, rental: str = "r1") -> UUID:
    with transaction():
        reference = Reference("rental", rental)
        due = dues.create_due(
            user_id=user_id, reference=reference, amount=paisa, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="system"
        )
        return due.id


def charged_back(user_id: UUID, paisa: int) -> UUID:
    """Charge back a top-up of so much that was spent, and return the due."""
    with transaction():
        topup = topups.credit_topup(
            user_id=user_id, gateway="khalti", amount=paisa, key=key(), actor="x", reference=Reference("intent", key())
        )
    spends_all(user_id, paisa)
    with transaction() as session:
        done = topups.charge_back_topup(
            transaction_id=topup.id, gateway="khalti", amount=paisa, key=key(), actor="gateway"
        )
        found: UUID = session.scalar(text("SELECT id FROM ledger_dues WHERE entry_id = :id"), {"id": done.entry_id})
    return found


def spends_all(user_id: UUID, paisa: int) -> None:
    with transaction():
        holds.spend_without_hold(
            user_id=user_id, reference=Reference("rental", key()), sources=Sources(wallet=paisa), key=key(), actor="x"
        )


@pytest.mark.usefixtures("context")
class TestMine:
    def test_each_due_has_its_cause_and_its_time_of_collection(
        self, client: FlaskClient, person: Person, user_headers: Callable[[UUID], Headers]
    ) -> None:
        user_id = person()
        rental, topup = owes(user_id), charged_back(user_id, 20_00)
        owes(person())
        newest, oldest = client.get(MINE, headers=user_headers(user_id)).get_json()["items"]
        assert (newest["id"], newest["cause"], newest["about"]["kind"]) == (str(topup), "chargeback", "transaction")
        assert {name: oldest[name] for name in ("id", "cause", "about", "amount", "left", "currency", "status")} == {
            "id": str(rental),
            "cause": "rental",
            "about": {"kind": "rental", "id": "r1"},
            "amount": "30.00",
            "left": "30.00",
            "currency": "NPR",
            "status": "open",
        }
        made = db.session.scalar(text("SELECT created_at FROM ledger_dues WHERE id = :id"), {"id": rental})
        assert made is not None
        assert oldest["collected_from"][:19] == (made + timedelta(days=3)).isoformat()[:19]

    def test_a_due_of_a_chargeback_is_paid_and_then_closed(
        self, client: FlaskClient, person: Person, user_headers: Callable[[UUID], Headers]
    ) -> None:
        user_id = person()
        due_id, headers = charged_back(user_id, 50_00), user_headers(user_id)
        short = client.post(f"{MINE}/{due_id}/pay", json=WALLET, headers=headers)
        assert (short.status_code, short.get_json()["shortfall"]) == (402, "50.00")
        with transaction():
            top_up(user_id, 80_00)
        keyed = headers | {"Idempotency-Key": "once"}
        paid, again = (client.post(f"{MINE}/{due_id}/pay", json=WALLET, headers=keyed) for _ in range(2))
        assert (paid.status_code, paid.get_json()["paid"], paid.get_json()["left"]) == (200, "50.00", "0.00")
        assert again.headers["Idempotency-Replayed"] == "true"
        late = client.post(f"{MINE}/{due_id}/pay", json=WALLET, headers=headers)
        assert (late.status_code, late.get_json()["code"]) == (409, "nothing_due")
        assert balances(user_id) == {"user_wallet": 30_00}
        [closed] = client.get(f"{MINE}?status=closed", headers=headers).get_json()["items"]
        assert (closed["left"], closed["collected_from"]) == ("0.00", None)
        assert client.get(f"{MINE}?status=open", headers=headers).get_json()["items"] == []
        assert ("due_paid", {"amount": "50.00"}) in told(user_id)
        assert_books_are_right()

    def test_a_due_that_is_paid_twice_at_once_is_taken_once(
        self, app: Flask, person: Person, user_headers: Callable[[UUID], Headers]
    ) -> None:
        user_id = person(wallet=100_00)
        due_id, headers = owes(user_id), user_headers(user_id)

        def pay(_: int) -> int:
            return app.test_client().post(f"{MINE}/{due_id}/pay", json=WALLET, headers=headers).status_code

        with ThreadPoolExecutor(max_workers=4) as pool:
            answers = sorted(pool.map(pay, range(4)))
        assert answers == [200, 409, 409, 409]
        assert balances(user_id) == {"user_wallet": 70_00}

    def test_somebody_elses_due_is_not_found(
        self, client: FlaskClient, person: Person, user_headers: Callable[[UUID], Headers]
    ) -> None:
        due_id = owes(person())
        answer = client.post(f"{MINE}/{due_id}/pay", json=WALLET, headers=user_headers(person(wallet=100_00)))
        assert answer.status_code == 404


@pytest.mark.usefixtures("context")
class TestStaff:
    def waive(self, client: FlaskClient, headers: Headers, due_id: UUID, amount: str) -> Any:
        body = {"amount": amount, "reason": "a mistake of ours"}
        return client.post(f"{STAFF}/{due_id}/waive", json=body, headers=headers)

    def test_dues_are_found_by_person_cause_and_status(
        self, client: FlaskClient, person: Person, staff_headers: SignIn
    ) -> None:
        user_id, support = person(), staff_headers("support")
        rental, topup = owes(user_id), charged_back(user_id, 20_00)
        owes(person())

        def found(asked: str) -> list[str]:
            return [each["id"] for each in client.get(f"{STAFF}?{asked}", headers=support).get_json()["items"]]

        assert found(f"user_id={user_id}") == [str(topup), str(rental)]
        assert found("cause=chargeback") == [str(topup)]
        assert len(found("status=open&limit=2")) == 2
        assert found("status=closed") == []

    def test_a_due_is_waived_in_part_and_then_whole(
        self, client: FlaskClient, person: Person, staff_headers: SignIn
    ) -> None:
        user_id, finance = person(), staff_headers("finance")
        due_id = owes(user_id)
        part = self.waive(client, finance, due_id, "10.00")
        assert (part.status_code, part.get_json()["left"], part.get_json()["waived"]) == (200, "20.00", "10.00")
        much = self.waive(client, finance, due_id, "20.01")
        assert (much.status_code, much.get_json()["code"]) == (409, "more_than_due")
        assert self.waive(client, finance, due_id, "20.00").get_json()["status"] == "closed"
        assert balances(user_id) == {}
        assert shared_balance("write_offs") == -30_00
        assert told(user_id) == [("due_waived", {"amount": "10.00"}), ("due_waived", {"amount": "20.00"})]
        assert db.session.scalar(text("SELECT count(*) FROM audit_log WHERE action = 'due.waive'")) == 2
        assert_books_are_right()

    def test_support_sees_dues_and_waives_none(
        self, client: FlaskClient, person: Person, staff_headers: SignIn
    ) -> None:
        assert self.waive(client, staff_headers("support"), owes(person()), "1.00").status_code == 403

    def test_a_waiver_beyond_the_allowance_waits(
        self, client: FlaskClient, person: Person, staff_headers: SignIn
    ) -> None:
        user_id, finance, boss = person(), staff_headers("finance"), staff_headers("superadmin")
        due_id = owes(user_id, 9000_00)
        asked = self.waive(client, finance, due_id, "6000.00")
        assert (asked.status_code, asked.get_json()["status"]) == (202, "waiting")
        assert balances(user_id) == {"dues_receivable": -9000_00}
        address = f"/api/admin/approvals/{asked.get_json()['id']}/approve"
        assert client.post(address, headers=finance).get_json()["code"] == "second_person_needed"
        assert client.post(address, headers=boss).get_json()["status"] == "approved"
        assert balances(user_id) == {"dues_receivable": -3000_00}


@pytest.mark.parametrize(
    ("paid", "waived", "has"),
    [
        (40_00, 0, {"user_wallet": 60_00}),
        (0, 50_00, {"user_wallet": 60_00}),
        (40_00, 30_00, {"user_wallet": 60_00}),
    ],
)
def test_a_dispute_that_is_won_after_all_gives_back_what_was_paid_and_not_what_was_waived(
    payer: Payer, app: Flask, work: Work, staff_headers: SignIn, paid: int, waived: int, has: dict[str, int]
) -> None:
    intent = topped_up(payer, "stripe")
    spends(app, 150_00)
    happens(payer, intent, "disputed")
    tells(payer, work)
    [due] = rows(app, "SELECT id FROM ledger_dues")
    topped_up(payer, "khalti", "60.00")
    if waived:
        body = {"amount": f"{waived // 100}.00", "reason": "a mistake of ours"}
        answer = payer.client.post(f"{STAFF}/{due.id}/waive", json=body, headers=staff_headers("finance"))
        assert answer.status_code == 200, answer.text
    if paid:
        with app.app_context(), transaction():
            dues.pay_due(due_id=due.id, sources=Sources(wallet=paid), key=key(), actor="user", now=utcnow())
    happens(payer, intent, "dispute_won")
    tells(payer, work)
    with app.app_context():
        assert balances(the_user(app)) == has
        assert shared_balance("write_offs") == 0
        assert_books_are_right()
    assert payer.client.get(f"{MINE}?status=open", headers=payer.headers).get_json()["items"] == []
