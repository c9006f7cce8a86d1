#!/usr/bin/env python
"""Judges the forecast on a year that is made up, with seasons and chance, beside "the same hour of last week".

The forecast is made each night of some weeks at its end from what was before, as the job makes it, and then compared
with what came: `python scripts/bench/forecast.py --write`.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import os
from datetime import timedelta

from sqlalchemy import text

from powerbank import create_app
from powerbank.analytics.buckets.days import DAY, day_begins
from powerbank.analytics.outlook import demand
from powerbank.base.clock import local_day
from powerbank.base.db import db, transaction, utcnow
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT
from scripts.bench.shared.servers import servers

PAGE = ROOT / "docs/performance.md"

# Rentals of an hour come by chance around a mean, which has its hours of the day, its Saturdays, its seasons, its
# growth, and days of rain. Chance is a Poisson draw: how many draws it takes until their product is small enough.
_FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, search_vector, created_at)
       SELECT uuidv7(), 'S' || n, 'I' || n, 'Station ' || n, 'Road', 'Town', 27, 85, 'json-v1', ''::tsvector,
              now() - interval '2 years'
         FROM generate_series(1, {stations}) n""",
    """CREATE OR REPLACE FUNCTION pg_temp.draw(mean float8) RETURNS int LANGUAGE plpgsql AS $$
       DECLARE product float8 := random(); times int := 0;
       BEGIN
           WHILE product > exp(-mean) LOOP times := times + 1; product := product * random(); END LOOP;
           RETURN times;
       END $$;
       CREATE TABLE bench_means AS
       SELECT station.id AS station_id, hour.at,
              size * (0.15 + greatest(0, sin((extract(hour FROM local) - 7) / 16 * pi()))) ^ 1.5
              * CASE extract(isodow FROM local) WHEN 6 THEN 1.6 WHEN 5 THEN 1.2 ELSE 1 END
              * (1 + 0.3 * sin(extract(doy FROM local) / 365 * 2 * pi()))
              * (1 + 0.3 * extract(epoch FROM at - now() + interval '1 year') / 31536000)
              * CASE WHEN extract(doy FROM local)::int % 17 = 3 THEN 0.5 ELSE 1 END AS mean
         FROM (SELECT id, 0.3 + 3 * random() ^ 3 AS size FROM stations) AS station
        CROSS JOIN (SELECT at, timezone('Asia/Kathmandu', at) AS local
                      FROM generate_series(date_trunc('day', now(), 'Asia/Kathmandu') - interval '1 year',
                                           date_trunc('day', now(), 'Asia/Kathmandu') - interval '1 hour',
                                           interval '1 hour') AS at) AS hour;
       INSERT INTO figure_hours (station_id, package_id, at, rentals_started, returns, revenue_fares)
       SELECT station_id, '00000000-0000-0000-0000-000000000000', at, n, n, n * 4000
         FROM (SELECT station_id, at, pg_temp.draw(mean) AS n FROM bench_means) AS made
        WHERE n > 0;
       CREATE TABLE bench_expected (station_id uuid, at timestamptz, expected real);
       GRANT ALL ON bench_means, bench_expected TO powerbank_app""",
    "ANALYZE figure_hours",
)
# What the forecast of a day says of each of its hours, before the next night makes another.
_NOTE = text("""
    INSERT INTO bench_expected
    SELECT station_id, CAST(:begins AS timestamptz) + hour * interval '1 hour', rentals[:weekday * 24 + hour - 23]
      FROM station_demand CROSS JOIN generate_series(0, 23) AS hour""")
# The error of what is looked at: each hour of each station, each day of each station, each hour of the network. The
# best that anybody could say is the mean from which chance drew.
_ERRORS = text("""
    WITH hours AS (
        SELECT told.station_id, told.at, told.expected, mean.mean, coalesce(came.rentals_started, 0) AS came,
               coalesce(before.rentals_started, 0) AS before
          FROM bench_expected AS told JOIN bench_means AS mean USING (station_id, at)
          LEFT JOIN figure_hours AS came ON came.station_id = told.station_id AND came.at = told.at
          LEFT JOIN figure_hours AS before
                 ON before.station_id = told.station_id AND before.at = told.at - interval '7 days'
    ), each AS (
        SELECT 1 AS place, 'an hour at a station' AS what, * FROM hours
         UNION ALL
        SELECT 2, 'a day at a station', station_id, date_trunc('day', at, 'Asia/Kathmandu'), sum(expected), sum(mean),
               sum(came), sum(before) FROM hours GROUP BY station_id, 4
         UNION ALL
        SELECT 3, 'an hour of the network', NULL, at, sum(expected), sum(mean), sum(came), sum(before)
          FROM hours GROUP BY at)
    SELECT what, 100 * sum(abs(expected - came)) / sum(came) AS forecast,
           100 * sum(abs(before - came)) / sum(came) AS naive, 100 * sum(abs(mean - came)) / sum(came) AS best
      FROM each GROUP BY place, what ORDER BY place""")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--weeks", type=int, default=4, help="that are held back and forecast night by night")
    parser.add_argument("--write", action="store_true", help=f"put the result into {PAGE.name}")
    asked = parser.parse_args()
    with servers() as ground:
        os.environ.update(ground.environment | {"DATABASE_STATEMENT_TIMEOUT_MS": "0"})
        ground.as_superuser(*(statement.format(stations=asked.stations) for statement in _FILL))
        app = create_app()
        with app.app_context():
            told = judge(asked.stations, asked.weeks)
    print(told)
    if asked.write:
        report.keep(PAGE, "forecast", told)
    return 0


def judge(stations: int, weeks: int) -> str:
    from jobs.analytics import forecast

    today = local_day(utcnow())
    for back in range(weeks * 7, -1, -1):
        day = today - back * DAY
        forecast(day)
        if back > 0:
            weekday = demand.weekday_of(day, demand.find_holidays(day, day))
            with transaction() as session:
                session.execute(_NOTE, {"begins": day_begins(day), "weekday": weekday})
    scores = demand.read_scores(now=day_begins(today) - timedelta(days=weeks * 7 - 28))
    errors = db.session.execute(_ERRORS).all()
    db.session.rollback()
    better = "beats" if scores["beats_naive"] else "does not beat"
    lines = "\n".join(f"| {each.what} | {each.forecast:.1f} | {each.naive:.1f} | {each.best:.1f} |" for each in errors)
    return (
        f"A year of {stations} stations, made up; the last {weeks} weeks held back, {scores['rentals']:,} rentals."
        f" Errors in percent of the rentals. The forecast {better} the same hour of last week. Rentals come by chance"
        " around a mean, so nobody can come below the last column, which knows that mean: what is left of one hour at"
        " one station is chance.\n\n"
        "| error of | the forecast | the same hour of last week | who knows the mean |\n| --- | ---: | ---: | ---: |\n"
        f"{lines}"
    )


if __name__ == "__main__":
    sys.exit(main())
