"""Count what a person has done, and unlock the achievements that it leads to, in one transaction."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.points.earnings import Earning
from powerbank.rentals.models import Rental
from powerbank.social import achievements, tallies
from powerbank.social.models import Metric
from powerbank.social.tallies import Deed


def count_rental(
    *, user_id: UUID, rental_id: str, on_time: bool, late: bool, points: Mapping[Earning, int], now: datetime
) -> None:
    """Count a completed rental, and the points that it has brought by each kind of earning."""
    what = {Metric.RENTALS: 1, Metric.ON_TIME: int(on_time), Metric.LATE: int(late)}
    # Into the week in which it ended, however late this runs.
    ended_at = open_session().scalar(select(Rental.ended_at).where(Rental.id == UUID(rental_id)))
    earned = [_points_earned(earning, rental_id, number, now) for earning, number in points.items() if number]
    _count(user_id, Deed("rental", rental_id, ended_at or now, what), *earned, now=now)


def count_points(*, user_id: UUID, points: int, earning: str, object_id: str, now: datetime) -> None:
    """Count points that a person has earned."""
    _count(user_id, _points_earned(earning, object_id, points, now), now=now)


def count_reversal(*, user_id: UUID, points: int, object_id: str, now: datetime) -> None:
    """Count points less that were taken back."""
    _count(user_id, Deed("reversal", object_id, now, {Metric.POINTS: -points}), now=now)


def count_referral(*, user_id: UUID, referral_id: str, now: datetime) -> None:
    """Count a friend whom a person has brought."""
    _count(user_id, Deed("referral", referral_id, now, {Metric.REFERRALS: 1}), now=now)


def _points_earned(earning: str, object_id: str, points: int, now: datetime) -> Deed:
    return Deed(f"points:{earning}", object_id, now, {Metric.POINTS: points})


def _count(user_id: UUID, *deeds: Deed, now: datetime) -> None:
    if tallies.count_deeds(user_id, deeds):
        achievements.unlock_achievements(user_id, now=now)
