"""What people want of a station in each hour of the week: a mean of eight weeks in which older weeks count less.

An hour in which the station was empty or offline says nothing of what people wanted, and is left out; people who were
refused because it was empty are counted as wanting. A holiday counts as the weekday that it is like.
"""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from powerbank.analytics.buckets.days import DAY, HOUR, day_begins
from powerbank.analytics.models import ALL
from powerbank.analytics.outlook.models import ForecastScore, PublicHoliday, StationDemand
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import db, open_session

WEEKS = 8
DECAY = 0.8  # what a week counts of the one after it
STATIONS_AT_ONCE = 2000
HOURS_OF_WEEK = 168
AHEAD = 48  # hours
SCORED = timedelta(days=28)

_DAYS = """
    SELECT each.day, coalesce(holiday.like_weekday, extract(isodow FROM each.day)::int) AS weekday,
           power(:decay, (CAST(:until AS date) - each.day - 1) / 7) AS weight
      FROM (SELECT CAST(:since AS date) + number AS day
              FROM generate_series(0, CAST(:until AS date) - CAST(:since AS date) - 1) AS number) AS each
      LEFT JOIN public_holidays AS holiday ON holiday.day = each.day"""
_MAKE = text(f"""
    WITH place AS (
        SELECT id, CAST(timezone(:home, created_at) AS date) AS since FROM stations
         WHERE id > :after ORDER BY id LIMIT :size
    ), days AS ({_DAYS}
    ), known AS (
        SELECT place.id, weekday, sum(weight) AS weight FROM place JOIN days ON days.day >= place.since GROUP BY 1, 2
    ), happened AS (
        SELECT each.station_id, days.weekday, extract(hour FROM timezone(:home, each.at))::int AS hour,
               sum(weight * (rentals_started + refused_empty))
                   FILTER (WHERE empty_seconds + offline_seconds + maintenance_seconds < 1800) AS rentals,
               sum(weight) FILTER (WHERE empty_seconds + offline_seconds + maintenance_seconds >= 1800) AS shut,
               sum(weight * returns) FILTER (WHERE full_seconds + offline_seconds < 1800) AS returns,
               sum(weight) FILTER (WHERE full_seconds + offline_seconds >= 1800) AS blocked,
               sum(revenue_fares) AS fares, sum(rentals_started) AS started
          FROM figure_hours AS each JOIN place ON place.id = each.station_id
          JOIN days ON days.day = CAST(timezone(:home, each.at) AS date)
         WHERE each.package_id = :all AND each.at >= :begins AND each.at < :ends
         GROUP BY 1, 2, 3
    ), network AS (
        SELECT coalesce(sum(revenue_fares) / nullif(sum(rentals_started), 0), 0) AS fare FROM figure_days
         WHERE station_id = :all AND package_id = :all AND day >= :since AND day < :until)
    INSERT INTO station_demand (station_id, rentals, returns, fare, made_for)
    SELECT place.id,
           array_agg(coalesce(happened.rentals / nullif(known.weight - coalesce(shut, 0), 0), 0)::real
                     ORDER BY days_of_week.weekday, hours.hour),
           array_agg(coalesce(happened.returns / nullif(known.weight - coalesce(blocked, 0), 0), 0)::real
                     ORDER BY days_of_week.weekday, hours.hour),
           greatest(0, coalesce(sum(fares) / nullif(sum(started), 0), (SELECT fare FROM network)))::bigint, :until
      FROM place
     CROSS JOIN generate_series(1, 7) AS days_of_week (weekday) CROSS JOIN generate_series(0, 23) AS hours (hour)
      LEFT JOIN known ON known.id = place.id AND known.weekday = days_of_week.weekday
      LEFT JOIN happened ON happened.station_id = place.id AND happened.weekday = days_of_week.weekday
                        AND happened.hour = hours.hour
     GROUP BY place.id
        ON CONFLICT (station_id) DO UPDATE SET rentals = excluded.rentals, returns = excluded.returns,
                                               fare = excluded.fare, made_for = excluded.made_for
    RETURNING station_id
""")  # noqa: S608  # nosec B608 (a constant)
# What was expected of a day is compared with what came, and with what the same hours of last week had.
_SCORE = text("""
    INSERT INTO forecast_scores (day, hours, rentals, error, naive_error)
    SELECT :day, count(*), coalesce(sum(coalesce(came.rentals_started, 0)), 0),
           coalesce(sum(abs(coalesce(came.rentals_started, 0) - demand.rentals[:weekday * 24 + hour - 23])), 0),
           coalesce(sum(abs(coalesce(came.rentals_started, 0) - coalesce(earlier.rentals_started, 0))), 0)
      FROM station_demand AS demand
     CROSS JOIN generate_series(0, 23) AS hour
      LEFT JOIN figure_hours AS came ON came.station_id = demand.station_id AND came.package_id = :all
                                    AND came.at = CAST(:begins AS timestamptz) + hour * interval '1 hour'
      LEFT JOIN figure_hours AS earlier
             ON earlier.station_id = demand.station_id AND earlier.package_id = :all
            AND earlier.at = CAST(:begins AS timestamptz) + hour * interval '1 hour' - interval '7 days'
     WHERE demand.made_for = :day
     HAVING count(*) > 0
        ON CONFLICT (day) DO UPDATE SET hours = excluded.hours, rentals = excluded.rentals, error = excluded.error,
                                        naive_error = excluded.naive_error
""")


def make_demand(after: UUID, *, until: date) -> UUID | None:
    """Make what is expected of the next stations from all days before `until`. Give the last of them, None if none."""
    since = until - WEEKS * 7 * DAY
    values = {
        "after": after,
        "size": STATIONS_AT_ONCE,
        "since": since,
        "until": until,
        "begins": day_begins(since),
        "ends": day_begins(until),
        "decay": DECAY,
        "all": ALL,
        "home": HOME.key,
    }
    made = open_session().scalars(_MAKE, values).all()
    return max(made) if made else None


def score_day(day: date) -> None:
    """Judge what was expected of a day, before it is a part of what is expected. A repeat judges the same."""
    weekday = weekday_of(day, find_holidays(day, day))
    values = {"day": day, "weekday": weekday, "begins": day_begins(day), "all": ALL}
    open_session().execute(_SCORE, values)


def find_holidays(first: date, last: date) -> dict[date, PublicHoliday]:
    query = select(PublicHoliday).where(PublicHoliday.day >= first, PublicHoliday.day <= last)
    return {each.day: each for each in db.session.scalars(query)}


def weekday_of(day: date, holidays: dict[date, PublicHoliday]) -> int:
    """Give the weekday that people rent like on a day, Monday being 1."""
    return holidays[day].like_weekday if day in holidays else day.isoweekday()


def hour_of_week(at: datetime, holidays: dict[date, PublicHoliday]) -> int:
    local = at.astimezone(HOME)
    return (weekday_of(local.date(), holidays) - 1) * 24 + local.hour


def forecast_station(station_id: UUID, *, banks: int, slots: int, now: datetime) -> list[dict[str, Any]]:
    """Forecast the next two days of a station hour by hour, from what it has now.

    What people want and cannot have is the shortfall: of power banks to take, and of free slots.
    """
    demand = db.session.get(StationDemand, station_id)
    midnight = day_begins(local_day(now))
    at = midnight + (now - midnight) // HOUR * HOUR + HOUR
    holidays = find_holidays(local_day(at), local_day(at + AHEAD * HOUR))
    have, free, hours = float(banks), float(slots), []
    for _ in range(AHEAD):
        key = hour_of_week(at, holidays)
        rentals, returns = (demand.rentals[key], demand.returns[key]) if demand is not None else (0.0, 0.0)
        taken, given = min(rentals, have + returns), min(returns, free + rentals)
        have, free = max(0.0, have - taken + given), max(0.0, free + taken - given)
        hours.append(
            {
                "at": at,
                "rentals": rentals,
                "returns": returns,
                "banks": have,
                "short_of_banks": rentals - taken,
                "short_of_slots": returns - given,
            }
        )
        at += HOUR
    return hours


def find_day_made(station_id: UUID) -> date | None:
    found = db.session.get(StationDemand, station_id)
    return found.made_for if found is not None else None


def read_scores(*, now: datetime) -> dict[str, Any]:
    """Tell how far the forecast was off in the last four weeks, beside the simple one."""
    query = select(ForecastScore).where(ForecastScore.day >= local_day(now) - SCORED)
    scores = db.session.scalars(query).all()
    rentals = sum(each.rentals for each in scores)
    error, naive = sum(each.error for each in scores), sum(each.naive_error for each in scores)
    return {
        "days": len(scores),
        "rentals": rentals,
        "error_percent": 100 * error / rentals if rentals else None,
        "naive_error_percent": 100 * naive / rentals if rentals else None,
        "beats_naive": error < naive if rentals else None,
    }
