"""A list of the console: its address filters it, it is taken away as CSV, and each role sees what it may read."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.payments.topups import services as topups
from tests.admin.console.conftest import Member
from tests.people import People, change, rows

Console = Callable[..., Member]
PAGE = "/console/money/top-ups"


@pytest.fixture
def intents(app: Flask, client: FlaskClient, people: People) -> list[str]:
    """Three top-ups: one that can be paid, one that came, and one through another gateway."""
    sita = people.join("sita")
    with app.app_context(), transaction():
        made = [
            topups.begin_topup(user_id=sita.id, gateway=gateway, charged=150_00, currency="NPR", now=utcnow()).id
            for gateway in ("khalti", "khalti", "esewa")
        ]
    change(app, f"UPDATE payment_intents SET status = 'ready', reference = 'REF-1' WHERE id = '{made[0]}'")
    return [str(each) for each in made]


def shown(page: str, intents: list[str]) -> list[int]:
    return [number for number, each in enumerate(intents) if f"/top-ups/{each}" in page]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [0, 1, 2]),
        ("?status=ready", [0]),
        ("?gateway=esewa", [2]),
        ("?reference=REF-1&gateway=khalti", [0]),
        ("?reference=REF-2", []),
        ("?until=2026-01-01", []),
        ("?since=2026-01-01", [0, 1, 2]),
    ],
)
def test_the_address_filters_the_list(console: Console, intents: list[str], query: str, found: list[int]) -> None:
    assert shown(console("finance").read(f"{PAGE}{query}"), intents) == found


@pytest.mark.parametrize("query", ["?status=odd", "?cursor=odd", "?since=yesterday", "?user_id=sita", "?odd=1&status="])
def test_an_odd_address_still_shows_the_list(console: Console, intents: list[str], query: str) -> None:
    assert shown(console("finance").read(f"{PAGE}{query}"), intents) == [0, 1, 2]


def test_what_is_wrong_with_a_filter_is_told_beside_it(console: Console, intents: list[str]) -> None:
    page = console("finance").read(f"{PAGE}?user_id=sita")
    assert 'aria-describedby="user_id-error"' in page
    assert "Not a valid UUID." in page


def test_an_empty_list_says_what_would_fill_it(console: Console) -> None:
    finance = console("finance")
    assert "No top-ups." in finance.read(PAGE)
    assert "Nothing matches." in finance.read(f"{PAGE}?status=ready")


def test_what_the_filters_leave_is_taken_away_as_csv(
    app: Flask, console: Console, intents: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powerbank.api.exports.BATCH", 1)
    answer = console("finance").open(f"{PAGE}?gateway=khalti&format=csv")
    assert answer.mimetype == "text/csv"
    lines: list[Any] = [line.split(",") for line in answer.text.splitlines()]
    assert lines[0][:4] == ["When", "State", "To pay", "Gateway"]
    assert [line[1:5] for line in lines[1:]] == [
        ["pending", "150.00", "khalti", ""],
        ["ready", "150.00", "khalti", "REF-1"],
    ]
    logged = "SELECT new ->> 'gateway' FROM audit_log WHERE action = 'payment_intents.export_payment_intents'"
    assert rows(app, logged) == [("khalti",)]


def test_pages_follow_one_another(console: Console, intents: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("powerbank.pages.lists.SHOWN", 2)
    finance = console("finance")
    first = finance.read(PAGE)
    assert shown(first, intents) == [1, 2]
    cursor = first.split("cursor=")[1].split('"')[0]
    assert shown(finance.read(f"{PAGE}?cursor={cursor}"), intents) == [0]


def test_a_role_sees_the_lists_that_it_may_read(console: Console, intents: list[str]) -> None:
    support = console("support").read(PAGE)
    assert "/console/money/dues" in support
    assert "/console/money/entries" not in support
    assert console("viewer").open(PAGE).status_code == 403
