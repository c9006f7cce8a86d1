"""Achievements: a person unlocks each of them once, when a metric reaches its threshold."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg2.errors import ForeignKeyViolation
from sqlalchemy import Select, case, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.api.paging import page
from powerbank.base import audit
from powerbank.base.database_errors import in_use_error, refusing_on
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
from powerbank.social.schemas import AchievementSchema

BATCH = 200
REACHED = case(*((Achievement.metric == metric.value, getattr(Tally, metric)) for metric in REWARDED), else_=0)


def unlock_achievements(user_id: UUID, *, now: datetime) -> list[UUID]:
    """Unlock the achievements that a person has reached, and return the new ones."""
    session = open_session()
    # The lock makes jobs that count for this person wait, so that no threshold is passed unseen in between.
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
    if not unlocked:
        return []
    for achievement in session.scalars(
        select(Achievement).where(Achievement.id.in_(unlocked)).order_by(Achievement.id)
    ):
        _reward_and_publish(user_id, achievement, now)
    return list(unlocked)


def _reward_and_publish(user_id: UUID, achievement: Achievement, now: datetime) -> None:
    """Count an unlocked achievement, request its points, and publish it."""
    tallies.count_event(
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


def create_achievement(values: dict[str, Any], *, by: UUID) -> Achievement:
    achievement = Achievement(**values)
    save_achievement(achievement)
    _record("create", achievement, by=by, new=dict(AchievementSchema().dump(achievement)))
    return achievement


def save_achievement(achievement: Achievement) -> None:
    """Write a new or changed achievement, and enqueue the search for people who have reached it already."""
    session = open_session()
    session.add(achievement)
    session.flush()
    session.refresh(achievement)
    if achievement.active:
        enqueue(reward_jobs.FIND_ACHIEVERS, achievement_id=str(achievement.id))


def find_achievers(achievement_id: UUID, *, after: UUID) -> list[UUID]:
    """Return the next people who have reached an achievement and not unlocked it."""
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


def request_checks(people: list[UUID]) -> None:
    """Enqueue the check of achievements for each of these people."""
    for user_id in people:
        enqueue(reward_jobs.CHECK_ACHIEVEMENTS, user_id=str(user_id))


def achievement_page(*, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of all achievements, newest first."""
    return page(select(Achievement), Achievement.id, descending=True, limit=limit, cursor=cursor)


def find_achievement(achievement_id: UUID) -> Achievement:
    """Return an achievement, or refuse with 404."""
    found: Achievement | None = db.session.get(Achievement, achievement_id)
    if found is None:
        raise NotFoundError("achievement")
    return found


def unlocks_of_achievement(achievement_id: UUID) -> Select[Unlock]:
    """Return the query of the unlocks of an achievement."""
    return select(Unlock).where(Unlock.achievement_id == achievement_id)


def lock_achievement(achievement_id: UUID) -> Achievement:
    """Lock an achievement, or refuse with 404."""
    found = open_session().get(Achievement, achievement_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("achievement")
    return found


def count_unlocks(achievement_id: UUID) -> int:
    return db.session.scalar(select(func.count()).where(Unlock.achievement_id == achievement_id)) or 0


def change_achievement(achievement: Achievement, changes: dict[str, Any], *, by: UUID) -> None:
    """Change fields of an achievement. People keep what they have unlocked."""
    old = dict(AchievementSchema().dump(achievement))
    for name, value in changes.items():
        setattr(achievement, name, value)
    save_achievement(achievement)
    _record("update", achievement, by=by, old=old, new=dict(AchievementSchema().dump(achievement)))


def delete_achievement(achievement: Achievement, *, by: UUID) -> None:
    """Delete an achievement, or refuse if anybody has unlocked it."""
    _record("delete", achievement, by=by, old=dict(AchievementSchema().dump(achievement)))
    open_session().delete(achievement)
    with refusing_on({ForeignKeyViolation: in_use_error()}):
        open_session().flush()


def _record(act: str, achievement: Achievement, *, by: UUID, **values: dict[str, Any]) -> None:
    audit.record(
        actor=audit.staff_actor(by),
        action=f"achievements.{act}",
        object_kind="achievements",
        object_id=achievement.id,
        **values,
    )
