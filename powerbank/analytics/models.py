"""The tables of figures: sums of what happened by hour and by day, and how far they are made.

A row stands for one station and one package, for all stations together or for all packages together, and for the
stations of a town or a partner together. So a screen reads one row for each hour or day, whatever it asks for.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base.db import Base, one_of

ALL = UUID(int=0)  # stands for all stations, or all packages
NONE = UUID(int=2**128 - 1)  # stands for a station that nobody knows, or a rental of none


def _count() -> Mapped[int]:
    return mapped_column(server_default="0")


def _paisa() -> Mapped[int]:
    return mapped_column(BigInteger, server_default="0")


class Figures:
    """The figures that are kept. What each of them means, `figures/` says."""

    package_id: Mapped[UUID]

    revenue_fares: Mapped[int] = _paisa()
    revenue_overdue: Mapped[int] = _paisa()
    revenue_sales: Mapped[int] = _paisa()
    given_back: Mapped[int] = _paisa()
    partner_shares: Mapped[int] = _paisa()
    crew_pay: Mapped[int] = _paisa()
    tax_withheld: Mapped[int] = _paisa()
    promotion_cost: Mapped[int] = _paisa()
    waived: Mapped[int] = _paisa()
    topped_up: Mapped[int] = _paisa()

    rentals_initiated: Mapped[int] = _count()
    rentals_started: Mapped[int] = _count()
    rentals_completed: Mapped[int] = _count()
    rentals_on_time: Mapped[int] = _count()
    rentals_overdue: Mapped[int] = _count()
    rentals_cancelled: Mapped[int] = _count()
    rentals_failed: Mapped[int] = _count()
    rentals_lost: Mapped[int] = _count()
    rented_minutes: Mapped[int] = _paisa()
    returns: Mapped[int] = _count()
    returns_from_elsewhere: Mapped[int] = _count()

    ejections: Mapped[int] = _count()
    ejection_milliseconds: Mapped[int] = _paisa()
    ejections_failed: Mapped[int] = _count()
    offline_seconds: Mapped[int] = _paisa()
    maintenance_seconds: Mapped[int] = _paisa()
    empty_seconds: Mapped[int] = _paisa()
    full_seconds: Mapped[int] = _paisa()
    issues: Mapped[int] = _count()

    refused_starts: Mapped[int] = _count()
    refused_value: Mapped[int] = _paisa()
    refused_empty: Mapped[int] = _count()
    refused_offline: Mapped[int] = _count()
    refused_funds: Mapped[int] = _count()

    page_opens: Mapped[int] = _count()
    sign_ups: Mapped[int] = _count()
    verified: Mapped[int] = _count()

    tasks_done: Mapped[int] = _count()
    task_seconds: Mapped[int] = _paisa()
    banks_moved: Mapped[int] = _count()


class FigureHour(Figures, Base):
    __tablename__ = "figure_hours"
    __table_args__ = (PrimaryKeyConstraint("station_id", "package_id", "at"), Index("ix_figure_hours_at", "at"))

    station_id: Mapped[UUID]
    at: Mapped[datetime]  # the beginning of the hour, as the network's home counts


class FigureDay(Figures, Base):
    __tablename__ = "figure_days"
    __table_args__ = (PrimaryKeyConstraint("station_id", "package_id", "day"), Index("ix_figure_days_day", "day"))

    station_id: Mapped[UUID]
    day: Mapped[date]


class SelectedStation(Base):
    """A station that the sums of a selection have, and the days on which they have it.

    A selection is `city:` and a town in small letters, or `partner:` and an identifier, on the days of its agreements.
    """

    __tablename__ = "figure_selected_stations"
    __table_args__ = (Index("ix_figure_selected_stations_station_id", "station_id"),)

    selection: Mapped[str] = mapped_column(primary_key=True)
    station_id: Mapped[UUID] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date] = mapped_column(primary_key=True)


class SelectionHour(Figures, Base):
    """What the stations of a selection have together in an hour."""

    __tablename__ = "figure_selection_hours"
    __table_args__ = (
        PrimaryKeyConstraint("selection", "package_id", "at"),
        Index("ix_figure_selection_hours_at", "at"),
    )

    selection: Mapped[str]
    at: Mapped[datetime]


class SelectionDay(Figures, Base):
    """What the stations of a selection have together on a day."""

    __tablename__ = "figure_selection_days"
    __table_args__ = (
        PrimaryKeyConstraint("selection", "package_id", "day"),
        Index("ix_figure_selection_days_day", "day"),
    )

    selection: Mapped[str]
    day: Mapped[date]


class Grain(StrEnum):
    HOUR = "hour"
    DAY = "day"


class StaleBucket(Base):
    """An hour or a day of which something is known that its rows do not say yet. It is made again as a whole."""

    __tablename__ = "figure_stale"
    __table_args__ = (one_of("grain", Grain),)

    grain: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)  # the beginning of the hour or of the day


class FoldMark(Base):
    """The one row that says how far the figures are made.

    Whatever was written before `folded_until` has been seen. What was written by `pending_until` is seen once every
    transaction that was open then has ended: they have numbers below `horizon`. The hour that is not over yet is not
    made again before `rests_until`, which lies ahead only where making it takes long.
    """

    __tablename__ = "figure_marks"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    folded_until: Mapped[datetime]
    pending_until: Mapped[datetime | None]
    horizon: Mapped[int | None] = mapped_column(BigInteger)
    filled_from: Mapped[date | None]  # the first day that has figures
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")  # grows with each bucket that is made
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    rests_until: Mapped[datetime | None]
    has_selections: Mapped[bool] = mapped_column(server_default=text("false"))  # all towns and partners are summed up


class Leader(Base):
    """One of the stations of the network or of a selection that had most of a figure in the last days."""

    __tablename__ = "figure_leaders"
    __table_args__ = (PrimaryKeyConstraint("days", "selection", "package_id", "figure", "place"),)

    days: Mapped[int]
    selection: Mapped[str] = mapped_column(server_default="")  # nothing: of the whole network
    package_id: Mapped[UUID] = mapped_column(server_default=str(ALL))
    figure: Mapped[str] = mapped_column(server_default="revenue")
    place: Mapped[int]  # the first one had most
    station_id: Mapped[UUID]
    made_at: Mapped[datetime]


class GatewayDay(Base):
    """What people paid in through one gateway on a day, by the day on which they began to."""

    __tablename__ = "figure_gateway_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(primary_key=True)
    succeeded: Mapped[int] = _count()
    failed: Mapped[int] = _count()
    amount: Mapped[int] = _paisa()


class ReturnDay(Base):
    """How many power banks went from one station to another on a day."""

    __tablename__ = "figure_return_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    station_id: Mapped[UUID] = mapped_column(primary_key=True)
    return_station_id: Mapped[UUID] = mapped_column(primary_key=True)
    returns: Mapped[int]


class PeopleDay(Base):
    """How many people were active on a day and in the time up to its end. A person who rents is active."""

    __tablename__ = "figure_people_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    active: Mapped[int]
    active_7_days: Mapped[int]
    active_30_days: Mapped[int]
    active_30_days_before: Mapped[int]  # in the thirty days before those
    gone: Mapped[int]  # of them, those who were not active since


class FleetDay(Base):
    """Where the power banks were, and how they were, when somebody counted last on a day."""

    __tablename__ = "figure_fleet_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    banks: Mapped[int]
    banks_in_slots: Mapped[int]
    banks_rented: Mapped[int]
    banks_with_crew: Mapped[int]
    banks_in_warehouses: Mapped[int]
    banks_quarantined: Mapped[int]
    banks_lost: Mapped[int]
    banks_faulty: Mapped[int]
    bank_cycles: Mapped[int] = mapped_column(BigInteger)
    banks_low: Mapped[int]
    stations: Mapped[int]
    stations_away: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class BalanceDay(Base):
    """What the network owed to people and they to it when somebody counted last on a day."""

    __tablename__ = "figure_balance_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    wallet_float: Mapped[int] = _paisa()
    held: Mapped[int] = _paisa()
    dues_open: Mapped[int] = _paisa()
    counted_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Origin(StrEnum):
    REFERRED = "referred"  # somebody brought them
    COUPON = "coupon"  # a coupon paid a part of the first rental
    OTHER = "other"


class FunnelDay(Base):
    """How far the people came who signed up on a day."""

    __tablename__ = "figure_funnel_days"
    __table_args__ = (one_of("origin", Origin),)

    day: Mapped[date] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    signed_up: Mapped[int]
    verified: Mapped[int]
    topped_up: Mapped[int]
    rented: Mapped[int]
    rented_again: Mapped[int]


class CohortWeek(Base):
    """What the people of one week of sign-ups did in a later week. Weeks begin on Monday."""

    __tablename__ = "figure_cohort_weeks"

    cohort: Mapped[date] = mapped_column(primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]
    rentals: Mapped[int]


class MadeAnswer(Base):
    """An answer that took long to make, kept for half an hour or until its figures are made again."""

    __tablename__ = "figure_answers"
    __table_args__ = (Index("ix_figure_answers_made_at", "made_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
