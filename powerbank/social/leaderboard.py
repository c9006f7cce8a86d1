"""The leaderboard: who stands where. A rank is counted from sums, and never found by a scan.

For each board, `standing_steps` holds how many people have a score in each range, in six levels of ranges that are 64
times as wide from one to the next. Whoever is above a score is in at most 63 ranges of each level, so a rank is the
sum of a few hundred index entries at most, whether there are a hundred people or a hundred million; and as it counts
people with more, those with the same score share a rank. A trigger keeps the steps in the transaction that moves a
person, so they are never behind and never wrong after a crash.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import db, open_session


class Badge(NamedTuple):
    """A title that a person has from so many rentals and such a return rate on."""

    name: str
    return_rate: int  # percent, at least
    rentals: int  # at least


# The best first: a person has the first one whose conditions hold.
BADGES = (Badge("gold", 95, 50), Badge("silver", 90, 20), Badge("bronze", 80, 10), Badge("member", 0, 0))

_REFRESH = text("""
    WITH moved AS (UPDATE tallies SET stale = false
                    WHERE (board, user_id) IN (SELECT board, user_id FROM tallies WHERE user_id = :user_id AND stale
                                                ORDER BY board FOR UPDATE)
                RETURNING board, user_id, score)
    INSERT INTO standings (board, user_id, score) SELECT board, user_id, score FROM moved ORDER BY board
        ON CONFLICT (board, user_id) DO UPDATE SET score = excluded.score WHERE standings.score <> excluded.score
""")
_RANKS = text("""
    SELECT wanted.score, 1 + coalesce(sum(above.people), 0) AS rank
      FROM unnest(CAST(:scores AS bigint[])) AS wanted (score)
     CROSS JOIN generate_series(0, 5) AS level
      LEFT JOIN LATERAL (
           SELECT people FROM standing_steps s
            WHERE s.board = :board AND s.level = level.level
              AND s.bucket > (wanted.score + 1073741824) >> (6 * level.level)
              AND s.bucket <= (((wanted.score + 1073741824) >> (6 * level.level)) | 63)) above ON true
     GROUP BY wanted.score
""")
_STALE = text("SELECT DISTINCT user_id FROM tallies WHERE stale AND user_id > :after ORDER BY user_id LIMIT :most")
_PEOPLE = """
    SELECT board, level, (CAST(score AS bigint) + 1073741824) >> (6 * level) AS bucket, count(*) AS people
      FROM standings CROSS JOIN generate_series(0, 5) AS level WHERE board = :board GROUP BY 1, 2, 3
"""
_DIFFERENCE = """
    SELECT EXISTS (
        SELECT FROM ({people}) real
          FULL JOIN (SELECT * FROM standing_steps WHERE board = :board AND people <> 0) counted USING (level, bucket)
         WHERE real.people IS DISTINCT FROM counted.people)
"""
_DIFFER = text(_DIFFERENCE.format(people=_PEOPLE))
_EMPTY = text("DELETE FROM standing_steps WHERE board = :board")
_COUNT = text("INSERT INTO standing_steps (board, level, bucket, people)" + _PEOPLE)


def refresh_standings(user_id: UUID) -> None:
    """Bring the standings of a person up to the tallies. Of several at once, each takes what is stale by then."""
    open_session().execute(_REFRESH, {"user_id": user_id})


def find_stale_users(*, after: UUID, most: int) -> list[UUID]:
    """Return the next people whose standings are behind their tallies, because a job was lost."""
    return list(db.session.scalars(_STALE, {"after": after, "most": most}))


def count_ranks(board: str, scores: Sequence[int]) -> dict[int, int]:
    """Return the rank of each score on a board."""
    rows = db.session.execute(_RANKS, {"board": board, "scores": sorted(set(scores))})
    return {row.score: int(row.rank) for row in rows}


def recount_steps(board: str) -> bool:
    """Compare the steps of a board with its standings, and count them anew if they differ. Moves wait meanwhile."""
    session = open_session()
    if not session.scalar(_DIFFER, {"board": board}):
        return False
    session.execute(text("LOCK TABLE standings IN SHARE ROW EXCLUSIVE MODE"))
    session.execute(_EMPTY, {"board": board})
    session.execute(_COUNT, {"board": board})
    return True


def badge_of_counts(*, rentals: int, on_time: int) -> str:
    """Return the name of the badge. Whole numbers are compared, since 94.96 % is shown as 95.0 but is below 95."""
    return next(each.name for each in BADGES if rentals >= each.rentals and on_time * 100 >= each.return_rate * rentals)


def return_rate(*, rentals: int, on_time: int) -> float:
    """Return the percentage of rentals that came back in time. Without any rental it is 100."""
    return 100.0 if rentals == 0 else round(100 * on_time / rentals, 1)
