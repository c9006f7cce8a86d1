"""The tables of tallies, standings and achievements."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, Id, one_of


class Metric(StrEnum):
    """What is counted of a person. Each is a column of a tally and of a tally event."""

    RENTALS = "rentals"
    ON_TIME = "on_time"
    LATE = "late"
    POINTS = "points"  # points that were earned, whatever became of them
    REFERRALS = "referrals"
    ACHIEVEMENTS = "achievements"


# The score is kept in tenths, so that it is a whole number: a point counts a tenth.
SCORE_IN_TENTHS = "100 * rentals + points + 500 * referrals + 150 * on_time + 250 * achievements - 50 * late"

# An achievement can have one of these metrics. One for achievements would follow from itself.
REWARDED = (Metric.RENTALS, Metric.ON_TIME, Metric.POINTS, Metric.REFERRALS)


class TallyEvent(Base):
    """Something that a person did and that counted once. Tallies of a week or month are recounted from these rows."""

    __tablename__ = "tally_events"
    __table_args__ = (Index("ix_tally_events_at", "at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    rentals: Mapped[int] = mapped_column(server_default="0")
    on_time: Mapped[int] = mapped_column(server_default="0")
    late: Mapped[int] = mapped_column(server_default="0")
    points: Mapped[int] = mapped_column(server_default="0")
    referrals: Mapped[int] = mapped_column(server_default="0")
    achievements: Mapped[int] = mapped_column(server_default="0")


class Tally(Base):
    """What a person did, on one board. It is `stale` until the leaderboard shows it."""

    __tablename__ = "tallies"
    __table_args__ = (
        Index("ix_tallies_user_id", "user_id"),
        Index("ix_tallies_stale", "user_id", postgresql_where=text("stale")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    board: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    rentals: Mapped[int] = mapped_column(server_default="0")
    on_time: Mapped[int] = mapped_column(server_default="0")
    late: Mapped[int] = mapped_column(server_default="0")
    points: Mapped[int] = mapped_column(server_default="0")
    referrals: Mapped[int] = mapped_column(server_default="0")
    achievements: Mapped[int] = mapped_column(server_default="0")
    score: Mapped[int] = mapped_column(Computed(SCORE_IN_TENTHS, persisted=True))
    stale: Mapped[bool] = mapped_column(server_default=text("true"))


class Standing(Base):
    """The place of a person on a board. A trigger moves the steps with every change, see `leaderboard`."""

    __tablename__ = "standings"
    __table_args__ = (
        CheckConstraint("abs(score) <= 1000000000", name="score"),
        Index("ix_standings_order", "board", "score", "user_id"),
    )

    board: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    score: Mapped[int]


class StandingStep(Base):
    """How many people of a board have a score in a range: 64⁰ wide at level 0, 64⁵ at level 5."""

    __tablename__ = "standing_steps"
    __table_args__ = ({"postgresql_with": {"fillfactor": "70"}},)

    board: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    people: Mapped[int]


class Achievement(Base):
    """A goal that a person reaches when a metric comes to the threshold."""

    __tablename__ = "achievements"
    __table_args__ = (
        one_of("metric", REWARDED),
        CheckConstraint("threshold > 0 AND reward >= 0", name="amounts"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    name_ne: Mapped[str | None]
    description: Mapped[str] = mapped_column(server_default="")
    description_ne: Mapped[str | None]
    metric: Mapped[str]
    threshold: Mapped[int]
    reward: Mapped[int] = mapped_column(server_default="0")  # points
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Unlock(Base):
    """A person has reached an achievement."""

    __tablename__ = "achievement_unlocks"
    __table_args__ = (Index("ix_achievement_unlocks_achievement_id", "achievement_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    achievement_id: Mapped[UUID] = mapped_column(ForeignKey("achievements.id"), primary_key=True)
    at: Mapped[datetime]
