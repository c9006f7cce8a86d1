"""Fixtures: venues with agreements, and rentals at their stations."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from tests.people import Headers, change, rows
from tests.rentals.cabinets import MINUTE, Cabinets
from tests.rentals.conftest import Renter, cabinets, make_older, package, renter  # noqa: F401
from tests.stations.conftest import Make, make_station  # noqa: F401

SHARE = {"kind": "share", "percent": "80.00"}


@pytest.fixture
def finance(staff_headers: Callable[..., Headers]) -> Headers:
    return staff_headers("finance")


@pytest.fixture
def no_tax(app: Flask, clean: None) -> None:
    """Let nothing be withheld from the agreements that a test makes, so that its amounts are easy to follow."""
    withhold_nothing(app)


def withhold_nothing(app: Flask) -> None:
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('withheld_tax_percent', '0', 'test')")


@pytest.fixture
def venue(client: FlaskClient, finance: Headers) -> Callable[..., str]:
    """Make a partner: `venue("Bakery", kind="franchise")`. Its identifier comes back."""

    def make(name: str = "Bakery", **more: Any) -> str:
        body = {"name": name, "kind": "venue", "contact": {"email": f"{name.lower()}@example.com"}} | more
        answer = client.post("/api/admin/partners", json=body, headers=finance)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["id"])

    return make


@pytest.fixture
def agree(client: FlaskClient, finance: Headers) -> Callable[..., Any]:
    """Make an agreement from yesterday on: `agree(partner_id, "A", terms={…})`. The whole answer comes back."""

    def make(partner_id: str, *sns: str, terms: dict[str, Any] | None = None, **more: Any) -> Any:
        starts_on = local_day(utcnow()) - timedelta(days=1)
        body = {"starts_on": str(starts_on), "station_sns": list(sns or "A"), "terms": terms or SHARE} | more
        return client.post(f"/api/admin/partners/{partner_id}/agreements", json=body, headers=finance)

    return make


@pytest.fixture
def rent(
    app: Flask,
    renter: Callable[..., Renter],  # noqa: F811
    package: Callable[..., UUID],  # noqa: F811
    cabinets: Cabinets,  # noqa: F811
) -> Callable[..., tuple[Renter, str]]:
    """Let somebody rent at a station that is there: `sita, rental_id = rent("A", price="100.00", ago=30)`."""

    def begin(
        sn: str = "A", *, name: str = "sita", price: str = "100.00", ago: float = 0, **more: Any
    ) -> tuple[Renter, str]:
        person = renter(name, wallet=more.pop("wallet", "500.00"), points=more.pop("points", 0))
        begun = person.initiate(package(price=price, minutes=more.pop("minutes", 60)), sn=sn, **more)
        assert begun.status_code == 202, begun.text
        cabinets.work()
        if ago:
            make_older(app, ago + 1)
        cabinets.ejects(sn, at=utcnow() - ago * MINUTE)
        return person, str(begun.get_json()["rental_id"])

    return begin


def accrued(app: Flask) -> list[tuple[str, str, str, int, int, int]]:
    """Read all accruals: partner, part, kind, gross, share and what became payable."""
    query = """
        SELECT partner.name, part, a.kind, gross, share, amount
          FROM partner_accruals a JOIN partners partner ON partner.id = a.partner_id ORDER BY a.id"""
    return [tuple(row) for row in rows(app, query)]


def payable(app: Flask) -> dict[str, int]:
    """Read what the ledger owes to each partner."""
    query = """
        SELECT partner.name, CAST(coalesce(sum(p.amount), 0) AS bigint) AS owed
          FROM partners partner
          JOIN ledger_accounts a ON a.owner = CAST(partner.id AS text) AND a.kind = 'partner_payable'
          LEFT JOIN ledger_postings p ON p.account_id = a.id GROUP BY 1"""
    return {row.name: row.owed for row in rows(app, query)}
