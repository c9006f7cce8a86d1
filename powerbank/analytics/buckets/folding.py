"""Fold what happened into the figures of its hour and its day.

A fold first finds the hours of which something new is known, and notes them. Then it makes each of them again as a
whole, a day at a time, each in a transaction of its own. So a fold that breaks off goes on with what is noted, one that
runs twice changes nothing, and an event that comes late is counted where it belongs.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from powerbank.analytics.buckets import selections
from powerbank.analytics.buckets.day_tables import count_active_people, make_cohorts, make_day_tables
from powerbank.analytics.buckets.days import DAY, HOUR, HOURS_KEPT, NEAR, RAW_KEPT, day_begins, monday_of
from powerbank.analytics.buckets.statements import WITH_MEMORY, make_hours
from powerbank.analytics.models import ALL, FigureHour, FoldMark, Grain, SelectionHour, StaleBucket
from powerbank.analytics.outlook.losses import make_losses
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, first_id_of, open_session

WRITTEN_WITHIN = timedelta(minutes=1)
IDENTITIES_WITHIN = timedelta(days=60)
# An hour that goes on is made again and again. What that takes is at most one part in so many of the time.
SHARE_OF_OPEN_HOURS = 40
FOLDED_EACH = timedelta(minutes=5)
CLOSED_AFTER = timedelta(minutes=4)  # by then what happened in an hour has been written, but for what comes late

_NEW_HOURS = text("""
    INSERT INTO figure_stale (grain, at)
    SELECT DISTINCT 'hour', date_trunc('hour', at, :home)
      FROM (SELECT at FROM rental_events WHERE id >= :first
             UNION ALL SELECT created_at FROM ledger_entries WHERE id >= :first
             UNION ALL SELECT at FROM refused_starts WHERE id >= :first
             UNION ALL SELECT generate_series(date_trunc('hour', CAST(:folded AS timestamptz), :home), :now,
                                              interval '1 hour')) AS happened
     WHERE at < CAST(:now AS timestamptz) + interval '1 day'
        ON CONFLICT DO NOTHING
""")
_FIRST_DAY = text("""
    SELECT least((SELECT min(at) FROM (SELECT at FROM rental_events ORDER BY id LIMIT 1) AS each),
                 (SELECT created_at FROM ledger_entries ORDER BY id LIMIT 1),
                 (SELECT created_at FROM users ORDER BY id LIMIT 1))
""")
_SNAPSHOT = text("""
    SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS oldest,
           CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) AS next
""")


def note_new_hours(now: datetime) -> None:
    """Note the hours of which something may be known that was not yet folded."""
    session = open_session()
    mark = session.scalar(select(FoldMark).with_for_update())
    if mark is None:
        mark = _begin(now)
    snapshot = session.execute(_SNAPSHOT).one()
    if mark.pending_until is not None and mark.horizon is not None and snapshot.oldest >= mark.horizon:
        # Every transaction that was open then has ended, so nothing older can still appear.
        mark.folded_until, mark.pending_until, mark.horizon = mark.pending_until, None, None
    if mark.pending_until is None:
        mark.pending_until, mark.horizon = now - WRITTEN_WITHIN, snapshot.next
    session.flush()
    values = {"first": first_id_of(mark.folded_until, -WRITTEN_WITHIN), "folded": mark.folded_until}
    session.execute(_NEW_HOURS, values | {"now": now, "home": HOME.key})


def _begin(now: datetime) -> FoldMark:
    """Begin to fold, and note all days that there are: the history from before is filled in by the next folds."""
    session = open_session()
    first = session.execute(_FIRST_DAY).scalar() or now
    mark = FoldMark(folded_until=now - WRITTEN_WITHIN, filled_from=local_day(first))
    session.add(mark)
    note_days(local_day(first), local_day(now))
    return mark


def note_days(first: date, last: date) -> int:
    """Note all days from one to another, so that they are made again from what happened. Count them."""
    days = [{"grain": Grain.DAY, "at": day_begins(first + DAY * number)} for number in range((last - first).days + 1)]
    if days:
        open_session().execute(upsert(StaleBucket).values(days).on_conflict_do_nothing())
    return len(days)


def count_stale() -> int:
    return db.session.scalar(select(func.count()).select_from(StaleBucket)) or 0


def make_newest_stale_day(now: datetime) -> date | None:
    """Make again what is noted of the newest day, and tell which day it was. None: nothing is to be made now."""
    session = open_session()
    # Whoever folds holds this row, so two folds do not make the same day at once.
    mark = session.scalar(select(FoldMark).with_for_update())
    rests_until = mark.rests_until if mark is not None else None
    stale = select(func.max(StaleBucket.at))
    if rests_until is not None and now < rests_until:
        stale = stale.where(or_(StaleBucket.grain == Grain.DAY, StaleBucket.at < _open_since(now)))
    newest = session.scalar(stale)
    if newest is None:
        return None
    day = local_day(newest)
    make_day(day, now=now, rests_until=rests_until)
    return day


def make_day(day: date, *, now: datetime, rests_until: datetime | None = None) -> None:
    """Make the noted hours of a day again, and the day; all of it if the day itself is noted, or is long ago.

    The hour that goes on waits until `rests_until`, unless its whole day is made.
    """
    session, began = open_session(), time.monotonic()
    # Differences are added, so nobody else may make the same day meanwhile.
    session.scalar(select(FoldMark).with_for_update())
    begins, ends = day_begins(day), day_begins(day + DAY)
    hours, is_whole = _take_notes(begins, ends, before=_open_since(now) if rests_until and now < rests_until else ends)
    is_old = begins < now - HOURS_KEPT
    spans = [(begins, ends)] if is_old or is_whole or not hours else list(_runs(hours))
    for since, until in spans:
        _make_hours(since, until, day=day, now=now, is_old=is_old)
        if not is_old:
            make_losses(since, until)
        if until - since >= DAY:
            selections.make_day(day)
    if is_old:
        _forget_hours_of_stations(begins, ends)
    if is_whole:
        make_day_tables(day)
        count_active_people(day)
        if day == monday_of(day):
            make_cohorts(day)
    made: dict[str, Any] = {"version": FoldMark.version + 1, "made_at": now}
    made["filled_from"] = func.least(FoldMark.filled_from, day)
    if not is_whole and hours and max(hours) >= _open_since(now):
        made["rests_until"] = rest_after(now, took=timedelta(seconds=time.monotonic() - began))
    session.execute(update(FoldMark).values(made))


def _take_notes(begins: datetime, ends: datetime, *, before: datetime) -> tuple[list[datetime], bool]:
    """Take what is noted of a day: its hours, and whether the whole day is. Hours from `before` on stay noted."""
    of_day = and_(StaleBucket.at >= begins, StaleBucket.at < ends)
    is_whole = open_session().scalar(select(func.count()).where(of_day, StaleBucket.grain == Grain.DAY)) != 0
    gone = delete(StaleBucket).where(of_day)
    if not is_whole:
        gone = gone.where(StaleBucket.at < before)
    noted = open_session().execute(gone.returning(StaleBucket.grain, StaleBucket.at)).all()
    return [at for grain, at in noted if grain == Grain.HOUR], is_whole


def _open_since(now: datetime) -> datetime:
    """Give the beginning of the first hour in which what happens is still being written."""
    then = now - CLOSED_AFTER
    midnight = day_begins(local_day(then))
    return midnight + (then - midnight) // HOUR * HOUR


def rest_after(now: datetime, *, took: timedelta) -> datetime | None:
    """Tell until when the hour that goes on is left alone. None: the next fold makes it again."""
    rest = took * SHARE_OF_OPEN_HOURS - FOLDED_EACH
    return now + rest if rest > timedelta(0) else None


def _runs(hours: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Join hours that follow each other."""
    since = until = min(hours)
    for hour in sorted(hours):
        if hour > until:
            yield since, until
            since = hour
        until = hour + HOUR
    yield since, until


def _forget_hours_of_stations(since: datetime, until: datetime) -> None:
    old = delete(FigureHour).where(FigureHour.at >= since, FigureHour.at < until, FigureHour.station_id != ALL)
    open_session().execute(old)
    open_session().execute(delete(SelectionHour).where(SelectionHour.at >= since, SelectionHour.at < until))


def _make_hours(since: datetime, until: datetime, *, day: date, now: datetime, is_old: bool) -> None:
    statement = make_hours(is_whole_day=until - since >= DAY, is_pruned=since < now - RAW_KEPT, is_old=is_old)
    values = {
        "since": since,
        "until": until,
        "day": day,
        "first": first_id_of(since, -NEAR),
        "last": first_id_of(until, NEAR),
        "long_before": first_id_of(since, -IDENTITIES_WITHIN),
    }
    session = open_session()
    session.execute(WITH_MEMORY)
    session.execute(statement, {name: values[name] for name in statement.compile().params})
