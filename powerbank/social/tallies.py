"""The tallies: what people did, counted once for each thing, in the transaction of the job that hears of it.

Achievements and the leaderboard follow from the tallies in jobs of their own.
"""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, text
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import open_session
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.social.boards import ALL, boards_at
from powerbank.social.models import Metric, Tally, TallyEvent


def count_event(*, user_id: UUID, kind: str, object_id: str, at: datetime, what: dict[Metric, int]) -> bool:
    """Count something that a person did on all boards of its time. False if it was counted before."""
    session = open_session()
    deltas = {metric.value: by for metric, by in what.items()}
    event: dict[str, Any] = {"user_id": user_id, "kind": kind, "object_id": object_id, "at": at, **deltas}
    noted = session.execute(insert(TallyEvent).values(event).on_conflict_do_nothing().returning(TallyEvent.user_id))
    if noted.one_or_none() is None:
        return False
    added = insert(Tally).values([{"board": board, "user_id": user_id, **deltas} for board in boards_at(at)])
    grown = {metric: getattr(Tally, metric) + added.excluded[metric] for metric in deltas}
    session.execute(added.on_conflict_do_update(index_elements=["board", "user_id"], set_={**grown, "stale": True}))
    enqueue(reward_jobs.CHECK_ACHIEVEMENTS, user_id=str(user_id))
    enqueue(reward_jobs.UPDATE_LEADERBOARD, user_id=str(user_id))
    return True


def undo_event(*, user_id: UUID, kind: str, object_id: str, at: datetime) -> bool:
    """Take back what was counted for something, on the boards of its time. False if nothing was counted.

    What was not counted yet never will be: an empty event takes its place.
    """
    session = open_session()
    nothing = insert(TallyEvent).values(user_id=user_id, kind=kind, object_id=object_id, at=at)
    if session.execute(nothing.on_conflict_do_nothing().returning(TallyEvent.user_id)).one_or_none() is not None:
        return False
    counted = session.get_one(TallyEvent, (user_id, kind, object_id), populate_existing=True)
    what = {metric: -by for metric in Metric if (by := getattr(counted, metric.value))}
    return bool(what) and count_event(
        user_id=user_id, kind=f"{kind}_taken_back", object_id=object_id, at=counted.at, what=what
    )


_METRICS = ", ".join(Metric)
_SUMS = ", ".join(f"CAST(sum({metric}) AS integer) AS {metric}" for metric in Metric)
_DIFFERENT = " OR ".join(f"t.{metric} <> r.{metric}" for metric in Metric)
_SET = ", ".join(f"{metric} = excluded.{metric}" for metric in Metric)
_WRONG = """
    WITH right_ones AS (SELECT user_id, {sums} FROM {source} GROUP BY user_id),
         wrong AS (SELECT r.* FROM right_ones r LEFT JOIN tallies t ON t.board = :board AND t.user_id = r.user_id
                    WHERE t.user_id IS NULL OR {different} ORDER BY r.user_id)
"""
_FIND = "{wrong} SELECT EXISTS (SELECT FROM wrong)"
_CORRECT = """{wrong}
    INSERT INTO tallies (board, user_id, {metrics}) SELECT :board, user_id, {metrics} FROM wrong
        ON CONFLICT (board, user_id) DO UPDATE SET {set}, stale = true
"""
OF_PERIOD = "(SELECT * FROM tally_events WHERE at >= :begin AND at < :end) of_period"
OF_MONTHS = "(SELECT * FROM tallies WHERE starts_with(board, 'month:')) of_months"


def recount_period(board: str, *, begin: datetime, end: datetime) -> int:
    """Recount a week or a month from its events, and return how many tallies were wrong."""
    return _recount(OF_PERIOD, {"board": board, "begin": begin, "end": end})


def recount_all_time() -> int:
    """Recount all time as the sum of the months, which are all kept. Return how many tallies were wrong."""
    return _recount(OF_MONTHS, {"board": ALL})


def _recount(source: str, parameters: dict[str, object]) -> int:
    """Correct the tallies of a board that differ from their source.

    One snapshot shows whether any differs. Only then is the table of events locked while they are corrected.
    """
    session = open_session()
    if not session.scalar(_statement(_FIND, source), parameters):
        return 0
    session.execute(text("LOCK TABLE tally_events IN SHARE MODE"))
    return _count_changed_rows(_statement(_CORRECT, source), parameters)


def _statement(template: str, source: str) -> TextClause:
    wrong = _WRONG.format(source=source, sums=_SUMS, different=_DIFFERENT)
    return text(template.format(wrong=wrong, metrics=_METRICS, set=_SET))


def delete_old_events(*, before: datetime, most: int) -> int:
    """Delete events of periods that are over and recounted, and return how many."""
    old = text("""
        DELETE FROM tally_events WHERE (user_id, kind, object_id) IN
               (SELECT user_id, kind, object_id FROM tally_events WHERE at < :before ORDER BY at LIMIT :most)
    """)
    return _count_changed_rows(old, {"before": before, "most": most})


def _count_changed_rows(statement: TextClause, parameters: dict[str, object]) -> int:
    return cast(CursorResult[Any], open_session().execute(statement, parameters)).rowcount
