"""What is done once a night or an hour: counts that no event tells, and what is old."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import delete, select

from powerbank.analytics.buckets import day_tables
from powerbank.analytics.buckets.days import DAY, HOUR, HOURS_KEPT, WEEK, monday_of
from powerbank.analytics.models import ALL, FigureHour, FleetDay, FoldMark, MadeAnswer, SelectionHour
from powerbank.analytics.outlook.models import StationLoss
from powerbank.base.clock import local_day
from powerbank.base.db import open_session
from powerbank.stations.availability import history

LONGEST_FUNNEL = timedelta(days=400)  # after it nobody looks whether somebody came further
FUNNEL_AT_ONCE = timedelta(days=30)
LOSSES_KEPT = timedelta(days=400)


def list_nightly_steps(today: date) -> Iterator[Callable[[], object]]:
    """List what is counted each night, in steps that each are a transaction."""
    yield partial(day_tables.count_active_people, today - DAY)
    first = today - LONGEST_FUNNEL
    while first <= today:
        yield partial(day_tables.make_funnel, first, min(first + FUNNEL_AT_ONCE, today + DAY))
        first += FUNNEL_AT_ONCE
    for week in (monday_of(today) - WEEK, monday_of(today)):
        yield partial(day_tables.make_cohorts, week)


def count_hourly(now: datetime) -> None:
    """Count the fleet and the balances, unless that was done within the hour: nothing tells later how they were."""
    session = open_session()
    mark = session.scalar(select(FoldMark).with_for_update())
    counted = session.get(FleetDay, local_day(now))
    if mark is None or (counted is not None and counted.counted_at > now - HOUR):
        return
    day_tables.count_fleet(now)
    day_tables.count_balances(now)


def forget_what_is_old(now: datetime) -> None:
    session = open_session()
    old = delete(FigureHour).where(FigureHour.at < now - HOURS_KEPT, FigureHour.station_id != ALL)
    session.execute(old)
    session.execute(delete(SelectionHour).where(SelectionHour.at < now - HOURS_KEPT))
    session.execute(delete(StationLoss).where(StationLoss.at < now - LOSSES_KEPT))
    session.execute(delete(MadeAnswer).where(MadeAnswer.made_at < now - DAY))
    history.delete_old_page_opens(now=now)
