"""Lots: points by the day on which they expire."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id


class Lot(Base):
    """Points that came together and expire together. At every commit a trigger compares a person's lots with the
    ledger: `available` of all of them is the balance of the points, `held` that of the held ones."""

    __tablename__ = "points_lots"
    __table_args__ = (
        CheckConstraint("amount > 0 AND available >= 0 AND held >= 0", name="amounts"),
        CheckConstraint("available + held <= amount", name="bound"),
        Index("ix_points_lots_user_id", "user_id", "id"),
        Index(
            "ix_points_lots_of_user", "user_id", "expires_at", "id", postgresql_where=text("available > 0 OR held > 0")
        ),
        Index("ix_points_lots_expiry", "expires_at", "user_id", postgresql_where=text("available > 0")),
        Index(
            "ix_points_lots_unwarned",
            "expires_at",
            "user_id",
            postgresql_where=text("available > 0 AND warned_at IS NULL"),
        ),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"))  # the award
    amount: Mapped[int] = mapped_column(BigInteger)
    available: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger, server_default="0")
    expires_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Move(Base):
    """What an entry did to a lot. A move never changes: by it a refund finds the lots that were paid with."""

    __tablename__ = "points_moves"
    __table_args__ = (
        CheckConstraint("available <> 0 OR held <> 0", name="something"),
        Index(
            "ix_points_moves_continued_entry_id",
            "continued_entry_id",
            postgresql_where=text("continued_entry_id IS NOT NULL"),
        ),
        Index("ix_points_moves_lot_id", "lot_id"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_entries.id"), primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("points_lots.id"), primary_key=True)
    available: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    # The hold or the payment that the entry carries on.
    continued_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_entries.id"))
