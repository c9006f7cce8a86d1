"""The world of the state machine: partners who had a station one after the other, and rentals from it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize
from sqlalchemy import text

from powerbank.base.clock import local_day
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.partners import services as partners
from powerbank.partners.agreements import services as agreements
from powerbank.payouts.accounts import encryption
from powerbank.payouts.models import PayoutAccount
from scripts.sandbox import Sandbox
from tests.databases import empty, superuser_url
from tests.dying import Mortality
from tests.ledger.conftest import key, make_person
from tests.rentals import rentals_in_states

STEPS = 30  # of one walk
AMOUNTS = st.integers(1, 300_00)
RENTALS = st.integers(0, 5)
# So many commits and pushes does a piece of work live through before it is killed. Mostly it is not killed.
CRASHES = st.none() | st.none() | st.integers(0, 12)
FAULTS = st.sampled_from(
    [
        "timeout_taken",
        "timeout_not_taken",
        "under_way_then_paid",
        "under_way_then_rejected",
        "credit_rejected",
        "refused",
        "token_expires",
        "stays_under_way",
    ]
)
DAYS_AGO = (40, 30, 20, 10, 2, 0)  # when the six rentals began
HANDS = ((60, 25), (24, 5), (4, None))  # which days each of the partners had the station

SMALLEST = """INSERT INTO app_config (key, value, updated_by) VALUES ('payout_minimum', '"0.01"', 'test')"""
A_PAYMENT = """
    SELECT id FROM wallet_transactions WHERE type = 'rental' AND status = 'success' ORDER BY md5(id::text) LIMIT 1"""
OPEN_RUN = "status IN ('approved', 'sending', 'processing', 'unknown')"
PAYABLE = f"""
    SELECT p.id, (SELECT coalesce(sum(amount), 0) FROM partner_accruals WHERE partner_id = p.id)
                 - (SELECT coalesce(sum(amount), 0) FROM payouts
                     WHERE payee_id = p.id AND ({OPEN_RUN} OR status = 'paid')) AS owed,
           (SELECT coalesce(sum(posting.amount), 0) FROM ledger_accounts a
              JOIN ledger_postings posting ON posting.account_id = a.id
             WHERE a.owner = CAST(p.id AS text) AND a.kind = 'partner_payable') AS booked
      FROM partners p"""
CLEARING = f"""
    SELECT (SELECT coalesce(sum(amount), 0) FROM payouts WHERE {OPEN_RUN}) AS under_way,
           (SELECT coalesce(sum(posting.amount), 0) FROM ledger_accounts a
              JOIN ledger_postings posting ON posting.account_id = a.id
             WHERE a.kind = 'payout_clearing') AS booked"""


class Houses(RuleBasedStateMachine):
    app: Flask
    sandbox: Sandbox
    mortality: Mortality

    @initialize()
    def begin(self) -> None:
        db.session.rollback()
        empty(superuser_url(self.app.config["TEST_DATABASE"]))
        self.sandbox.reset()
        self.rider = make_person(wallet=0)
        first = rentals_in_states.active(self.rider)
        with transaction() as session:
            session.execute(
                text("INSERT INTO app_config (key, value, updated_by) VALUES ('payout_minimum', '\"0.01\"', 't')")
            )
            self.rentals = [self.copy_rental(first, days) for days in DAYS_AGO]
        for number, (begin, end) in enumerate(HANDS):
            self.host(f"Venue {number}", begin, end)

    def copy_rental(self, rental_id: UUID, days: int) -> UUID:
        columns = [
            name
            for name in db.session.scalars(
                text("SELECT column_name FROM information_schema.columns WHERE table_name = 'rentals'")
            )
            if name not in ("id", "code", "status", "started_at", "due_at", "ended_at", "settled_at")
        ]
        made, names = new_id(), ", ".join(columns)
        db.session.execute(
            text(
                f"INSERT INTO rentals (id, code, status, started_at, due_at, ended_at, settled_at, {names})"
                f" SELECT :made, :code, 'completed', now() - :days * interval '1 day', now(), now(), now(), {names}"
                "   FROM rentals WHERE id = :id"
            ),
            {"made": made, "code": key()[:8], "days": days, "id": rental_id},
        )
        return made

    def host(self, name: str, begin: int, end: int | None) -> None:
        today = local_day(utcnow())
        with transaction() as session:
            partner = partners.create_partner(name=name, kind="venue", contact={})
            agreements.make_agreement(
                partner.id,
                starts_on=today - timedelta(days=begin),
                ends_on=None if end is None else today - timedelta(days=end),
                station_sns=["A"],
                terms={"kind": "share", "percent": "77.77"},
                by="test",
            )
            number = encryption.encrypt_number("0123456789012")
            session.add(
                PayoutAccount(
                    id=new_id(),
                    payee_kind="partner",
                    payee_id=partner.id,
                    kind="bank",
                    provider="npi",
                    bank_code="0401-1",
                    number=number,
                    number_ends="9012",
                    name=name,
                    status="confirmed",
                    requested_by="a",
                    decided_by="b",
                    usable_from=utcnow() - timedelta(days=1),
                )
            )

    def act(self, do: Any, crash: int | None = None) -> None:
        """Do a piece of work that may be refused or killed."""
        try:
            with self.mortality.within(crash):
                do()
        except AppError:
            db.session.rollback()

    def book(self, do: Any, crash: int | None = None) -> None:
        def whole() -> None:
            with transaction():
                do()

        self.act(whole, crash)
