"""Whatever payers, gateways and crashes do, and in whatever order they are heard of: no paisa is made or lost.

The gateways are the sandbox, spoken to over HTTP. A crash is an end before or after any commit, as a killed process
has it; what was under way is taken up again. In the end what the gateways have of us is what the books say.
"""

import itertools
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule
from sqlalchemy import text

from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, transaction, utcnow
from powerbank.ledger.movements import holds
from powerbank.ledger.sources import Sources
from powerbank.payments import gateways
from powerbank.payments.models import IntentStatus, PaymentIntent
from powerbank.payments.refunds import services as refunds
from powerbank.payments.refunds.models import Refund, RefundStatus
from powerbank.payments.topups import services as intents
from powerbank.payments.webhooks import services as webhooks
from scripts.sandbox import Sandbox
from tests.databases import empty, superuser_url
from tests.dying import Mortality
from tests.examples import THOROUGH
from tests.ledger.conftest import about, assert_books_are_right, balances, key, make_person, shared_balance
from tests.payments.conftest import settle
from tests.payments.machine import JOBS, Crash, PaymentsMachine
from tests.payments.steps import signed

AMOUNTS = st.integers(100_00, 500_00)
PARTS = st.integers(1_00, 300_00)
# So many commits and pushes does a piece of work live through before it is killed. Mostly it is not killed.
CRASHES = st.none() | st.none() | st.integers(0, 14)


@dataclass(frozen=True, eq=False)
class Made:
    """What came of a request, None if it was refused or killed. hypothesis draws the same in each run of a case,
    however long a gateway took in it."""

    value: Any


class Payments(PaymentsMachine):
    opened = Bundle("opened")
    asked = Bundle("asked")
    held = Bundle("held")

    @initialize(target=opened)
    def begin(self) -> Any:
        self.sandbox.reset()
        empty(superuser_url(self.app.config["TEST_DATABASE"]))
        self.context = self.app.app_context()
        self.context.push()
        with transaction() as session:
            self.staff = StaffMember(email="finance@example.com", password_hash="unused", role=Role.FINANCE)
            session.add(self.staff)
        self.user_id = make_person()
        # Where a run happens to leave top-ups out, there is still something to spend, refund and dispute.
        return multiple(*(self.tops_up_now(gateway, 300_00, None, pays=True) for gateway in ("khalti", "stripe")))

    def teardown(self) -> None:
        if not hasattr(self, "context"):
            return
        try:
            self.comes_to_rest()
            self.gateways_and_books_agree()
        finally:
            self.context.pop()

    @rule(
        target=opened,
        gateway=st.sampled_from(["khalti", "stripe", "stripe"]),
        amount=AMOUNTS,
        crash=CRASHES,
        pays=st.sampled_from([True, True, True, False]),
    )
    def tops_up(self, gateway: str, amount: int, crash: Crash, pays: bool) -> Made:
        return self.tops_up_now(gateway, amount, crash, pays=pays)

    def tops_up_now(self, gateway: str, amount: int, crash: Crash, *, pays: bool) -> Made:
        begun = self.in_transaction(
            lambda: (
                intents.begin_topup(
                    user_id=self.user_id, gateway=gateway, charged=amount, currency="NPR", now=utcnow()
                ).id
            ),
            crash,
        )
        self.work()
        intent = db.session.get(PaymentIntent, begun) if begun else None
        if intent is None or intent.reference is None:
            return Made(None)
        found = intent.id, gateway, intent.reference
        if pays and self.happens(found, "completed"):
            self.act(lambda: settle(found[0], actor="return"), crash)
        return Made(found)

    @rule(made=opened, outcome=st.sampled_from(["completed", "completed", "pending", "cancelled"]))
    def payer_decides(self, made: Made, outcome: str) -> None:
        self.happens(made.value, outcome)

    @rule(made=opened, crash=CRASHES, times=st.integers(1, 3))
    def somebody_looks(self, made: Made, crash: Crash, times: int) -> None:
        for _ in range(times if made.value else 0):
            self.act(lambda: settle(made.value[0], actor="return"), crash)

    @rule(crash=CRASHES, backwards=st.booleans())
    def stripe_tells(self, crash: Crash, backwards: bool) -> None:
        for number, event in enumerate(self.events()[:: -1 if backwards else 1]):
            body = json.dumps(event).encode()

            def receive(body: bytes = body) -> None:
                signature = signed(body)["Stripe-Signature"]
                received = webhooks.read_webhook(
                    gateways.get_gateway("stripe"), body=body, query="", signature=signature
                )
                webhooks.store_webhook(received, address=None)

            self.in_transaction(receive, crash if number == 0 else None)

    @rule(crash=CRASHES)
    def workers_work(self, crash: Crash) -> None:
        self.work(crash)

    @rule(amount=PARTS, crash=CRASHES, twice=st.booleans())
    def spends(self, amount: int, crash: Crash, twice: bool) -> None:
        name, reference = key(), about()
        for _ in range(1 + twice):
            self.in_transaction(
                lambda: holds.spend_without_hold(
                    user_id=self.user_id, reference=reference, sources=Sources(wallet=amount), key=name, actor="x"
                ),
                crash,
            )

    @rule(target=held, amount=PARTS, crash=CRASHES)
    def holds_some(self, amount: int, crash: Crash) -> Any:
        reference, name = about(), key()
        done = self.in_transaction(
            lambda: holds.place_hold(user_id=self.user_id, reference=reference, amount=amount, key=name, actor="x"),
            crash,
        )
        return Made((reference, amount) if done else None)

    @rule(hold=held, crash=CRASHES, capture=st.booleans())
    def ends_a_hold(self, hold: Made, crash: Crash, capture: bool) -> None:
        if hold.value is None:
            return
        reference, amount = hold.value
        name = key()
        if capture:
            sources = Sources(wallet=amount)
            self.in_transaction(
                lambda: holds.capture_hold(reference=reference, sources=sources, key=name, actor="x"), crash
            )
        else:
            self.in_transaction(lambda: holds.release_hold(reference=reference, key=name, actor="x"), crash)

    @rule(target=asked, made=opened, part=st.none() | PARTS, crash=CRASHES, approved=st.booleans())
    def asks_back(self, made: Made, part: int | None, crash: Crash, approved: bool) -> Any:
        if made.value is None:
            return Made(None)
        transaction_id = db.session.get_one(PaymentIntent, made.value[0]).transaction_id
        done = self.in_transaction(
            lambda: (
                refunds.request_refund(
                    user_id=self.user_id, transaction_id=transaction_id, reason="test", actor="user", amount=part
                ).id
            ),
            None if approved else crash,
        )
        if done and approved:
            self.staff_decides(done, crash, approve=True)
        return Made(done)

    @rule(refund=asked, crash=CRASHES, approve=st.sampled_from([True, True, False]))
    def later_staff_decide(self, refund: Made, crash: Crash, approve: bool) -> None:
        if refund.value is not None:
            self.staff_decides(refund.value, crash, approve=approve)

    def staff_decides(self, refund: UUID, crash: Crash, *, approve: bool) -> None:
        if approve:
            self.in_transaction(lambda: refunds.approve_refund(refund, staff=self.member(), now=utcnow()))
            self.work(crash)
            return
        self.in_transaction(
            lambda: refunds.reject_refund(refund, staff=self.member(), reason="no", now=utcnow()), crash
        )

    @rule(gateway=st.sampled_from(["khalti", "stripe"]), fault=st.sampled_from(["hang_after_success", "error", "drop"]))
    def a_gateway_stumbles(self, gateway: str, fault: str) -> None:
        self.sandbox.faults.set(gateway, fault, times=1, seconds=0.4)

    @rule(made=opened, outcome=st.sampled_from(["disputed", "disputed", "dispute_won", "dispute_lost"]))
    def payer_disputes(self, made: Made, outcome: str) -> None:
        if made.value and made.value[1] == "stripe":
            self.happens(made.value, outcome)

    @rule(made=opened, part=PARTS)
    def staff_refund_in_the_portal(self, made: Made, part: int) -> None:
        if made.value and made.value[1] == "stripe" and not self.disputed(made.value[2]):
            self.happens(made.value, "refunded", amount=part)

    @invariant()
    def the_books_are_right(self) -> None:
        if hasattr(self, "user_id"):
            assert_books_are_right()
            assert all(paisa >= 0 for kind, paisa in balances(self.user_id).items() if kind != "dues_receivable")

    @invariant()
    def nothing_is_credited_twice(self) -> None:
        if hasattr(self, "user_id"):
            twice = text("SELECT reference_id FROM ledger_entries WHERE kind = 'topup' GROUP BY 1 HAVING count(*) > 1")
            assert db.session.execute(twice).all() == []
            db.session.rollback()

    def comes_to_rest(self) -> None:
        """Bring everything to its end.

        Events are sent, payments looked at, jobs done, and staff give up what waits for them.
        """
        self.sandbox.faults.clear()
        for _ in range(4):
            self.stripe_tells(None, backwards=False)
            self.work()
            for intent_id in list(db.session.scalars(text("SELECT id FROM payment_intents"))):
                db.session.rollback()
                self.act(lambda intent_id=intent_id: settle(intent_id, actor="poller"))  # type: ignore[misc]
        left = db.session.scalars(text(f"SELECT id FROM outbox_jobs WHERE id IN (SELECT id FROM ({JOBS}) j)")).all()
        assert not [job for job in left if not self.is_poll(job)]

    def gateways_and_books_agree(self) -> None:
        db.session.rollback()
        expected = 0
        for intent in db.session.query(PaymentIntent).filter_by(status=IntentStatus.SUCCESS):
            expected += intent.amount - self.gone_back(intent)
        uncertain = db.session.query(Refund).filter_by(status=RefundStatus.MANUAL).all()
        kept = -shared_balance("gateway_clearing")
        # A refund that a gateway could not answer for is with staff; nothing else may differ.
        assert kept - expected in possible_sums([refund.amount for refund in uncertain])


def possible_sums(amounts: list[int]) -> set[int]:
    return {sum(some) for size in range(len(amounts) + 1) for some in itertools.combinations(amounts, size)}


@pytest.mark.usefixtures("clean")
def test_gateways_and_books_agree_whatever_happens(
    app: Flask, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerbank.integrations.http.TIMEOUT", (1.0, 0.2))
    monkeypatch.setattr("powerbank.integrations.stripe.client.TIMEOUT", (1.0, 0.2))
    Payments.app, Payments.sandbox, Payments.mortality = app, vendors, Mortality(monkeypatch)
    machine = Payments.TestCase
    machine.settings = settings(
        max_examples=8 * THOROUGH,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    machine().runTest()
