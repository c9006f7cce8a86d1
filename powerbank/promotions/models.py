from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from powerbank.base.db import Base, Id, Paisa, one_of


class Kind(StrEnum):
    PERCENT = "percent"  # off the price
    AMOUNT = "amount"  # paisa off the price
    POINTS = "points"  # given at once


class Use(StrEnum):
    USED = "used"
    GIVEN_BACK = "given_back"  # the rental came to nothing


class Campaign(Base):
    """Coupons that share a purpose and a budget."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("budget IS NULL OR (spent <= budget AND budget > 0)", name="budget"),
        CheckConstraint("spent >= 0", name="spent"),
        CheckConstraint("starts_at < ends_at", name="window"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    budget: Mapped[int | None] = mapped_column(BigInteger)  # paisa; points count by what they are worth
    spent: Mapped[Paisa] = mapped_column(server_default="0")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Code(Base):
    """What people type. A coupon has one for everybody, or many that each serve once, or both."""

    __tablename__ = "coupon_codes"
    __table_args__ = (
        CheckConstraint("code = upper(code) AND length(code) BETWEEN 3 AND 40", name="code"),
        CheckConstraint("uses >= 0 AND (most_uses IS NULL OR uses <= most_uses)", name="uses"),
        Index("ix_coupon_codes_coupon_id", "coupon_id", "code"),
        Index("ix_coupon_codes_prefix", "code", postgresql_ops={"code": "text_pattern_ops"}),
        Index("uq_coupon_codes_shared", "coupon_id", unique=True, postgresql_where=text("most_uses IS NULL")),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupons.id", ondelete="CASCADE"))
    most_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(server_default="0")

    @property
    def used_up(self) -> bool:
        return self.most_uses is not None and self.uses >= self.most_uses


class Coupon(Base):
    """A rule: what it gives, to whom, how often, and for how much in all."""

    __tablename__ = "coupons"
    __table_args__ = (
        one_of("kind", Kind),
        CheckConstraint("value > 0 AND (kind <> 'percent' OR value <= 100)", name="value"),
        CheckConstraint("most IS NULL OR (most > 0 AND kind = 'percent')", name="most"),
        CheckConstraint("min_price >= 0", name="min_price"),
        CheckConstraint("budget IS NULL OR (spent <= budget AND budget > 0)", name="budget"),
        CheckConstraint("total_limit IS NULL OR (used <= total_limit AND total_limit > 0)", name="total_limit"),
        CheckConstraint("used >= 0 AND spent >= 0", name="counts"),
        CheckConstraint("per_user_limit > 0", name="per_user_limit"),
        CheckConstraint("starts_at < ends_at", name="window"),
        CheckConstraint("approved_by <> set_by", name="two_people"),
        Index("ix_coupons_campaign_id", "campaign_id", postgresql_where=text("campaign_id IS NOT NULL")),
    )

    id: Mapped[Id]
    campaign_id: Mapped[UUID | None] = mapped_column(ForeignKey("campaigns.id"))
    name: Mapped[str]
    kind: Mapped[str]
    value: Mapped[Paisa]  # percent, paisa or points
    most: Mapped[int | None] = mapped_column(BigInteger)  # paisa that a percentage comes to at most
    min_price: Mapped[Paisa] = mapped_column(server_default="0")
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    budget: Mapped[int | None] = mapped_column(BigInteger)  # paisa, or points if it gives points
    spent: Mapped[Paisa] = mapped_column(server_default="0")
    total_limit: Mapped[int | None]
    used: Mapped[int] = mapped_column(server_default="0")
    per_user_limit: Mapped[int] = mapped_column(server_default="1")
    first_rental_only: Mapped[bool] = mapped_column(server_default=text("false"))
    stackable: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    # Of one that gives points: who last said what it gives, and the second person who agreed. Until then each use
    # counts as an act of the first, within what they may do alone in a day. Nobody set what came with the system.
    set_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    @property
    def answered_for_by(self) -> UUID | None:
        """The member of staff whose act each use of it is."""
        return self.set_by if self.kind == Kind.POINTS and self.approved_by is None else None

    @property
    def needs_approval(self) -> bool:
        return self.answered_for_by is not None


Coupon.code = column_property(
    select(Code.code)
    .where(Code.coupon_id == Coupon.id, Code.most_uses.is_(None))
    .correlate_except(Code)
    .scalar_subquery()
)


class Claim(Base):
    """A coupon that a person has put by, or used."""

    __tablename__ = "coupon_claims"
    __table_args__ = (
        UniqueConstraint("user_id", "coupon_id"),
        Index("ix_coupon_claims_list", "user_id", "id"),
        Index("ix_coupon_claims_coupon_id", "coupon_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupons.id", ondelete="CASCADE"))
    code: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Redemption(Base):
    """A coupon used once, for a rental or for points."""

    __tablename__ = "coupon_redemptions"
    __table_args__ = (
        UniqueConstraint("key"),
        one_of("status", Use),
        CheckConstraint("amount >= 0 AND points >= 0 AND amount + points > 0", name="amounts"),
        CheckConstraint("(status = 'given_back') = (given_back_at IS NOT NULL)", name="given_back"),
        Index("ix_coupon_redemptions_of_person", "user_id", "coupon_id", postgresql_where=text("status = 'used'")),
        Index("ix_coupon_redemptions_user_id", "user_id", "id"),
        Index("ix_coupon_redemptions_coupon", "coupon_id", "id"),
        Index("ix_coupon_redemptions_rental", "rental_id", postgresql_where=text("rental_id IS NOT NULL")),
    )

    id: Mapped[Id]
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupons.id"))
    code: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    rental_id: Mapped[UUID | None]
    key: Mapped[str]
    amount: Mapped[Paisa]
    points: Mapped[int] = mapped_column(server_default="0")
    worth: Mapped[Paisa]  # what it cost the campaign
    status: Mapped[str] = mapped_column(server_default=Use.USED)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    given_back_at: Mapped[datetime | None]
