"""A statement adds up, chains with the one before, has the next number, and never changes."""

import contextlib
import csv
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.payouts import make_statements_of_month
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.ledger.movements import refunds
from powerbank.payouts.statements import services
from tests.databases import execute, superuser_url
from tests.people import Headers, rows
from tests.stations.conftest import Make

Fixture = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("no_tax")


def statement_of(client: FlaskClient, headers: Headers, payout_id: Any) -> Any:
    return client.get(f"/api/admin/payouts/{payout_id}/statement.json", headers=headers).get_json()


def amounts_of(document: Any) -> Decimal:
    return sum((Decimal(line["amount"]) for line in document["lines"]), Decimal(0))


def test_statements_name_each_rental_add_up_and_chain(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    make_station: Make,
    venue: Fixture,
    agree: Fixture,
    rent: Fixture,
    open_account: Fixture,
    run_payouts: Fixture,
) -> None:
    make_station("A", charges={1: 90, 2: 90})
    bakery = venue()
    agree(bakery)
    open_account(bakery)
    rent(price="1000.00", wallet="2000.00")
    run_payouts()
    first_id = rows(app, "SELECT id FROM payouts")[0].id
    first = statement_of(client, finance, first_id)
    [code] = [row.code for row in rows(app, "SELECT code FROM rentals")]
    assert (first["number"], first["opening"], first["paid"], first["closing"]) == (
        "S0000001",
        "0.00",
        "800.00",
        "0.00",
    )
    [line] = first["lines"]
    assert (line["kind"], line["rental_code"], line["station_sn"]) == ("rental", code, "A")
    assert (line["gross"], line["tax"], line["share"], line["amount"]) == ("1000.00", "0.00", "800.00", "800.00")
    [shown] = client.get("/api/admin/payouts", headers=finance).get_json()["items"]
    assert (shown["statement_number"], shown["lines_count"]) == ("S0000001", 1)

    with app.app_context(), transaction():
        [paid] = rows(app, "SELECT id FROM wallet_transactions WHERE type = 'rental'")
        refunds.refund_payment(transaction_id=paid.id, amount=10_000, key="back", actor="test")
    rent(name="gita", price="2000.00", wallet="2000.00")
    run_payouts()
    second = statement_of(client, finance, rows(app, "SELECT id FROM payouts ORDER BY id DESC")[0].id)
    assert (second["number"], second["opening"], second["paid"], second["closing"]) == (
        "S0000002",
        first["closing"],
        "1520.00",
        "0.00",
    )
    refund = second["lines"][0]
    assert (refund["kind"], refund["amount"], refund["earlier_statement"]) == ("refund", "-80.00", "S0000001")
    assert amounts_of(second) == Decimal(second["paid"])
    text = client.get(f"/api/admin/payouts/{first_id}/statement.csv", headers=finance).text
    table = list(csv.DictReader(io.StringIO(text)))
    assert sum(Decimal(row["amount"]) for row in table[:-1]) == Decimal(table[-1]["amount"]) == 0
    assert [row["kind"] for row in table] == ["opening", "rental", "paid", "closing"]


def test_a_statement_is_frozen_and_says_when_it_was_tampered_with(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    environment: dict[str, str],
    payee: Fixture,
    run_payouts: Fixture,
) -> None:
    bakery = payee("Bakery", 100_000)
    run_payouts()
    payout_id = rows(app, "SELECT id FROM payouts")[0].id
    before = statement_of(client, finance, payout_id)
    client.patch(f"/api/admin/partners/{bakery}", json={"name": "Patisserie"}, headers=finance)
    assert statement_of(client, finance, payout_id) == before
    for statement in ("UPDATE payout_statements SET opening = opening", "DELETE FROM payout_statement_pages"):
        with pytest.raises(Exception, match="append-only"):
            execute(environment["DATABASE_OWNER_URL"], statement)
    with app.app_context():
        assert services.verify(services.find_statement_of_payout(payout_id))
    forge = "UPDATE payout_statements SET head = jsonb_set(head, '{payee}', '\"Thief\"')"
    execute(superuser_url(app.config["TEST_DATABASE"]), "SET session_replication_role = replica", forge)
    with app.app_context():
        assert not services.verify(services.find_statement_of_payout(payout_id))


def test_numbers_have_no_gaps_when_statements_are_made_at_once_or_given_up(
    app: Flask, payee: Fixture, run_payouts: Fixture
) -> None:
    partners = [payee(f"Bakery{number}", 100_000) for number in range(6)]
    run_payouts()
    execute(
        superuser_url(app.config["TEST_DATABASE"]),
        "SET session_replication_role = replica",
        "DELETE FROM payout_statement_pages",
        "DELETE FROM payout_statements",
        "DELETE FROM payout_statement_counters",
    )
    payouts = [row.id for row in rows(app, "SELECT id FROM payouts ORDER BY id")]

    def make(number: int) -> None:
        with app.app_context(), contextlib.suppress(ZeroDivisionError), transaction():
            services.make_statements_of_payee(payouts[number], now=utcnow())
            assert 1 / (number % 3 - 2), "every third one is given up"

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, range(len(partners))))
    found = [row.sequence for row in rows(app, "SELECT sequence FROM payout_statements ORDER BY sequence")]
    assert found == [1, 2, 3, 4]


def test_a_month_has_a_statement_with_what_was_paid_in_it(
    app: Flask, client: FlaskClient, finance: Headers, payee: Fixture, earn: Fixture, run_payouts: Fixture
) -> None:
    bakery = payee("Bakery", 100_000)
    run_payouts()
    earn(bakery, 30_000)
    month, later = local_day(utcnow()).replace(day=1), utcnow() + timedelta(days=40)
    for _ in range(2):
        with app.app_context():
            make_statements_of_month(month, now=later)
    [found] = rows(
        app, "SELECT opening, earned, paid, closing, lines_count FROM payout_statements WHERE month IS NOT NULL"
    )
    assert tuple(found) == (0, 130_000, 100_000, 30_000, 3)
    address = f"/api/admin/partners/{bakery}/statements"
    listed = client.get(address, headers=finance).get_json()["items"]
    assert [(each["kind"], each["number"], each["closing"]) for each in listed] == [
        ("month", "S0000002", "300.00"),
        ("payout", "S0000001", "0.00"),
    ]
    document = client.get(f"{address}/{listed[0]['id']}.json", headers=finance).get_json()
    assert [line["kind"] for line in document["lines"]] == ["share", "payout", "share"]
    assert amounts_of(document) == Decimal(document["closing"])
    assert client.get(f"{address}/{listed[0]['id']}.csv", headers=finance).text.count("payout") == 1
