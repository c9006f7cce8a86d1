"""Reports are made once, kept, taken away in three formats that say the same, and mailed to who wants them."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.analytics import fold, make_regular_report
from powerbank.analytics.reports.models import Length
from powerbank.analytics.reports.periods import last_period, read_period
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import InvalidFieldsError
from tests.people import Headers, Inbox, change, rows
from tests.rentals.conftest import Out

ADDRESS = "/api/admin/analytics/reports"
Staff = Callable[..., Headers]
TODAY = date(2026, 11, 30)  # a Monday


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-11-29", date(2026, 11, 29), date(2026, 11, 29)),
        ("2026-W48", date(2026, 11, 23), date(2026, 11, 29)),
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
    ],
)
def test_a_period_is_read_by_its_name(written: str, first: date, last: date) -> None:
    period = read_period(written, today=TODAY)
    assert (period.first, period.last) == (first, last)
    assert period.name == written


@pytest.mark.parametrize(
    "written", ["2026-11-30", "2026-W49", "2026-11", "2026-13", "2026-W60", "9999-12-31", "x", "0001-01-01"]
)
def test_what_is_not_over_or_no_period_is_refused(written: str) -> None:
    with pytest.raises(InvalidFieldsError):
        read_period(written, today=TODAY)


def test_the_newest_period_is_the_one_before_today() -> None:
    assert last_period(Length.DAY, today=TODAY).name == "2026-11-29"
    assert last_period(Length.WEEK, today=TODAY).name == "2026-W48"
    assert last_period(Length.MONTH, today=TODAY).name == "2026-10"


@pytest.fixture
def yesterday(app: Flask, out: Out) -> str:
    """Give yesterday, on which something was earned."""
    out(price="50.00")
    with app.app_context():
        fold(seconds=30)
    change(app, "UPDATE figure_days SET day = day - 1")
    return str(local_day(utcnow()) - timedelta(days=1))


def make(client: FlaskClient, headers: Headers, work: Callable[..., None], **asked: str) -> dict[str, Any]:
    accepted = client.post(ADDRESS, json=asked, headers=headers)
    assert accepted.status_code == 202, accepted.text
    work("analytics")
    operation = client.get(f"/api/operations/{accepted.get_json()['operation_id']}", headers=headers).get_json()
    assert operation["status"] == "succeeded", operation
    return dict(operation["result"])


def test_a_report_is_made_once_and_says_the_same_in_each_format(
    client: FlaskClient, staff_headers: Staff, work: Callable[..., None], yesterday: str, app: Flask
) -> None:
    headers = staff_headers("finance")
    made = make(client, headers, work, kind="finance", period=yesterday, format="csv")
    change(app, "UPDATE figure_days SET revenue_fares = 7")  # a report stays as it was
    again = make(client, headers, work, kind="finance", period=yesterday, format="pdf")
    assert again["report_id"] == made["report_id"]
    answer = client.get(made["download"], headers=headers)
    assert answer.content_type.startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    totals = {line["figure"]: line["value"] for line in lines if not line["at"]}
    assert totals["revenue"] == "50.00"
    pdf = client.get(again["download"], headers=headers)
    assert pdf.data.startswith(b"%PDF-")
    assert pdf.headers["Content-Disposition"] == f'attachment; filename="finance-{yesterday}.pdf"'
    workbook = client.get(f"{ADDRESS}/{made['report_id']}.xlsx", headers=headers)
    with zipfile.ZipFile(io.BytesIO(workbook.data)) as packed:
        assert "<v>50</v>" in packed.read("xl/worksheets/sheet1.xml").decode()
    [kept] = client.get(ADDRESS, headers=headers).get_json()["items"]
    assert kept["period"] == yesterday
    assert client.get(kept["files"]["pdf"], headers=headers).status_code == 200
    assert client.get(f"{ADDRESS}/{made['report_id']}", headers=headers).get_json() == kept
    assert client.get(f"{ADDRESS}?kind=network", headers=headers).get_json()["items"] == []


@pytest.mark.parametrize("kind", ["operations", "network"])
def test_a_report_of_many_pages_can_be_drawn(
    client: FlaskClient, staff_headers: Staff, work: Callable[..., None], yesterday: str, kind: str
) -> None:
    headers = staff_headers("operations")
    month = str(local_day(utcnow()).replace(day=1) - timedelta(days=1))[:7]
    made = make(client, headers, work, kind=kind, period=month, format="pdf")
    pdf = client.get(made["download"], headers=headers)
    assert pdf.data.count(b"/Type /Page\n") > 1 or pdf.data.count(b"/Type /Page ") > 1
    assert client.get(made["download"].replace(".pdf", ".xlsx"), headers=headers).status_code == 200


def test_a_report_is_mailed_to_who_wants_it(
    app: Flask, client: FlaskClient, staff_headers: Staff, work: Callable[..., None], yesterday: str, inbox: Inbox
) -> None:
    headers = staff_headers("operations")
    wanted = {"items": [{"kind": "operations", "length": "day", "format": "xlsx"}]}
    assert client.put(f"{ADDRESS}/subscriptions", json=wanted, headers=headers).get_json() == wanted
    assert client.get(f"{ADDRESS}/subscriptions", headers=headers).get_json() == wanted
    for _ in range(2):
        with app.app_context(), transaction():
            make_regular_report(kind="operations", length="day")
        work()
    assert len({message.title for message in inbox.of("email")}) == 1
    assert inbox.of("email")[0].title == f"Operations: {yesterday}"
    assert rows(app, "SELECT count(*) FROM reports") == [(1,)]
    client.put(f"{ADDRESS}/subscriptions", json={"items": []}, headers=headers)
    before = len(inbox.of("email"))
    with app.app_context(), transaction():
        make_regular_report(kind="operations", length="day")
    work()
    assert len(inbox.of("email")) == before


def test_who_may_not_see_figures_gets_no_report(client: FlaskClient, staff_headers: Staff) -> None:
    for role in ("viewer", "support"):
        assert client.get(ADDRESS, headers=staff_headers(role)).status_code == 403
    headers = staff_headers("finance")
    for wrong in ({"kind": "gossip"}, {"period": "2030-01"}, {"format": "docx"}):
        body = {"kind": "finance", "period": "2026-10", "format": "pdf"} | wrong
        assert client.post(ADDRESS, json=body, headers=headers).status_code == 422
    missing = "01a22d78-1068-767e-badf-42f9bdb0d71c"
    assert client.get(f"{ADDRESS}/{missing}.pdf", headers=headers).status_code == 404
