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

from powerbank import create_app
from powerbank.analytics.buckets.days import DAY, day_begins
from powerbank.analytics.outlook import demand
from powerbank.base.clock import local_day
from powerbank.base.db import db, utcnow
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
       INSERT INTO figure_hours (station_id, package_id, at, rentals_started, returns, revenue_fares)
       SELECT id, '00000000-0000-0000-0000-000000000000', at, n, n, n * 4000
         FROM (SELECT station.id, hour.at, pg_temp.draw(
                      size * (0.15 + greatest(0, sin((extract(hour FROM local) - 7) / 16 * pi()))) ^ 1.5
                      * CASE extract(isodow FROM local) WHEN 6 THEN 1.6 WHEN 5 THEN 1.2 ELSE 1 END
                      * (1 + 0.3 * sin(extract(doy FROM local) / 365 * 2 * pi()))
                      * (1 + 0.3 * extract(epoch FROM at - now() + interval '1 year') / 31536000)
                      * CASE WHEN extract(doy FROM local)::int % 17 = 3 THEN 0.5 ELSE 1 END) AS n
                 FROM (SELECT id, 0.3 + 3 * random() ^ 3 AS size FROM stations) AS station
                CROSS JOIN (SELECT at, timezone('Asia/Kathmandu', at) AS local
                              FROM generate_series(date_trunc('day', now(), 'Asia/Kathmandu') - interval '1 year',
                                                   date_trunc('day', now(), 'Asia/Kathmandu') - interval '1 hour',
                                                   interval '1 hour') AS at) AS hour) AS made
        WHERE n > 0""",
    "ANALYZE figure_hours",
)


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
        forecast(today - back * DAY)
    scores = demand.read_scores(now=day_begins(today) - timedelta(days=weeks * 7 - 28))
    db.session.rollback()
    better = "beats it" if scores["beats_naive"] else "does not beat it"
    return (
        f"A year of {stations} stations, made up; the last {weeks} weeks held back, {scores['rentals']:,} rentals."
        f" Error of an hour at a station, in percent of its rentals: {scores['error_percent']:.1f} for the forecast,"
        f" {scores['naive_error_percent']:.1f} for the same hour of last week. It {better}."
    )


if __name__ == "__main__":
    sys.exit(main())
