"""Exchange rates: fetched each day, kept for each day, used for top-ups, and told of when they grow old."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, transaction
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.payments.topups import exchange_rates
from scripts.sandbox import Sandbox
from tests.payments.conftest import Payer, Work
from tests.people import rows

Feed = Callable[..., None]
Fetch = Callable[[], None]


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def feed(vendors: Sandbox) -> Feed:
    def change(**given: object) -> None:
        assert requests.put(f"{vendors.url}/nrb/rates", json=given, timeout=10).status_code == 200

    return change


@pytest.fixture
def fetch(app: Flask, work: Work, vendors: Sandbox, clean: None) -> Fetch:
    def do() -> None:
        with app.app_context(), transaction():
            enqueue(payment_jobs.UPDATE_EXCHANGE_RATES)
        work("default")

    return do


def shown(client: FlaskClient) -> dict[str, tuple[str, str, str]]:
    found = client.get("/api/payment/exchange-rates").get_json()
    assert found["base"] == "NPR"
    return {each["currency"]: (each["day"], each["buy"], each["sell"]) for each in found["items"]}


def test_the_days_job_keeps_what_the_bank_says_for_one_unit(client: FlaskClient, feed: Feed, fetch: Fetch) -> None:
    feed(rates={"INR": {"buy": "160.00", "sell": "160.15"}, "USD": {"buy": "133.25", "sell": "133.85"}})
    assert shown(client) == {}
    fetch()
    assert shown(client)["INR"] == (str(today()), "1.6", "1.6015")
    assert shown(client)["USD"] == (str(today()), "133.25", "133.85")


def test_each_day_is_kept_and_a_correction_replaces_its_own(app: Flask, feed: Feed, fetch: Fetch) -> None:
    feed(rates={"USD": {"buy": "133", "sell": "134"}})
    fetch()
    feed(date=str(today()), rates={"USD": {"buy": "135", "sell": "136"}})
    fetch()
    kept = rows(app, "SELECT day, buy FROM exchange_rates WHERE currency = 'USD' ORDER BY day DESC LIMIT 2")
    assert [(row.day, row.buy) for row in kept] == [(today(), 135), (today() - timedelta(days=1), 133)]


def test_on_a_holiday_the_last_rate_is_used(payer: Payer, feed: Feed, fetch: Fetch) -> None:
    feed(rates={"USD": {"buy": "130", "sell": "131"}})
    feed(date=str(today()), null=True)
    fetch()
    assert payer.begin("stripe", "10.00", currency="USD")["credit"] == "1300.00"


@pytest.mark.parametrize("fault", ["error", "html", "drop"])
def test_a_feed_that_fails_leaves_the_last_rates(
    client: FlaskClient, feed: Feed, fetch: Fetch, vendors: Sandbox, fault: str
) -> None:
    fetch()
    before = shown(client)
    assert before
    vendors.faults.set("nrb", fault, times=3)
    fetch()
    assert shown(client) == before


@pytest.mark.parametrize(("age", "alarm"), [(None, True), (0, False), (2, False), (3, True), (30, True)])
def test_rates_three_days_old_are_told(app: Flask, work: Work, clean: None, age: int | None, alarm: bool) -> None:
    with app.app_context(), transaction() as session:
        if age is not None:
            session.execute(
                text("INSERT INTO exchange_rates (currency, day, buy, sell) VALUES ('USD', :day, 133, 134)"),
                {"day": today() - timedelta(days=age)},
            )
        enqueue(payment_jobs.CHECK_EXCHANGE_RATES)
    work()
    told = rows(app, "SELECT type FROM staff_notices WHERE type = 'exchange_rates_stale'")
    assert len(told) == alarm


@pytest.mark.parametrize(("cents", "rate", "paisa"), [(1, "133.339", 133), (3, "0.34", 1), (100, "133.335", 13333)])
def test_part_of_a_paisa_is_never_given(cents: int, rate: str, paisa: int) -> None:
    assert exchange_rates.convert_to_paisa(cents, Decimal(rate)) == paisa


def test_what_was_begun_at_one_rate_is_credited_at_it_and_both_amounts_are_kept(
    payer: Payer, app: Flask, feed: Feed, fetch: Fetch
) -> None:
    feed(rates={"EUR": {"buy": "145.50", "sell": "146"}})
    fetch()
    intent = payer.begin("stripe", "10.00", currency="EUR")
    feed(rates={"EUR": {"buy": "99", "sell": "100"}})
    fetch()
    payer.pays(intent)
    assert payer.verify(intent) == "success"
    assert payer.balance() == "1455.00"
    [kept] = rows(app, "SELECT amount, charged, currency, rate, rate_day FROM payment_intents")
    assert tuple(kept) == (1455_00, 10_00, "EUR", Decimal("145.5"), today())
    with app.app_context():
        booked = db.session.execute(
            text(
                "SELECT a.kind, a.currency, p.amount FROM ledger_postings p JOIN ledger_accounts a"
                " ON a.id = p.account_id WHERE a.currency <> 'PTS' ORDER BY a.currency, a.kind"
            )
        ).all()
    assert [tuple(row) for row in booked] == [
        ("fx", "EUR", 10_00),
        ("gateway_clearing", "EUR", -10_00),
        ("fx", "NPR", -1455_00),
        ("user_wallet", "NPR", 1455_00),
    ]
