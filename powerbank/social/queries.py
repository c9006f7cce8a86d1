from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.social import badges, leaderboard
from powerbank.social.boards import ALL, Period, board
from powerbank.social.models import REWARDED, Achievement, Standing, Tally, Unlock
from powerbank.users import avatars
from powerbank.users.models import AccountStatus, User


def leaderboard_page(
    user_id: UUID, *, period: str, me: bool, now: datetime, limit: int, cursor: str | None
) -> dict[str, Any]:
    """The best first; those with the same score share a rank. With `me`, also where the asker stands."""
    name = board(Period(period), now)
    found = page(
        select(Standing).where(Standing.board == name),
        Standing.score,
        Standing.user_id,
        limit=limit,
        cursor=cursor,
        descending=True,
    )
    standings: list[Standing] = found["items"]
    mine = _standing(name, user_id) if me else None
    shown = _shown(name, [*standings, *filter(None, [mine])])
    return {
        "board": name,
        "period": period,
        "items": [shown[standing.user_id] for standing in standings],
        "me": shown[user_id] if mine else None,
        "next_cursor": found["next_cursor"],
    }


def _standing(name: str, user_id: UUID) -> Standing:
    """Whoever has done nothing stands there with nothing."""
    return db.session.get(Standing, (name, user_id)) or Standing(board=name, user_id=user_id, score=0)


def _shown(name: str, standings: Iterable[Standing]) -> dict[UUID, dict[str, Any]]:
    scores = {standing.user_id: standing.score for standing in standings}
    ranks = leaderboard.ranks(name, list(scores.values()))
    people = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(scores)))}
    on_board = _tallies(name, scores)
    of_all_time = on_board if name == ALL else _tallies(ALL, scores)
    return {
        user_id: {
            "rank": ranks[score],
            "score": score / 10,
            **_person(people[user_id]),
            **_counts(on_board.get(user_id)),
            **_honours(of_all_time.get(user_id)),
        }
        for user_id, score in scores.items()
    }


def _tallies(name: str, people: Iterable[UUID]) -> dict[UUID, Tally]:
    query = select(Tally).where(Tally.board == name, Tally.user_id.in_(list(people)))
    return {tally.user_id: tally for tally in db.session.scalars(query)}


def _person(user: User) -> dict[str, Any]:
    """Nothing of somebody who left but the place."""
    gone = user.status == AccountStatus.DELETED
    return {"username": None if gone else user.username, "avatar_url": None if gone else avatars.avatar_url(user)}


def _counts(tally: Tally | None) -> dict[str, int]:
    names = ("rentals", "on_time", "late", "points", "referrals", "achievements")
    return {name: getattr(tally, name) if tally else 0 for name in names}


def _honours(tally: Tally | None) -> dict[str, Any]:
    rentals, on_time = (tally.rentals, tally.on_time) if tally else (0, 0)
    return {
        "badge": badges.badge(rentals=rentals, on_time=on_time),
        "return_rate": badges.return_rate(rentals=rentals, on_time=on_time),
    }


def achievement_page(user_id: UUID, *, language: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """What can be reached, how far the person is, and what was reached, even if it is not on offer any more."""
    mine = {
        unlock.achievement_id: unlock.at for unlock in db.session.scalars(select(Unlock).filter_by(user_id=user_id))
    }
    offered = select(Achievement).where(Achievement.active | Achievement.id.in_(mine))
    found = page(offered, Achievement.id, limit=limit, cursor=cursor)
    tally = db.session.get(Tally, (ALL, user_id))

    def shown(achievement: Achievement) -> dict[str, Any]:
        nepali = language == "ne"
        value = getattr(tally, achievement.metric) if tally else 0
        return {
            "id": achievement.id,
            "name": (nepali and achievement.name_ne) or achievement.name,
            "description": (nepali and achievement.description_ne) or achievement.description,
            "metric": achievement.metric,
            "threshold": achievement.threshold,
            "reward": achievement.reward,
            "progress": max(0, min(value, achievement.threshold)),
            "unlocked_at": mine.get(achievement.id),
        }

    return found | {"items": [shown(achievement) for achievement in found["items"]]}


METRICS = [metric.value for metric in REWARDED]
