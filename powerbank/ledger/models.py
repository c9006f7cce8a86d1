from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from powerbank.base.db import Base, Id, Paisa
from powerbank.base.money import PTS
from powerbank.ledger.accounts import RULES, Kind, Rule, Side


def _kind_is_as_the_rules_say() -> str:
    """Make the rule that a kind fixes side, floor and currency, so that whoever opens an account has no choice."""

    def row(kind: Kind, rule: Rule) -> str:
        flags = ", ".join(str(flag).lower() for flag in (rule.owned, rule.floored, rule.points))
        return f"('{kind}', '{rule.normal}', {flags})"

    rows = ", ".join(row(kind, rule) for kind, rule in RULES.items())
    return f"(kind, normal, owner <> '', floored, currency = '{PTS}') IN ({rows})"


class Account(Base):
    """An account. Its `balance` is kept by the trigger that sees every posting; nothing else may change it."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("owner", "kind", "currency"),
        CheckConstraint(_kind_is_as_the_rules_say(), name="kind"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("ix_ledger_accounts_payable", "id", postgresql_where=text("kind IN ('partner_payable', 'crew_payable')")),
        Index("ix_ledger_accounts_hot", "id", postgresql_where=text("NOT floored")),
        CheckConstraint("floored = (balance IS NOT NULL)", name="balance"),
        CheckConstraint("CASE normal WHEN 'credit' THEN balance >= 0 ELSE balance <= 0 END", name="floor"),
        {"postgresql_with": {"fillfactor": "80"}},  # balances change in place, without touching an index
    )

    id: Mapped[Id]
    kind: Mapped[str]
    owner: Mapped[str]  # a person's id, a gateway's name, …; empty for the network's own
    currency: Mapped[str]
    normal: Mapped[str]
    floored: Mapped[bool]
    balance: Mapped[int | None] = mapped_column(BigInteger)
    opened_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def sign(self) -> int:
        """Makes a balance positive on the account's own side."""
        return 1 if self.normal == Side.CREDIT else -1


class Entry(Base):
    """Something that happened to money. An entry never changes; a mistake is set right by another entry."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index("ix_ledger_entries_kind", "kind", "id"),
        Index("ix_ledger_entries_reference", "reference_kind", "reference_id"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(server_default="")
    reference_kind: Mapped[str | None]
    reference_id: Mapped[str | None]
    actor: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    postings: Mapped[list["Posting"]] = relationship(order_by="Posting.number", viewonly=True)


class Posting(Base):
    """One line of an entry. All lines of an entry are inserted by one statement, after which it is closed.

    No foreign key to the account: its check would lock the row of a hot account, and every transaction would
    write there. The trigger looks the account up instead, and accounts are never deleted.
    """

    __tablename__ = "ledger_postings"
    __table_args__ = (
        Index("uq_ledger_postings_account", "account_id", "number", unique=True, postgresql_include=["amount"]),
        CheckConstraint("amount <> 0 AND abs(amount) <= 1000000000000000", name="amount"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    currency: Mapped[str]
    amount: Mapped[Paisa]
    balance: Mapped[int | None] = mapped_column(BigInteger)  # of a floored account, after this posting
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    entry: Mapped[Entry] = relationship(viewonly=True)
    account: Mapped[Account] = relationship(primaryjoin="foreign(Posting.account_id) == Account.id", viewonly=True)


class Seal(Base):
    """A number up to which all postings are known, so that their sums can be kept. See `powerbank.ledger.sums`."""

    __tablename__ = "ledger_seals"
    __table_args__ = (
        Index(
            "uq_ledger_seals_open", text("(sealed_at IS NULL)"), unique=True, postgresql_where=text("sealed_at IS NULL")
        ),
    )

    up_to: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    horizon: Mapped[int] = mapped_column(BigInteger)  # transactions before it may still hold a number up to `up_to`
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    sealed_at: Mapped[datetime | None]


class Sum(Base):
    """The sum of a hot account's sealed postings, for each seal that brought it new ones."""

    __tablename__ = "ledger_sums"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_accounts.id"), primary_key=True)
    up_to: Mapped[int] = mapped_column(ForeignKey("ledger_seals.up_to"), primary_key=True)
    change: Mapped[Paisa]
    balance: Mapped[Paisa]


class Reconciliation(Base):
    """A night's recount of the whole ledger."""

    __tablename__ = "ledger_reconciliations"

    id: Mapped[UUID] = mapped_column(primary_key=True)  # the job's
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    entries: Mapped[int] = mapped_column(BigInteger, server_default="0")
    accounts: Mapped[int] = mapped_column(BigInteger, server_default="0")
    turnover: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))  # by currency
    differences: Mapped[int] = mapped_column(server_default="0")
    found: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))  # the first few
