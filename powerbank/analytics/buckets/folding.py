"""Fold what happened into the figures of its hour and its day.

A fold first finds the hours of which something new is known, and notes them. Then it makes each of them again as a
whole, a day at a time, each in a transaction of its own. So a fold that breaks off goes on with what is noted, one that
runs twice changes nothing, and an event that comes late is counted where it belongs.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from powerbank.analytics.buckets.day_tables import count_active_people, make_cohorts, make_day_tables
from powerbank.analytics.buckets.days import DAY, HOUR, HOURS_KEPT, NEAR, RAW_KEPT, day_begins, monday_of
from powerbank.analytics.buckets.sources import STATEMENTS
from powerbank.analytics.buckets.statements import clear_lasting_columns, sum_source
from powerbank.analytics.figures.registry import KEPT
from powerbank.analytics.models import ALL, FigureDay, FigureHour, FoldMark, Grain, StaleBucket
from powerbank.analytics.outlook.losses import make_losses
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, first_id_of, open_session

WRITTEN_WITHIN = timedelta(minutes=1)
IDENTITIES_WITHIN = timedelta(days=60)

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
    """Make again what is noted of the newest day, and tell which day it was. None: nothing is noted."""
    session = open_session()
    # Whoever folds holds this row, so two folds do not make the same day at once.
    session.scalar(select(FoldMark).with_for_update())
    newest = session.scalar(select(func.max(StaleBucket.at)))
    if newest is None:
        return None
    day = local_day(newest)
    make_day(day, now=now)
    return day


def make_day(day: date, *, now: datetime) -> None:
    """Make the noted hours of a day again, and the day; all of it if the day itself is noted, or is long ago."""
    session, begins, ends = open_session(), day_begins(day), day_begins(day + DAY)
    gone = delete(StaleBucket).where(StaleBucket.at >= begins, StaleBucket.at < ends)
    noted = session.execute(gone.returning(StaleBucket.grain, StaleBucket.at)).all()
    hours = [at for grain, at in noted if grain == Grain.HOUR]
    is_old = begins < now - HOURS_KEPT
    is_whole = len(hours) < len(noted)
    if is_old or is_whole or not hours:
        since, until = begins, ends
    else:
        since, until = min(hours), max(hours) + HOUR
    is_pruned = since < now - RAW_KEPT
    _make_hours(since, until, is_pruned=is_pruned)
    _sum_day(day, begins, ends, is_pruned=is_pruned)
    if not is_old:
        make_losses(since, until)
    if is_old:
        _forget_hours_of_stations(begins, ends)
    if is_whole:
        make_day_tables(day)
        count_active_people(day)
        if day == monday_of(day):
            make_cohorts(day)
    made = {"version": FoldMark.version + 1, "made_at": now, "filled_from": func.least(FoldMark.filled_from, day)}
    session.execute(update(FoldMark).values(made))


def _forget_hours_of_stations(since: datetime, until: datetime) -> None:
    old = delete(FigureHour).where(FigureHour.at >= since, FigureHour.at < until, FigureHour.station_id != ALL)
    open_session().execute(old)


def _make_hours(since: datetime, until: datetime, *, is_pruned: bool) -> None:
    session = open_session()
    if is_pruned:
        session.execute(clear_lasting_columns(), {"since": since, "until": until})
    else:
        session.execute(delete(FigureHour).where(FigureHour.at >= since, FigureHour.at < until))
    values = {
        "since": since,
        "until": until,
        "first": first_id_of(since, -NEAR),
        "last": first_id_of(until, NEAR),
        "long_before": first_id_of(since, -IDENTITIES_WITHIN),
    }
    for source, statement in STATEMENTS.items():
        if not (is_pruned and statement.is_pruned):
            used = {name: value for name, value in values.items() if f":{name}" in statement.rows}
            session.execute(sum_source(source), used)


def _sum_day(day: date, begins: datetime, ends: datetime, *, is_pruned: bool) -> None:
    """Sum up the hours of a day. What came from rows that are deleted by now stays: no hour has it any more."""
    session = open_session()
    names = [figure.name for figure in KEPT if not (is_pruned and STATEMENTS[figure.source].is_pruned)]
    if is_pruned:
        session.execute(update(FigureDay).where(FigureDay.day == day).values(dict.fromkeys(names, 0)))
    else:
        session.execute(delete(FigureDay).where(FigureDay.day == day))
    sums = [func.sum(getattr(FigureHour, name)) for name in names]
    hours = (
        select(FigureHour.station_id, FigureHour.package_id, literal(day), *sums)
        .where(FigureHour.at >= begins, FigureHour.at < ends)
        .group_by(FigureHour.station_id, FigureHour.package_id)
    )
    made = upsert(FigureDay).from_select(["station_id", "package_id", "day", *names], hours)
    changes = {name: made.excluded[name] for name in names}
    session.execute(made.on_conflict_do_update(index_elements=["station_id", "package_id", "day"], set_=changes))
