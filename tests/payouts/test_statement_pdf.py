"""The PDF of a statement has its lines and sums, with totals carried from page to page; so has that of an agreement."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.payouts.statements import pdf
from powerbank.payouts.statements.models import Statement
from tests.papers.reading import read_pages
from tests.people import Headers, People, rows

Fixture = Callable[..., Any]
LINE = {
    "at": "2026-11-30T12:00:00Z",
    "kind": "rental",
    "rental_code": "R1",
    "station_sn": "A",
    "gross": 10_000,
    "tax": 0,
    "share": 8_000,
    "withheld": 1_200,
    "amount": 6_800,
    "earlier_statement": None,
}


def long_statement(count: int, monkeypatch: pytest.MonkeyPatch) -> Statement:
    monkeypatch.setattr("powerbank.payouts.statements.services.list_pages", lambda _: iter([[LINE] * count]))
    return Statement(
        kind="month",
        month=date(2026, 11, 1),
        number="S0000007",
        lines_count=count,
        opening=1_000,
        earned=6_800 * count,
        paid=0,
        closing=1_000 + 6_800 * count,
        digest=b"x" * 32,
        made_at=datetime(2026, 12, 1, tzinfo=UTC),
        head={"payee": "Bakery", "currency": "NPR"},
    )


@pytest.mark.parametrize("count", [1, 31, 36, 37, 82, 87, 88, 400])
def test_lines_are_all_there_and_totals_are_carried(
    context: Flask, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    pages = read_pages(pdf.make_pdf(long_statement(count, monkeypatch)))
    texts = [text for page in pages for text in page]
    assert texts.count("R1") == count
    assert f"{Decimal(10 + 68 * count):.2f}" in texts, "the closing balance"
    so_far = 0
    for before, after in pairwise(pages):
        so_far += before.count("R1")
        carried = f"{Decimal(10 + 68 * so_far):.2f}"
        if so_far < count:
            assert carried in before, "carried forward"
            assert carried in after, "brought forward"


def test_partner_and_staff_get_a_statement_as_pdf_and_nobody_else(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    people: People,
    payee: Fixture,
    run_payouts: Fixture,
) -> None:
    sita, gita = people.join("sita", "sita@example.com"), people.join("gita")
    bakery = payee("Bakery", 100_000)
    invite = {"email": "sita@example.com", "role": "viewer"}
    client.post(f"/api/admin/partners/{bakery}/members", json=invite, headers=finance)
    run_payouts()
    [payout] = rows(app, "SELECT id FROM payouts")
    [statement] = rows(app, "SELECT id FROM payout_statements")
    for path in (f"payouts/{payout.id}/statement.pdf", f"statements/{statement.id}.pdf"):
        assert client.get(f"/api/partner/{path}", headers=gita.headers).status_code == 404
        own = client.get(f"/api/partner/{path}", headers=sita.headers)
        assert own.mimetype == "application/pdf"
        assert "1000.00" in read_pages(own.data)[0]
    staff = client.get(f"/api/admin/payouts/{payout.id}/statement.pdf", headers=finance)
    assert staff.data == own.data
    assert client.get(f"/api/admin/partners/{bakery}/statements/{statement.id}.pdf", headers=finance).data == own.data


def test_the_terms_of_an_agreement_are_a_paper(
    client: FlaskClient,
    finance: Headers,
    people: People,
    make_station: Fixture,
    venue: Fixture,
    agree: Fixture,
) -> None:
    sita, gita = people.join("sita", "sita@example.com"), people.join("gita")
    make_station("A")
    bakery = venue()
    tiers = [{"from": "0.00", "percent": "50.00"}, {"from": "1500.00", "percent": "80.00"}]
    made = agree(bakery, terms={"kind": "tiers", "tiers": tiers, "minimum_per_month": "2000.00"}).get_json()
    client.post(
        f"/api/admin/partners/{bakery}/members", json={"email": "sita@example.com", "role": "owner"}, headers=finance
    )
    answer = client.get(f"/api/admin/partners/{bakery}/agreements/{made['id']}/terms.pdf", headers=finance)
    texts = read_pages(answer.data)[0]
    assert "80.00 % of the month's revenue from NPR 1500.00 on" in texts
    assert {"NPR 2000.00", "Bakery", "A"} <= set(texts)
    address = f"/api/partner/agreements/{made['id']}/terms.pdf"
    assert client.get(address, headers=sita.headers).data == answer.data
    assert client.get(address, headers=gita.headers).status_code == 404
    other = venue("Cafe")
    assert client.get(address.replace("partner/", f"admin/partners/{other}/"), headers=finance).status_code == 404
