"""The world of the state machine: partners who had a station one after the other, their rentals, and the staff.

The first and the last of the partners are paid by the bank, the one between them by hand.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import text

from powerbank.base.clock import local_day
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.partners import services as partners
from powerbank.partners.agreements import services as agreements
from powerbank.partners.models import Member
from powerbank.payouts.accounts import encryption
from powerbank.payouts.models import PayoutAccount
from scripts.sandbox import Sandbox
from tests.databases import Emptier
from tests.dying import Mortality
from tests.ledger.conftest import key, make_person
from tests.rentals import rentals_in_states

DAYS_AGO = (40, 30, 20, 10, 2, 0)  # when the six rentals began
HANDS = ((60, 25), (24, 5), (4, None))  # which days each of the partners had the station
PROVIDERS = ("npi", "by_hand", "npi")
MINIMUM, APPROVED_BY_POLICY = 5_00, 150_00  # paisa
RICH = 10_000_000_00  # more than the rider of a walk can spend
NUMBERS = count(1)  # of bank accounts: no two are the same
CONFIGURATION = {"payout_minimum": '"5.00"', "payout_approval_above": '"150.00"'}


@dataclass(frozen=True)
class Clerk:
    """A member of staff."""

    email: str
    id: UUID = field(default_factory=uuid4)
    role: str = "superadmin"
    session_id: UUID = field(default_factory=uuid4)
    unfinished: str | None = None


@dataclass(frozen=True)
class Usable:
    """An account, and from when it may be paid to."""

    id: UUID
    number: str
    since: datetime


CLERKS = (Clerk("asks@example.com"), Clerk("checks@example.com"), Clerk("belongs@example.com"))
ASKS, _, BELONGS = CLERKS


class Houses(RuleBasedStateMachine):
    app: Flask
    sandbox: Sandbox
    mortality: Mortality
    emptier: Emptier

    def build(self) -> None:
        self.last_seen: dict[UUID, str] = {}
        self.account_of: dict[UUID, Usable] = {}  # the account that each partner has now
        self.went_to: dict[str, Usable] = {}  # and the one that it had when a key was sent for the first time
        db.session.rollback()
        self.emptier.empty()
        self.sandbox.reset()
        self.rider = make_person(wallet=RICH)
        first = rentals_in_states.active(self.rider)
        with transaction() as session:
            for name, value in CONFIGURATION.items():
                session.execute(
                    text("INSERT INTO app_config (key, value, updated_by) VALUES (:key, CAST(:value AS jsonb), 't')"),
                    {"key": name, "value": value},
                )
            self.rentals = [self.copy_rental(first, days) for days in DAYS_AGO]
        self.venues = [self.host(number, begin, end) for number, (begin, end) in enumerate(HANDS)]
        with transaction() as session:
            invited = {"address": BELONGS.email, "role": "owner", "invited_by": "test"}
            session.add(Member(id=new_id(), partner_id=self.venues[-1], **invited))

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

    def host(self, number: int, begin: int, end: int | None) -> UUID:
        today = local_day(utcnow())
        with transaction():
            partner_id = partners.create_partner(name=f"Venue {number}", kind="venue", contact={}).id
            agreements.make_agreement(
                partner_id,
                starts_on=today - timedelta(days=begin),
                ends_on=None if end is None else today - timedelta(days=end),
                station_sns=["A"],
                terms={"kind": "share", "percent": "77.77"},
                by="test",
            )
            self.open_account(partner_id, PROVIDERS[number], hours=-1)
        return partner_id

    def open_account(self, partner_id: UUID, provider: str, *, hours: int) -> None:
        """Put a confirmed account in the place of the one before; it can be paid to in so many hours."""
        with_number = provider != "by_hand"
        account = Usable(new_id(), f"{next(NUMBERS):013d}", utcnow() + timedelta(hours=hours))
        db.session.execute(
            text("UPDATE payout_accounts SET status = 'replaced' WHERE payee_id = :id"), {"id": partner_id}
        )
        db.session.add(
            PayoutAccount(
                id=account.id,
                payee_kind="partner",
                payee_id=partner_id,
                kind="bank" if with_number else "by_hand",
                provider=provider,
                bank_code="0401-1" if with_number else None,
                number=encryption.encrypt_number(account.number) if with_number else None,
                number_ends=account.number[-4:] if with_number else None,
                name="Venue",
                status="confirmed",
                requested_by="a",
                decided_by="b",
                usable_from=account.since,
            )
        )
        db.session.flush()
        self.account_of[partner_id] = account

    def act(self, do: Any, crash: int | None = None) -> bool:
        """Do a piece of work that may be refused or killed. Say whether it came to its end."""
        try:
            with self.mortality.within(crash):
                do()
                return True
        except AppError:
            db.session.rollback()
        return False

    def book(self, do: Any, crash: int | None = None) -> bool:
        def whole() -> None:
            with transaction():
                do()

        return self.act(whole, crash)

    def ask(self, query: str, **values: Any) -> list[Any]:
        """Read rows, and end the transaction."""
        found = db.session.execute(text(query), values).all()
        db.session.rollback()
        return list(found)
