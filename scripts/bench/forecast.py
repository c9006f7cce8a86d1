#!/usr/bin/env python
"""Judges the forecast on a year that is made up, with seasons and chance, beside "the same hour of last week".

The forecast is made each night of some weeks at its end from what was before, as the job makes it, and then compared
with what came: `python scripts/bench/forecast.py --write`. Beside it stand models of a library that fits one to each
station; the first run makes an environment for it in `.bench/`.
"""

import sys
from pathlib import Path

# In front of this folder, where `jobs` would be a file of it instead of the package.
sys.path.insert(0, str(Path(__file__).parents[2]))

import argparse
import json
import os
import subprocess
import time
from collections import defaultdict
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from powerbank import create_app
from powerbank.analytics.buckets.days import DAY, day_begins
from powerbank.analytics.outlook import demand
from powerbank.base.clock import local_day
from powerbank.base.db import db, transaction, utcnow
from scripts.bench.shared import report
from scripts.bench.shared.environments import ROOT, python_of
from scripts.bench.shared.servers import servers

PAGE = ROOT / "docs/performance.md"
MODELS = ROOT / "scripts/bench/peers/forecast_models.py"
OURS = "**the forecast**"

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
       CREATE TABLE bench_expected (model text, station_id uuid, at timestamptz, expected real);
       GRANT ALL ON bench_means, bench_expected TO powerbank_app""",
    "ANALYZE figure_hours",
)
# What the forecast of a day says of each of its hours, before the next night makes another.
_NOTE = text("""
    INSERT INTO bench_expected
    SELECT :model, station_id, CAST(:begins AS timestamptz) + hour * interval '1 hour',
           rentals[:weekday * 24 + hour - 23]
      FROM station_demand CROSS JOIN generate_series(0, 23) AS hour""")
# What anybody could say: the same hour of last week, and the mean from which chance drew, which nobody knows.
_NOTE_OTHERS = text("""
    INSERT INTO bench_expected
    SELECT 'the same hour of last week', told.station_id, told.at, coalesce(before.rentals_started, 0)
      FROM bench_expected AS told
      LEFT JOIN figure_hours AS before
             ON before.station_id = told.station_id AND before.at = told.at - interval '7 days'
     WHERE told.model = :model
     UNION ALL
    SELECT 'who knows the mean', told.station_id, told.at, mean.mean
      FROM bench_expected AS told JOIN bench_means AS mean USING (station_id, at) WHERE told.model = :model""")
_HISTORY = text("""
    SELECT station_id::text, array_agg(coalesce(came.rentals_started, 0) ORDER BY at) AS came
      FROM bench_means LEFT JOIN figure_hours AS came USING (station_id, at) GROUP BY station_id""")
_NOTE_LIBRARY = text("""
    INSERT INTO bench_expected
    SELECT :model, CAST(:station_id AS uuid), CAST(:begins AS timestamptz) + (number - 1) * interval '1 hour', expected
      FROM unnest(CAST(:expected AS real[])) WITH ORDINALITY AS hours (expected, number)""")
# The error of what is looked at: each hour of each station, each day of each station, each hour of the network.
_ERRORS = text("""
    WITH hours AS (
        SELECT told.model, told.station_id, told.at, told.expected, coalesce(came.rentals_started, 0) AS came
          FROM bench_expected AS told
          LEFT JOIN figure_hours AS came ON came.station_id = told.station_id AND came.at = told.at
    ), days AS (SELECT model, sum(expected) AS expected, sum(came) AS came FROM hours
                 GROUP BY model, station_id, date_trunc('day', at, 'Asia/Kathmandu')
    ), network AS (SELECT model, sum(expected) AS expected, sum(came) AS came FROM hours GROUP BY model, at
    ), each AS (SELECT model, 'hour' AS what, expected, came FROM hours UNION ALL
                SELECT model, 'day', expected, came FROM days UNION ALL
                SELECT model, 'network', expected, came FROM network)
    SELECT model, what, 100 * sum(abs(expected - came)) / sum(came) AS error FROM each GROUP BY model, what""")


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
    begins = day_begins(today - weeks * 7 * DAY)
    took: dict[str, float] = {}
    for back in range(weeks * 7, -1, -1):
        day = today - back * DAY
        began = time.monotonic()
        forecast(day)
        took[OURS] = time.monotonic() - began
        if back > 0:
            weekday = demand.weekday_of(day, demand.find_holidays(day, day))
            with transaction() as session:
                session.execute(_NOTE, {"model": OURS, "begins": day_begins(day), "weekday": weekday})
    history = {row.station_id: row.came for row in db.session.execute(_HISTORY)}
    db.session.rollback()
    library = ask_library(history, weeks * 7)
    with transaction() as session:
        session.execute(_NOTE_OTHERS, {"model": OURS})
        for model, said in library.items():
            took[model] = said["seconds"] / (weeks * 7)
            for station_id, expected in said["expected"].items():
                told = {"model": model, "station_id": station_id, "begins": begins, "expected": expected}
                session.execute(_NOTE_LIBRARY, told)
    scores = demand.read_scores(now=begins + timedelta(days=28))
    errors: dict[str, dict[str, float]] = defaultdict(dict)
    for row in db.session.execute(_ERRORS):
        errors[row.model][row.what] = row.error
    db.session.rollback()
    better = "beats" if scores["beats_naive"] else "does not beat"
    lines = "\n".join(
        f"| {model} | {error['hour']:.1f} | {error['day']:.1f} | {error['network']:.1f} |"
        f" {f'{1000 * took[model] / stations:.1f} s' if model in took else '–'} |"
        for model, error in sorted(errors.items(), key=lambda each: each[1]["hour"])
    )
    return (
        f"A year of {stations} stations, made up; the last {weeks} weeks held back, {scores['rentals']:,} rentals."
        f" Errors in percent of the rentals. The forecast {better} the same hour of last week. Rentals come by chance"
        " around a mean, so nobody can come below who knows that mean: what is left of one hour at one station is"
        " chance. The others are models of StatsForecast, each fitted to each station each night, from eight weeks as"
        " ours. The time is what a night of 1,000 stations would take: of ours by the clock, with all that the job"
        " does; of a library's model of the processor.\n\n"
        "| who | error of an hour at a station | of a day at a station | of an hour of the network | a night |\n"
        f"| --- | ---: | ---: | ---: | ---: |\n{lines}"
    )


def ask_library(history: dict[str, list[int]], days: int) -> dict[str, Any]:
    asked = json.dumps({"days": days, "stations": history})
    command = [python_of("statsforecast"), MODELS]
    said: dict[str, Any] = json.loads(
        subprocess.run(command, input=asked, text=True, stdout=subprocess.PIPE, check=True).stdout
    )
    return said


if __name__ == "__main__":
    sys.exit(main())
