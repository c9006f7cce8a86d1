"""Whatever rentals earn and give back, and whatever becomes of payouts: no paisa is made, lost or paid twice.

Three partners had the station one after the other. A crash is an end before or after any commit; the work is then begun
again, as a worker would. In the end everything is at rest, the books are those of the accruals and of the bank, and the
statements add up and chain.
"""

import os
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import invariant, rule
from sqlalchemy import text

import jobs.payouts
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.npi import client as npi
from powerbank.integrations.payout_provider import PayoutState, ProviderAnswer
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.partners.accruals import recount
from powerbank.payouts.sending import outcomes
from powerbank.payouts.statements import services as statements
from scripts.sandbox import Sandbox
from tests.dying import Mortality
from tests.ledger.conftest import assert_books_are_right, key, top_up
from tests.payouts.conftest import PlainRun
from tests.payouts.houses import (
    A_PAYMENT,
    AMOUNTS,
    CLEARING,
    CRASHES,
    FAULTS,
    PAYABLE,
    RENTALS,
    STEPS,
    Houses,
)


class PayoutsMachine(Houses):
    """What earns, owes, pays and breaks, and what holds after each of it."""

    @rule(number=RENTALS, amount=AMOUNTS, crash=CRASHES)
    def a_rental_earns(self, number: int, amount: int, crash: int | None) -> None:
        with transaction():
            top_up(self.rider, amount)
        about = Reference("rental", str(self.rentals[number]))
        self.book(
            lambda: holds.spend_without_hold(
                user_id=self.rider, reference=about, sources=Sources(wallet=amount), key=key(), actor="test"
            ),
            crash,
        )

    @rule(number=RENTALS, amount=AMOUNTS, crash=CRASHES)
    def a_rental_is_owed_for(self, number: int, amount: int, crash: int | None) -> None:
        about = Reference("rental", str(self.rentals[number]))
        self.book(
            lambda: dues.create_due(
                user_id=self.rider, reference=about, amount=amount, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="t"
            ),
            crash,
        )

    @rule(crash=CRASHES)
    def a_due_is_waived(self, crash: int | None) -> None:
        due_id = db.session.scalar(text("SELECT id FROM ledger_dues WHERE status = 'open' LIMIT 1"))
        if due_id is not None:
            self.book(lambda: dues.waive_due(due_id=due_id, key=key(), actor="test", now=utcnow()), crash)

    @rule(amount=AMOUNTS, crash=CRASHES)
    def a_payment_is_refunded(self, amount: int, crash: int | None) -> None:
        paid = db.session.scalar(text(A_PAYMENT))
        if paid is not None:
            self.book(lambda: refunds.refund_payment(transaction_id=paid, amount=amount, key=key(), actor="t"), crash)

    @rule(crash=CRASHES)
    def payouts_run(self, crash: int | None) -> None:
        self.act(lambda: jobs.payouts.run_payouts(PlainRun(), slot=utcnow().isoformat()), crash)

    @rule(crash=CRASHES)
    def payouts_are_sent(self, crash: int | None) -> None:
        for payout_id in self.payouts("status IN ('approved', 'sending')"):
            self.act(lambda payout_id=payout_id: jobs.payouts.send_payout(PlainRun(), payout_id=str(payout_id)), crash)

    @rule(crash=CRASHES)
    def payouts_are_followed(self, crash: int | None) -> None:
        for payout_id in self.payouts("status IN ('sending', 'processing', 'unknown')"):
            self.act(
                lambda payout_id=payout_id: jobs.payouts.follow_payout(PlainRun(), payout_id=str(payout_id)), crash
            )

    @rule(fault=FAULTS)
    def the_bank_misbehaves(self, fault: str) -> None:
        self.sandbox.faults.set("npi", fault, times=1)

    @rule(crash=CRASHES)
    def a_statement_is_made(self, crash: int | None) -> None:
        for payout_id in self.payouts("status IN ('paid', 'returned')"):
            self.book(lambda payout_id=payout_id: statements.make_statements_of_payee(payout_id, now=utcnow()), crash)

    @rule()
    def a_payout_comes_back(self) -> None:
        answer = ProviderAnswer(PayoutState.FAILED, said="came back")
        for payout_id in self.payouts("status = 'paid'")[:1]:
            self.book(lambda payout_id=payout_id: outcomes.apply_answer(payout_id, answer, now=utcnow()))

    @invariant()
    def payable_is_what_accrued_less_what_is_paid_or_under_way(self) -> None:
        if not hasattr(self, "rentals"):
            return
        assert_books_are_right()
        assert list(recount.find_wrong_payables()) == []
        for row in db.session.execute(text(PAYABLE)):
            assert row.owed == row.booked
        [clearing] = db.session.execute(text(CLEARING))
        assert clearing.under_way == clearing.booked
        db.session.rollback()

    def payouts(self, which: str) -> list[UUID]:
        found = list(db.session.scalars(text(f"SELECT id FROM payouts WHERE {which} ORDER BY id")))
        db.session.rollback()
        return found

    def teardown(self) -> None:
        if hasattr(self, "rentals"):
            self.sandbox.faults.clear()
            for _ in range(3):
                self.payouts_are_sent(None)
                self.payouts_are_followed(None)
            self.a_statement_is_made(None)
            self.payable_is_what_accrued_less_what_is_paid_or_under_way()
            self.the_bank_has_each_payout_once()
            self.statements_add_up_and_chain()

    def the_bank_has_each_payout_once(self) -> None:
        answer = self.app.extensions["payout_providers"]["npi"]._post("getcipstxnlistbydate", {})
        said = {} if answer.status == 404 else {line["instructionId"]: line["creditStatus"] for line in answer.json()}
        rows = db.session.execute(text("SELECT code, attempt, status FROM payouts")).all()
        db.session.rollback()
        expected = {"paid": {"ACSC"}, "returned": {"ACSC"}, "processing": {"ACSP"}, "failed": {"RJCT", None}}
        for row in rows:
            assert said.get(row.code) in expected[row.status], (row, said)
        assert said.keys() <= {row.code for row in rows}

    def statements_add_up_and_chain(self) -> None:
        closing: dict[UUID, int] = {}
        heads = db.session.execute(text("SELECT * FROM payout_statements ORDER BY sequence")).all()
        assert [head.sequence for head in heads] == list(range(1, len(heads) + 1))
        for head in heads:
            statement = statements.find_statement(head.id)
            lines = [line for page in statements.list_pages(statement) for line in page]
            assert statement.opening == closing.get(head.payee_id, 0)
            assert statement.opening + sum(line["amount"] for line in lines) - statement.paid == statement.closing == 0
            assert statements.verify(statement)
            closing[head.payee_id] = statement.closing
        db.session.rollback()


@pytest.mark.usefixtures("clean")
def test_no_paisa_is_made_lost_or_paid_twice(app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """`PAYOUT_STEPS=100000 PAYOUT_SEED=7` goes further, and where it goes follows from the seed."""
    monkeypatch.setattr(npi, "ASK_AFTER", timedelta(0))
    PayoutsMachine.app, PayoutsMachine.sandbox, PayoutsMachine.mortality = app, sandbox, Mortality(monkeypatch)
    if given := os.environ.get("PAYOUT_SEED"):
        seed(int(given))(PayoutsMachine)
    machine = PayoutsMachine.TestCase
    machine.settings = settings(
        max_examples=max(1, int(os.environ.get("PAYOUT_STEPS", "240")) // STEPS),
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    with app.app_context():
        machine().runTest()
