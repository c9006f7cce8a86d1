"""The pages of the leaderboard and of achievements that people read."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.social import leaderboard
from powerbank.social.boards import ALL, Period, board_at
from powerbank.social.models import REWARDED, Achievement, Standing, Tally, Unlock
from powerbank.users import avatars
from powerbank.users.models import AccountStatus, User


def leaderboard_page(
    user_id: UUID, *, period: str, me: bool, now: datetime, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return one page of a board, the best first. People with the same score share a rank.

    With `me` it also has the place of the person who asks.
    """
    name = board_at(Period(period), now)
    found = page(
        select(Standing).where(Standing.board == name),
        Standing.score,
        Standing.user_id,
        limit=limit,
        cursor=cursor,
        descending=True,
    )
    standings: list[Standing] = found["items"]
    own = _standing(name, user_id) if me else None
    places = _places_of(name, [*standings, *filter(None, [own])])
    return {
        "board": name,
        "period": period,
        "items": [places[standing.user_id] for standing in standings],
        "me": places[user_id] if own else None,
        "next_cursor": found["next_cursor"],
    }


def _standing(name: str, user_id: UUID) -> Standing:
    """Return the standing of a person, which has no score if the person has done nothing."""
    return db.session.get(Standing, (name, user_id)) or Standing(board=name, user_id=user_id, score=0)


def _places_of(name: str, standings: Iterable[Standing]) -> dict[UUID, dict[str, Any]]:
    """Return the place of each person on a board as the API shows it."""
    scores = {standing.user_id: standing.score for standing in standings}
    ranks = leaderboard.count_ranks(name, list(scores.values()))
    people = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(scores)))}
    on_board = _tallies(name, scores)
    of_all_time = on_board if name == ALL else _tallies(ALL, scores)
    return {
        user_id: {
            "rank": ranks[score],
            "score": score / 10,
            **_person(people[user_id]),
            **_counts(on_board.get(user_id)),
            **_badge_and_rate(of_all_time.get(user_id)),
        }
        for user_id, score in scores.items()
    }


def _tallies(name: str, people: Iterable[UUID]) -> dict[UUID, Tally]:
    query = select(Tally).where(Tally.board == name, Tally.user_id.in_(list(people)))
    return {tally.user_id: tally for tally in db.session.scalars(query)}


def _person(user: User) -> dict[str, Any]:
    """Return the name and picture of a person, and nothing of somebody who has left."""
    gone = user.status == AccountStatus.DELETED
    return {"username": None if gone else user.username, "avatar_url": None if gone else avatars.avatar_url(user)}


def _counts(tally: Tally | None) -> dict[str, int]:
    names = ("rentals", "on_time", "late", "points", "referrals", "achievements")
    return {name: getattr(tally, name) if tally else 0 for name in names}


def _badge_and_rate(tally: Tally | None) -> dict[str, Any]:
    rentals, on_time = (tally.rentals, tally.on_time) if tally else (0, 0)
    return {
        "badge": leaderboard.badge_of_counts(rentals=rentals, on_time=on_time),
        "return_rate": leaderboard.return_rate(rentals=rentals, on_time=on_time),
    }


def achievement_page(user_id: UUID, *, language: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of achievements with the progress of a person.

    It also has those that the person has unlocked and that are not on offer any more.
    """
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
