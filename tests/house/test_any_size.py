"""What a page, a list or a scheduled task reads does not grow with the network: two countries, one four times as large,
are asked for everything, and the rows are counted that the server reads for it.

Times are not compared: `scripts/bench/big.py` does that, with the same data in any size.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest
from flask import Flask

import config
from jobs.worker.runtime import Outcome
from powerbank import create_app
from powerbank.base.db import db
from scripts.bench.country.all_parts import PARTS
from scripts.bench.country.filling import fill, list_broken_foreign_keys
from scripts.bench.country.numbers import Size
from scripts.bench.country.readers import Readers
from scripts.bench.country.rows_read import Meter, RowsRead
from scripts.bench.country.tables import vacuum
from scripts.bench.country.tasks import Worker
from tests.databases import TEMPLATE, execute, superuser_url

SMALL, LARGE = Size(0.0002), Size(0.0008)
MORE_THAN_CHANCE = 1000  # rows
# What reads all of something by its nature, and why that is right.
GROWS = {
    "analytics-roll-up": "sums up each station, hour by hour, once a night",
    "critical-credit": "looks at each wallet every four hours: an index on balances would cost each payment more",
    "low-credit": "looks at each wallet once a day",
    "high-usage": "sums up what was paid in a month, once a day",
    "leaderboard-recomputation": "counts everything again, once a week",
    "ledger-reconciliation": "counts everything again, once a night",
    **dict.fromkeys(
        (
            *(f"/api/admin/analytics/{view}" for view in ("dashboard", "revenue", "stations", "users")),
            *("/console/figures", "/console/figures/people", "/console/figures/stations"),
        ),
        "ranks all stations by sums of days and hours; an answer is kept for half an hour",
    ),
    **dict.fromkeys(
        ("/console/", "/console/now", "/metrics"),
        "finds the postings of a time by their numbers, and those of these data follow no clock",
    ),
}
# Two years of figures would be made day by day; that they are made in time is measured elsewhere.
FIGURES_BEGIN = """
    INSERT INTO figure_marks (folded_until, filled_from) VALUES (now() - interval '2 days', current_date - 2)
"""


@dataclass
class Country:
    app: Flask
    url: str
    meter: Meter


@pytest.fixture(scope="module")
def countries(app: Flask, database_name: str) -> Iterator[list[Country]]:
    made = []
    names = [f"{database_name}_country_{number}" for number in range(2)]
    try:
        for name, size in zip(names, (SMALL, LARGE), strict=True):
            execute(
                superuser_url("postgres"),
                f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
                f'CREATE DATABASE "{name}" OWNER powerbank_owner TEMPLATE {TEMPLATE}',
            )
            fill(superuser_url(name), size, PARTS, now=datetime.now(UTC), tell=lambda _: None)
            # The planner rather scans a hundred pages than looks up forty rows in them. It shall do as in a country in
            # which the table is ten times as large.
            execute(superuser_url(name), FIGURES_BEGIN, f'ALTER DATABASE "{name}" SET seq_page_cost = 10')
            vacuum(superuser_url(name), lambda _: None)
            made.append(open_country(name, database_name))
        yield made
    finally:
        for country in made:
            country.meter.close()
            with country.app.app_context():
                db.engine.dispose()
        execute(superuser_url("postgres"), *(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in names))


def open_country(name: str, beside: str) -> Country:
    environment = {
        key: os.environ[key].replace(f"/{beside}?", f"/{name}?") for key in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    app = create_app(config.load(environment))
    with app.app_context():
        return Country(app, superuser_url(name), Meter(db.engine, superuser_url(name)))


def test_the_data_are_as_the_product_would_have_left_them(countries: list[Country]) -> None:
    assert list_broken_foreign_keys(countries[0].url) == []


def test_nothing_reads_more_of_a_larger_network(countries: list[Country]) -> None:
    """Tasks come first, as some of them make what pages show. Each runs twice: the first run finds what was left."""
    growing = list_growing(*map(read_by_tasks, countries))
    for country in countries:  # tasks wrote tables anew; the server takes the rows they left away when it finds time
        execute(country.url, "VACUUM (ANALYZE)")
    growing += list_growing(*map(read_by_pages, countries))
    assert not growing, "\n".join(growing)


def read_by_tasks(country: Country) -> dict[str, RowsRead]:
    worker, found = Worker(country.app), {}
    for entry in worker.tasks():
        assert worker.run(entry) is Outcome.DONE, entry.name
        found[entry.name], _ = country.meter.read_during(partial(worker.run, entry))
    return found


def read_by_pages(country: Country) -> dict[str, RowsRead]:
    readers, found, broken = Readers(country.app, country.url), {}, {}
    for address in readers.addresses():
        if address.path:
            read, answer = country.meter.read_during(partial(readers.get, address))
            if answer in (200, 202, 302):
                found[address.rule] = read
            elif answer >= 500:  # else the country has no such thing, or nobody said what to ask with
                broken[address.path] = answer
    assert broken == {}
    return found


def list_growing(small: dict[str, RowsRead], large: dict[str, RowsRead]) -> list[str]:
    """Name what reads more than twice as much, with the tables of which it reads most."""
    return [
        f"{name}: {small[name].read.total()}, then {found.read.total()} rows: {dict(found.read.most_common(3))}"
        for name, found in large.items()
        if name in small and name not in GROWS and found.read.total() > 2 * small[name].read.total() + MORE_THAN_CHANCE
    ]
