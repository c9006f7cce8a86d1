"""Each partner has a report of each month: made once, kept under its own pages, and mailed to its address."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.analytics import fold, report_to_partners
from powerbank.analytics.reports.models import Length
from powerbank.analytics.reports.periods import Period, last_period
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from tests.papers.reading import read_pages
from tests.partners.conftest import agree, finance, venue  # noqa: F401
from tests.payouts.test_partner_pages import member  # noqa: F401
from tests.people import Headers, Inbox, People, change, rows
from tests.rentals.conftest import Out

Fixture = Callable[..., Any]


@pytest.fixture
def month() -> Period:
    return last_period(Length.MONTH, today=local_day(utcnow()))


@pytest.fixture
def bakery(app: Flask, out: Out, venue: Fixture, agree: Fixture, month: Period) -> str:  # noqa: F811
    """Give a partner, at whose station somebody rented in the month that is over."""
    out(price="50.00")
    made: str = venue()
    agreed = agree(made, "A", starts_on=str(month.first))
    assert agreed.status_code == 201, agreed.text
    with app.app_context():
        fold(seconds=60)
    for table in ("figure_days", "figure_selection_days"):
        change(app, f"UPDATE {table} SET day = :day", day=month.last)
    return made


def test_a_partner_has_its_month_by_mail_and_on_its_pages(
    app: Flask,
    bakery: str,
    month: Period,
    member: Fixture,  # noqa: F811
    venue: Fixture,  # noqa: F811
    inbox: Inbox,
    work: Callable[..., None],
) -> None:
    with app.app_context():
        report_to_partners(now=utcnow())
        report_to_partners(now=utcnow())
    work()
    [report] = rows(app, "SELECT id, mailed_at FROM partner_reports")
    assert report.mailed_at is not None
    titles = [mail.title for mail in inbox.of("email", "bakery@example.com") if "Your stations" in mail.title]
    assert titles == [f"Your stations in {month.name}"]

    owner = member("owner", bakery)
    page = owner.get("/partner/reports").text
    assert month.name in page
    for form in ("pdf", "csv", "xlsx"):
        assert f"/partner/reports/{report.id}.{form}" in page
    lines = owner.get(f"/partner/reports/{report.id}.csv").text.splitlines()
    assert "stations,,revenue,money,50.00,0.00" in lines
    assert "rentals,,rentals_started,count,1,0" in lines
    said = str(read_pages(owner.get(f"/partner/reports/{report.id}.pdf").data))
    assert "Bakery" in said
    assert month.name in said

    other = member("other", venue("Cafe"))
    assert "No report yet." in other.get("/partner/reports").text
    assert other.get(f"/partner/reports/{report.id}.pdf").status_code == 404


@pytest.mark.usefixtures("bakery")
def test_its_people_and_staff_have_it_by_the_api(
    app: Flask,
    client: FlaskClient,
    month: Period,
    people: People,
    venue: Fixture,  # noqa: F811
    finance: Headers,  # noqa: F811
    staff_headers: Callable[..., Headers],
) -> None:
    with app.app_context():
        report_to_partners(now=utcnow())
    [report] = rows(app, "SELECT id, partner_id FROM partner_reports")
    of = {"owner": report.partner_id, "stranger": venue("Cafe"), "leaver": report.partner_id}
    owner, stranger, leaver = (people.join(name, f"{name}@example.com") for name in of)
    for name, partner_id in of.items():
        invite = {"email": f"{name}@example.com", "role": "viewer"}
        made = client.post(f"/api/admin/partners/{partner_id}/members", json=invite, headers=finance)
        assert made.status_code == 201, made.text
    change(app, "DELETE FROM partner_members WHERE address = 'leaver@example.com'")

    [own] = client.get("/api/partner/reports", headers=owner.headers).get_json()["items"]
    assert (own["id"], own["partner_id"], own["period"]) == (str(report.id), str(report.partner_id), month.name)
    assert client.get(f"/api/partner/reports/{report.id}", headers=owner.headers).get_json() == own
    assert sorted(own["files"]) == ["csv", "pdf", "xlsx"]
    for address in own["files"].values():
        file = client.get(address, headers=owner.headers)
        assert (file.status_code, month.name in file.headers["Content-Disposition"]) == (200, True)
        assert client.get(address, headers=stranger.headers).status_code == 404
        assert client.get(address, headers=leaver.headers).status_code == 404
    assert "stations,,revenue,money,50.00,0.00" in client.get(own["files"]["csv"], headers=owner.headers).text
    assert client.get("/api/partner/reports", headers=stranger.headers).get_json()["items"] == []
    assert client.get("/api/partner/reports", headers=leaver.headers).status_code == 403

    listing = f"/api/admin/partners/{report.partner_id}/reports"
    [shown] = client.get(listing, headers=finance).get_json()["items"]
    assert shown["mailed_at"] is None
    assert client.get(shown["files"]["pdf"], headers=finance).data.startswith(b"%PDF")
    assert client.get(f"/api/admin/partners/{venue('Bar')}/reports/{report.id}.pdf", headers=finance).status_code == 404
    assert client.get(f"/api/admin/partners/{report.id}/reports", headers=finance).status_code == 404
    assert client.get(listing, headers=staff_headers("support")).get_json()["items"] == [shown]
    assert client.get(listing, headers=owner.headers).status_code == 401
    [log] = rows(app, "SELECT count(*) AS taken FROM audit_log WHERE action = 'analytics.download_report'")
    assert log.taken == 1


def test_who_had_no_agreement_in_the_month_has_no_report(app: Flask, venue: Fixture, agree: Fixture) -> None:  # noqa: F811
    venue("Cafe")
    with app.app_context():
        report_to_partners(now=utcnow())
    assert rows(app, "SELECT count(*) FROM partner_reports") == [(0,)]
