"""What rentals earn, owe and give back in the state machine."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from powerbank.base.db import utcnow
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from tests.ledger.conftest import key
from tests.payouts.clerks import CRASHES
from tests.payouts.promises import Promises

AMOUNTS = st.integers(1, 300_00)
A_DAY = st.lists(AMOUNTS, min_size=6, max_size=6)  # what each of the six rentals pays
RENTALS = st.integers(0, 5)
PAYMENTS = """
    SELECT id FROM wallet_transactions
     WHERE type = 'rental' AND status = 'success' AND reference_id = ANY(:rentals) ORDER BY id"""


class Earners(Promises):
    @rule(amounts=A_DAY, crash=CRASHES)
    def a_day_earns(self, amounts: list[int], crash: int | None) -> None:
        for number, amount in enumerate(amounts):
            self.a_rental_earns(number, amount, crash)

    @rule(number=RENTALS, amount=AMOUNTS, crash=CRASHES)
    def a_rental_earns(self, number: int, amount: int, crash: int | None) -> None:
        self.book(
            lambda: holds.spend_without_hold(
                user_id=self.rider,
                reference=Reference("rental", str(self.rentals[number])),
                sources=Sources(wallet=amount),
                key=key(),
                actor="test",
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
        for due in self.ask("SELECT id FROM ledger_dues WHERE status = 'open' ORDER BY id LIMIT 1"):
            self.book(lambda id=due.id: dues.waive_due(due_id=id, key=key(), actor="test", now=utcnow()), crash)

    @rule(which=st.integers(0, 20), amount=AMOUNTS, crash=CRASHES)
    def a_payment_is_refunded(self, which: int, amount: int, crash: int | None) -> None:
        """It is drawn by its place, since identifiers are others each time, and a walk must be the same each time."""
        paid = self.ask(PAYMENTS, rentals=[str(each) for each in self.rentals])
        for row in paid[which % len(paid) :][:1] if paid else ():
            self.book(
                lambda id=row.id: refunds.refund_payment(transaction_id=id, amount=amount, key=key(), actor="t"), crash
            )
