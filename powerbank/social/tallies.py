"""The tallies: what people did, counted once for each thing, in the transaction of the job that hears of it.

Achievements follow from the tallies in `progress`, the leaderboard in a job of its own: its trigger locks rows that all
people share.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import CursorResult, Table, TextClause, text
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import open_session
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.social.boards import ALL, boards_at
from powerbank.social.models import Metric, Tally, TallyEvent

# By the tables: SQLAlchemy takes three times as long over an insert by the class.
_EVENTS, _TALLIES = cast("Table", TallyEvent.__table__), cast("Table", Tally.__table__)


class Deed(NamedTuple):
    """Something that a person did. It counts once under its kind and object."""

    kind: str
    object_id: str
    at: datetime
    what: Mapping[Metric, int]


def count_event(*, user_id: UUID, kind: str, object_id: str, at: datetime, what: Mapping[Metric, int]) -> bool:
    """Count something that a person did on all boards of its time. False if it was counted before."""
    return count_deeds(user_id, [Deed(kind, object_id, at, what)])


def count_deeds(user_id: UUID, deeds: Sequence[Deed]) -> bool:
    """Count what a person did, on all boards at once. False if all of it was counted before."""
    session = open_session()
    metrics = sorted({metric.value for deed in deeds for metric in deed.what})
    nothing = dict.fromkeys(metrics, 0)
    events = [
        {"user_id": user_id, "kind": kind, "object_id": object_id, "at": at, **nothing, **what}
        for kind, object_id, at, what in deeds
    ]
    noted = session.execute(
        insert(_EVENTS).values(events).on_conflict_do_nothing().returning(_EVENTS.c.kind, _EVENTS.c.object_id)
    ).all()
    if not noted:
        return False
    grown: dict[str, Counter[str]] = defaultdict(Counter)
    for deed in deeds:
        if (deed.kind, deed.object_id) in noted:
            for board in boards_at(deed.at):
                grown[board].update(deed.what)
    # In the order in which everybody locks them.
    rows = [{"board": board, "user_id": user_id, **nothing, **grown[board]} for board in sorted(grown)]
    added = insert(_TALLIES).values(rows)
    sums = {metric: _TALLIES.c[metric] + added.excluded[metric] for metric in metrics}
    session.execute(added.on_conflict_do_update(index_elements=["board", "user_id"], set_={**sums, "stale": True}))
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
