"""The tables of partners: who they are, who belongs to them, their agreements, and what they have earned."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of

# The last day of an agreement that nobody has ended. Everything that compares dates then needs no case for it.
OPEN_END = date(9999, 12, 31)


class PartnerKind(StrEnum):
    VENUE = "venue"
    FRANCHISE = "franchise"  # it holds venues, and earns from their stations too


class MemberRole(StrEnum):
    OWNER = "owner"
    VIEWER = "viewer"


class Part(StrEnum):
    """The two who may share in the revenue of one station."""

    VENUE = "venue"
    FRANCHISE = "franchise"


class AccrualKind(StrEnum):
    RENTAL = "rental"
    REFUND = "refund"  # money that the rental gave back, by a refund, a waiver or a correction
    GUARANTEE = "guarantee"
    RENT = "rent"


class MailKind(StrEnum):
    """What a partner is told at its own address, besides what its members are told as people."""

    STATEMENT = "statement"
    PAYOUT_FAILED = "payout_failed"
    ACCOUNT_CHANGED = "account_changed"
    NEGATIVE_BALANCE = "negative_balance"
    AGREEMENT_ENDS = "agreement_ends"


MONTHLY = (AccrualKind.GUARANTEE, AccrualKind.RENT)


class Partner(Base):
    __tablename__ = "partners"
    __table_args__ = (
        one_of("kind", PartnerKind),
        CheckConstraint("parent_id <> id", name="parent"),
        CheckConstraint("kind = 'venue' OR parent_id IS NULL", name="franchise"),
        Index("ix_partners_name", text("lower(name)"), "id"),
        Index("ix_partners_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )

    id: Mapped[Id]
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    pan: Mapped[str | None]  # the number under which the tax office knows it
    vat_registered: Mapped[bool] = mapped_column(server_default=text("false"))
    contact: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))  # name, phone, email, address
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Member(Base):
    """Somebody who belongs to a partner, or was invited by an address that nobody has an account with yet."""

    __tablename__ = "partner_members"
    __table_args__ = (
        one_of("role", MemberRole),
        UniqueConstraint("partner_id", "address"),
        Index(
            "uq_partner_members_user",
            "user_id",
            "partner_id",
            unique=True,
            postgresql_where=text("user_id IS NOT NULL"),
        ),
        Index("ix_partner_members_address", "address", postgresql_where=text("user_id IS NULL")),
    )

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    address: Mapped[str]  # the phone number or the e-mail address of the invitation
    role: Mapped[str]
    invited_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Agreement(Base):
    """What a partner earns at some stations, from one day to another. Only its end can still be set.

    The taxes are those of the day on which it was made. The trigger `agreement_changes` refuses every change but an
    earlier last day.
    """

    __tablename__ = "partner_agreements"
    __table_args__ = (
        UniqueConstraint("id", "starts_on", "last_day"),
        CheckConstraint("starts_on <= last_day", name="days"),
        CheckConstraint("vat_percent BETWEEN 0 AND 10000 AND withheld_percent BETWEEN 0 AND 10000", name="taxes"),
        CheckConstraint("franchise_id <> partner_id", name="franchise"),
        Index("ix_partner_agreements_partner_id", "partner_id", "id"),
        Index("ix_partner_agreements_franchise_id", "franchise_id", postgresql_where=text("franchise_id IS NOT NULL")),
        Index("ix_partner_agreements_last_day", "last_day", "id"),
    )

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    franchise_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))
    starts_on: Mapped[date]
    last_day: Mapped[date] = mapped_column(server_default=text("'9999-12-31'"))
    terms: Mapped[dict[str, Any]]
    vat_percent: Mapped[int] = mapped_column(Integer)  # hundredths of a percent
    withheld_percent: Mapped[int] = mapped_column(Integer)
    made_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def ends_on(self) -> date | None:
        return None if self.last_day == OPEN_END else self.last_day


class AgreementStation(Base):
    """A station under an agreement. Its days are the agreement's, kept here so that the database refuses a second
    agreement of the same station for the same day."""

    __tablename__ = "partner_agreement_stations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["agreement_id", "starts_on", "last_day"],
            ["partner_agreements.id", "partner_agreements.starts_on", "partner_agreements.last_day"],
            name="fk_partner_agreement_stations_agreement",
            onupdate="CASCADE",
        ),
        # The ranges hold one identifier each: without extensions GiST compares ranges, but no identifiers.
        ExcludeConstraint(
            (func.uuidrange(text("station_id"), text("station_id"), text("'[]'")), "="),
            (func.daterange(text("starts_on"), text("last_day"), text("'[]'")), "&&"),
            name="ex_partner_agreement_stations_one",
            using="gist",
        ),
        Index("ix_partner_agreement_stations_station_id", "station_id", "starts_on"),
    )

    agreement_id: Mapped[UUID] = mapped_column(primary_key=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    starts_on: Mapped[date]
    last_day: Mapped[date]


class AgreementMonth(Base):
    """The revenue of a month under an agreement whose share grows with it. Its row is locked while it grows."""

    __tablename__ = "partner_agreement_months"
    __table_args__ = ({"postgresql_with": {"fillfactor": "80"}},)

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("partner_agreements.id"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    net: Mapped[Paisa] = mapped_column(server_default="0")


class Accrual(Base):
    """What a partner earned by one movement of revenue, or by a month. Negative where the rental gave money back.

    `amount` is what the partner's payable account got: the share less the tax that is withheld from it. The database
    has one row for each movement and part, and one for each agreement, month and kind, so nothing is earned twice.
    """

    __tablename__ = "partner_accruals"
    __table_args__ = (
        one_of("kind", AccrualKind),
        one_of("part", Part),
        CheckConstraint("(kind IN ('guarantee', 'rent')) = (entry_id IS NULL)", name="movement"),
        CheckConstraint("(entry_id IS NULL) = (month IS NOT NULL)", name="month"),
        CheckConstraint("(rental_id IS NULL) = (entry_id IS NULL)", name="rental"),
        CheckConstraint("amount = share - withheld", name="amount"),
        CheckConstraint("share_entry_id IS NOT NULL OR (amount = 0 AND withheld = 0)", name="share_entry"),
        UniqueConstraint("entry_id", "part"),
        Index(
            "uq_partner_accruals_month",
            "agreement_id",
            "month",
            "kind",
            unique=True,
            postgresql_where=text("month IS NOT NULL"),
        ),
        Index("ix_partner_accruals_rental_id", "rental_id", postgresql_where=text("rental_id IS NOT NULL")),
        Index("ix_partner_accruals_partner_id", "partner_id", "id", postgresql_include=["amount"]),
        Index("ix_partner_accruals_partner_at", "partner_id", "at"),
        Index("ix_partner_accruals_agreement_at", "agreement_id", "at"),
        Index("ix_partner_accruals_share_entry_id", "share_entry_id"),
    )

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("partner_agreements.id"))
    part: Mapped[str]
    kind: Mapped[str]
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"))  # the movement of revenue
    share_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"))  # what booked the share
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"))
    rental_id: Mapped[UUID | None]
    month: Mapped[date | None]
    gross: Mapped[int] = mapped_column(BigInteger)
    vat: Mapped[int] = mapped_column(BigInteger)
    share: Mapped[int] = mapped_column(BigInteger)
    withheld: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class PartnerMail(Base):
    """A mail to a partner's own address: one for each thing that it is told, whatever is repeated."""

    __tablename__ = "partner_mails"
    __table_args__ = (
        one_of("kind", MailKind),
        UniqueConstraint("partner_id", "kind", "version"),
    )

    id: Mapped[Id]
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partners.id"))
    kind: Mapped[str]
    about: Mapped[UUID]  # the statement, payout, account, run or agreement
    version: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    sent_at: Mapped[datetime | None]
