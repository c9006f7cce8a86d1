"""The expiry of points: people are warned a week before, and then the points end."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from powerbank.base.db import db, open_session
from powerbank.ledger import services
from powerbank.ledger.points import services as points
from powerbank.ledger.points.models import Lot
from powerbank.outbox.enqueue import publish
from powerbank.points.events import PointsExpiring
from powerbank.users.models import User

WARNING = timedelta(days=7)
BATCH = 100  # people in one transaction


def people_with_expired_points(*, now: datetime, after: UUID) -> list[UUID]:
    """List the next people who have points whose time is over."""
    query = select(Lot.user_id).where(Lot.available > 0, Lot.expires_at <= now, Lot.user_id > after)
    return list(db.session.scalars(query.distinct().order_by(Lot.user_id).limit(BATCH)))


def expire_points(people: list[UUID], *, run: UUID, now: datetime) -> None:
    """Take the points whose time is over. A repeat in the same run finds nothing left to take."""
    services.lock_user_accounts(*people)
    for user_id in people:
        points.expire_points(user_id=user_id, now=now, key=f"points:expired:{run}:{user_id}", actor="system")


def people_to_warn(*, now: datetime, after: UUID) -> list[UUID]:
    query = select(Lot.user_id).where(
        Lot.available > 0, Lot.warned_at.is_(None), Lot.expires_at <= now + WARNING, Lot.user_id > after
    )
    return list(db.session.scalars(query.distinct().order_by(Lot.user_id).limit(BATCH)))


def warn_people(people: list[UUID], *, now: datetime) -> None:
    """Warn each person once of all that expires within the week, and of no lot twice."""
    services.lock_user_accounts(*people)
    expiring = (Lot.user_id.in_(people), Lot.available > 0, Lot.expires_at <= now + WARNING)
    warned = (
        select(Lot.user_id, func.sum(Lot.available).label("points"), func.min(Lot.expires_at).label("first"))
        .where(*expiring, Lot.warned_at.is_(None))
        .group_by(Lot.user_id)
        .order_by(Lot.user_id)
    )
    for row in open_session().execute(warned).all():
        publish(PointsExpiring(user_id=row.user_id, points=int(row.points), expires_at=row.first))
    open_session().execute(update(Lot).where(*expiring, Lot.warned_at.is_(None)).values(warned_at=now))


def forfeit_points(user: User) -> None:
    """Take all points of a person who leaves, and with them what the person owes in points."""
    points.forfeit_points(user_id=user.id, key=f"points:forfeited:{user.id}", actor=f"user:{user.id}")
