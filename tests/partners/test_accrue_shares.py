"""The database shares as the rules say: the same movements give the same shares in `accrue_shares` and in Python."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2.extensions
import pytest
from psycopg2.extras import execute_values
from uuid_utils.compat import uuid7

from powerbank.base.money import format_amount
from powerbank.partners.agreements import terms as rules
from powerbank.partners.agreements.terms import Earned
from tests.databases import superuser_url

AGREEMENTS = 60
VENUE, FRANCHISE = str(uuid7()), str(uuid7())


@pytest.fixture
def cursor(app: Any) -> Iterator[psycopg2.extensions.cursor]:
    """Open a transaction past the triggers, which is rolled back."""
    with closing(psycopg2.connect(superuser_url(app.config["TEST_DATABASE"]))) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield cursor
        connection.rollback()


def test_the_database_shares_as_the_rules_say(cursor: psycopg2.extensions.cursor) -> None:
    dice = random.Random(20)
    accounts = {kind: make_account(cursor, kind) for kind in ("rental_revenue", "gateway_clearing")}
    expected: dict[str, Earned] = {}
    for _ in range(AGREEMENTS):
        terms, taxes = (
            make_terms(dice),
            {"vat_percent": dice.choice((0, 1300)), "withheld_percent": dice.choice((0, 1500))},
        )
        station = make_agreement(cursor, terms, taxes)
        read = rules.read_terms(terms, **taxes)
        earned = {make_rental(cursor, station): Earned() for _ in range(3)}
        month, movements_made = 0, make_movements(dice, list(earned))
        moved = {rental for rental, _ in movements_made}
        for rental, amount in movements_made:
            cursor.execute(
                "SELECT movements, partners FROM accrue_shares(%s::uuid[])",
                ([book(cursor, accounts, rental, amount)],),
            )
            [(movements, partners)] = cursor.fetchall()
            assert movements == 1
            assert partners == "{" + ",".join([VENUE, FRANCHISE][: 1 + bool(read.franchise_percent)]) + "}"
            before = earned[rental]
            earned[rental] = rules.add_movement(read, before, amount, month_before=month)
            month += earned[rental].net - before.net
        expected |= {rental: each for rental, each in earned.items() if rental in moved}
    assert read_accrued(cursor) == expected
    cursor.execute("""
        SELECT count(*) FROM ledger_entries entry WHERE kind = 'share'
           AND (SELECT sum(amount) FROM ledger_postings WHERE entry_id = entry.id) <> 0""")
    assert cursor.fetchone() == (0,), "each entry balances"


def test_an_entry_is_accrued_once(cursor: psycopg2.extensions.cursor) -> None:
    accounts = {kind: make_account(cursor, kind) for kind in ("rental_revenue", "gateway_clearing")}
    terms = {"kind": "share", "percent": "80.00"}
    rental = make_rental(cursor, make_agreement(cursor, terms, {"vat_percent": 0, "withheld_percent": 0}))
    entry = book(cursor, accounts, rental, 1_000)
    for movements in (1, 0):
        cursor.execute("SELECT movements FROM accrue_shares(%s::uuid[])", ([entry],))
        assert cursor.fetchone() == (movements,)


def make_terms(dice: random.Random) -> dict[str, Any]:
    def percent(most: int) -> str:
        return format_amount(dice.randint(0, most))

    kind = dice.choice(("share", "tiers", "tiers", "rent"))
    if kind == "rent":
        return {"kind": kind, "amount_per_month": "5000.00"}
    franchise = {"franchise_percent": percent(4_000)} if dice.random() < 0.5 else {}
    if kind == "share":
        return {"kind": kind, "percent": percent(6_000)} | franchise
    begins = [0, *sorted(dice.sample(range(1, 90_000), dice.randint(0, 3)))]
    return {
        "kind": kind,
        "tiers": [{"from": format_amount(each), "percent": percent(6_000)} for each in begins],
    } | franchise


def make_movements(dice: random.Random, rentals: list[str]) -> list[tuple[str, int]]:
    """Let rentals earn in turns and give back, at times more than they have earned and at times all of it."""
    movements: list[tuple[str, int]] = []
    for _ in range(8):
        rental = dice.choice(rentals)
        so_far = sum(amount for each, amount in movements if each == rental)
        movements.append((rental, dice.choice((dice.randint(1, 50_000), -dice.randint(1, 20_000), -so_far or 1))))
    return movements


def make_account(cursor: psycopg2.extensions.cursor, kind: str) -> str:
    account = str(uuid7())
    owner, normal = ("", "credit") if kind == "rental_revenue" else ("khalti", "debit")
    cursor.execute(
        "INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)"
        " VALUES (%s, %s, %s, 'NPR', %s, false)",
        (account, kind, owner, normal),
    )
    return account


def make_agreement(cursor: psycopg2.extensions.cursor, terms: dict[str, Any], taxes: dict[str, int]) -> str:
    """Make an agreement of one station, and return the station."""
    station, agreement = str(uuid7()), str(uuid7())
    franchise = FRANCHISE if "franchise_percent" in terms else None
    cursor.execute(
        "INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, search_vector)"
        " VALUES (%s, %s, %s, 'S', 'R', 'K', 27, 85, 'json-v1', '')",
        (station, station, station),
    )
    cursor.execute(
        "INSERT INTO partner_agreements (id, partner_id, franchise_id, starts_on, terms, vat_percent, withheld_percent,"
        " made_by) VALUES (%s, %s, %s, current_date - 9, %s, %s, %s, 'test')",
        (agreement, VENUE, franchise, json.dumps(terms), taxes["vat_percent"], taxes["withheld_percent"]),
    )
    cursor.execute(
        "INSERT INTO partner_agreement_stations (agreement_id, station_id, starts_on, last_day)"
        " VALUES (%s, %s, current_date - 9, '9999-12-31')",
        (agreement, station),
    )
    return station


def make_rental(cursor: psycopg2.extensions.cursor, station: str) -> str:
    rental = str(uuid7())
    cursor.execute(
        """INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
                  payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes,
                  replacement_price, cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number)
           VALUES (%s, %s, %s, %s, %s, 'pending', 'wallet_only', '1 hour', 'prepaid', 60, 4000, 0, 500, 0, 300000, 5, 7,
                   10, %s, 1)""",
        (rental, rental, str(uuid7()), station, str(uuid7()), str(uuid7())),
    )
    return rental


def book(cursor: psycopg2.extensions.cursor, accounts: dict[str, str], rental: str, amount: int) -> str:
    entry = str(uuid7())
    cursor.execute(
        "INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor)"
        " VALUES (%s, 'spend', %s, 'rental', %s, 'test')",
        (entry, entry, rental),
    )
    execute_values(
        cursor,
        "INSERT INTO ledger_postings (entry_id, account_id, currency, amount) VALUES %s",
        [(entry, accounts["rental_revenue"], "NPR", amount), (entry, accounts["gateway_clearing"], "NPR", -amount)],
    )
    return entry


def read_accrued(cursor: psycopg2.extensions.cursor) -> dict[str, Earned]:
    """Read what each rental has earned in all."""
    cursor.execute("""
        SELECT rental_id, sum(gross) FILTER (WHERE part = 'venue'), sum(vat) FILTER (WHERE part = 'venue'),
               sum(share) FILTER (WHERE part = 'venue'), sum(withheld) FILTER (WHERE part = 'venue'),
               coalesce(sum(share) FILTER (WHERE part = 'franchise'), 0),
               coalesce(sum(withheld) FILTER (WHERE part = 'franchise'), 0)
          FROM partner_accruals GROUP BY rental_id""")
    return {row[0]: Earned(*map(int, row[1:])) for row in cursor.fetchall()}
