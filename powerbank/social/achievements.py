"""Achievements: unlocked once, when a metric comes to its threshold."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.errors import ForeignKeyViolation
from sqlalchemy import case, literal, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.database_errors import foreseen, in_use_error
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.points import earnings
from powerbank.points.earnings import Earning
from powerbank.social import tallies
from powerbank.social.boards import ALL
from powerbank.social.events import AchievementUnlocked
from powerbank.social.models import REWARDED, Achievement, Metric, Tally, Unlock

BATCH = 200
REACHED = case(*((Achievement.metric == metric.value, getattr(Tally, metric)) for metric in REWARDED), else_=0)


def check(user_id: UUID, *, now: datetime) -> list[UUID]:
    """Unlocks what the person has come to. Which ones."""
    session = open_session()
    # Whoever counts for this person waits until this is over, or this waits for them: no step falls between.
    tally = select(Tally.user_id).where(Tally.board == ALL, Tally.user_id == user_id).with_for_update()
    if session.scalar(tally) is None:
        return []
    reached = (
        select(literal(user_id), Achievement.id, literal(now))
        .join(Tally, (Tally.board == ALL) & (Tally.user_id == user_id))
        .where(Achievement.active, Achievement.threshold <= REACHED)
    )
    unlocked = session.scalars(
        insert(Unlock)
        .from_select(["user_id", "achievement_id", "at"], reached)
        .on_conflict_do_nothing()
        .returning(Unlock.achievement_id)
    ).all()
    for achievement in session.scalars(
        select(Achievement).where(Achievement.id.in_(unlocked)).order_by(Achievement.id)
    ):
        _celebrate(user_id, achievement, now)
    return list(unlocked)


def _celebrate(user_id: UUID, achievement: Achievement, now: datetime) -> None:
    tallies.count(
        user_id=user_id, kind="achievement", object_id=str(achievement.id), at=now, what={Metric.ACHIEVEMENTS: 1}
    )
    if achievement.reward:
        earnings.request_award(
            user_id=user_id,
            earning=Earning.ACHIEVEMENT,
            object_id=f"{achievement.id}:{user_id}",
            quantity=achievement.reward,
        )
    publish(
        AchievementUnlocked(
            user_id=user_id,
            achievement_id=achievement.id,
            achievement=achievement.name,
            achievement_ne=achievement.name_ne,
            points=achievement.reward,
        )
    )


def save(achievement: Achievement) -> None:
    """A new one, or one that was made easier, may have been reached by many already."""
    session = open_session()
    session.add(achievement)
    session.flush()
    session.refresh(achievement)
    if achievement.active:
        enqueue(reward_jobs.FIND_ACHIEVERS, achievement_id=str(achievement.id))


def achievers(achievement_id: UUID, *, after: UUID) -> list[UUID]:
    """The next people who have come to it and do not have it."""
    has = select(Unlock.user_id).where(Unlock.achievement_id == achievement_id, Unlock.user_id == Tally.user_id)
    query = (
        select(Tally.user_id)
        .join(Achievement, Achievement.id == achievement_id)
        .where(
            Tally.board == ALL,
            Tally.user_id > after,
            Achievement.active,
            Achievement.threshold <= REACHED,
            ~has.exists(),
        )
        .order_by(Tally.user_id)
        .limit(BATCH)
    )
    return list(db.session.scalars(query))


def ask_checks(people: list[UUID]) -> None:
    for user_id in people:
        enqueue(reward_jobs.CHECK_ACHIEVEMENTS, user_id=str(user_id))


def locked(achievement_id: UUID) -> Achievement:
    found = open_session().get(Achievement, achievement_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("achievement")
    return found


def change(achievement: Achievement, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(achievement, name, value)
    save(achievement)


def delete(achievement: Achievement) -> None:
    """One that somebody has unlocked stays."""
    open_session().delete(achievement)
    with foreseen({ForeignKeyViolation: in_use_error()}):
        open_session().flush()
