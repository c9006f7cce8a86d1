"""Rent and minimum accrue at the end of a month, once."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from jobs.partners import accrue_month
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.outbox.catalogue import partner_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.partners.accruals import monthly
from tests.partners.conftest import accrued, payable
from tests.people import rows
from tests.stations.conftest import Make

pytestmark = pytest.mark.usefixtures("no_tax")
Fixture = Callable[..., Any]
LAST = monthly.last_month(local_day(utcnow()))


def test_rent_and_minimum_of_the_last_month_accrue_once(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, work: Callable[..., None]
) -> None:
    for sn in "ABC":
        make_station(sn)
    long_ago = str(LAST - timedelta(days=100))
    agree(venue("Rented"), "A", terms={"kind": "rent", "amount_per_month": "5000.00"}, starts_on=long_ago)
    least = {"kind": "share", "percent": "80.00", "minimum_per_month": "3000.00"}
    agree(venue("Guaranteed"), "B", terms=least, starts_on=long_ago)
    agree(venue("Plain"), "C", starts_on=long_ago)
    for _ in range(2):
        with app.app_context(), transaction():
            enqueue(partner_jobs.ACCRUE_MONTHLY_SHARES, slot=utcnow().isoformat())
        work("analytics")
    assert accrued(app) == [
        ("Rented", "venue", "rent", 0, 500_000, 500_000),
        ("Guaranteed", "venue", "guarantee", 0, 300_000, 300_000),
    ]
    assert payable(app) == {"Rented": 500_000, "Guaranteed": 300_000}


def test_a_minimum_gives_only_what_the_shares_of_the_month_lack(
    context: Flask, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_station("A", charges={1: 90})
    terms = {"kind": "share", "percent": "80.00", "minimum_per_month": "3000.00"}
    first = local_day(utcnow()).replace(day=1)
    agree(venue(), terms=terms, starts_on=str(first))
    rent(price="100.00")
    with pytest.raises(ValueError, match="is not over"):
        accrue_month(first)
    monkeypatch.setattr(monthly, "utcnow", lambda: utcnow() + timedelta(days=32))
    accrue_month(first)
    assert payable(context) == {"Bakery": 300_000}
    assert [each[4] for each in accrued(context)] == [8_000, 292_000]


def test_a_part_of_a_month_owes_a_part_of_the_rent(
    context: Flask, make_station: Make, venue: Fixture, agree: Fixture
) -> None:
    make_station("A")
    last_day = (LAST.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    ten_days = {"starts_on": str(LAST.replace(day=5)), "ends_on": str(LAST.replace(day=14))}
    agree(venue(), terms={"kind": "rent", "amount_per_month": "3000.00"}, **ten_days)
    accrue_month(LAST)
    assert payable(context) == {"Bakery": round(300_000 * 10 / last_day.day)}


def test_months_in_which_an_agreement_was_not_in_force_owe_nothing(
    context: Flask, make_station: Make, venue: Fixture, agree: Fixture
) -> None:
    make_station("A")
    agree(venue(), terms={"kind": "rent", "amount_per_month": "3000.00"}, starts_on=str(local_day(utcnow())))
    assert accrue_month(LAST) == 0
    assert accrue_month(date(2020, 2, 1)) == 0
    assert rows(context, "SELECT 1 FROM partner_accruals") == []


def test_staff_hear_once_of_an_agreement_that_ends_within_a_month(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, work: Callable[..., None]
) -> None:
    today = local_day(utcnow())
    for sn, days in (("A", 30), ("B", 31)):
        make_station(sn)
        agree(venue(f"Venue{sn}"), sn, ends_on=str(today + timedelta(days=days)))
    for _ in range(2):
        with app.app_context(), transaction():
            enqueue(partner_jobs.TELL_OF_ENDING_AGREEMENTS)
        work("analytics", "critical")
    [notice] = rows(app, "SELECT context FROM staff_notices WHERE type = 'agreement_ends'")
    assert notice.context["payee"] == "VenueA"
