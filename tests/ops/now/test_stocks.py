"""What there is is counted each full hour, so that a week later it can be compared."""

from datetime import UTC, datetime, timedelta

from flask import Flask

from powerbank.base.db import transaction
from powerbank.ops.now import stocks
from powerbank.ops.now.stocks import Stocks
from tests.people import change
from tests.rentals.conftest import Out

NOON = datetime(2026, 11, 30, 12, 0, 41, tzinfo=UTC)


def test_what_is_open_out_and_away_is_counted(context: Flask, out: Out) -> None:
    out(ago=90, minutes=60)
    change(context, "UPDATE rentals SET status = 'overdue'")
    assert stocks.count_stocks() == Stocks(open_rentals=1, overdue_rentals=1, banks_out=1, stations_away=0, dues=0)
    change(context, "UPDATE station_live SET online = false")
    assert stocks.count_stocks().stations_away == 1
    change(context, "UPDATE station_live SET maintenance = true")
    assert stocks.count_stocks().stations_away == 0


def test_a_week_later_the_hour_is_found_again(context: Flask, out: Out) -> None:
    out()
    with transaction():
        stocks.record_stocks(NOON)
    change(context, "UPDATE station_live SET online = false")
    with transaction():  # a second run in this hour changes nothing
        stocks.record_stocks(NOON + timedelta(minutes=20))
    week = timedelta(days=7)
    found = stocks.find_stocks_of_last_week(NOON + week + timedelta(minutes=50))
    assert found == Stocks(open_rentals=1, overdue_rentals=0, banks_out=1, stations_away=0, dues=0)
    assert stocks.find_stocks_of_last_week(NOON + week - timedelta(minutes=5)) is None
    assert stocks.find_stocks_of_last_week(NOON + week + timedelta(hours=3)) is None
