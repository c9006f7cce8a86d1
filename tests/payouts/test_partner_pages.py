"""The pages of a venue's people: what they see and do, and that nothing of those who rent is on any of them."""

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.analytics.reports import partner_reports
from powerbank.analytics.reports.models import Length
from powerbank.analytics.reports.periods import last_period
from powerbank.auth.pages.session import COOKIE
from powerbank.auth.people import sessions
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.users.models import User
from tests.admin.console.conftest import hidden_fields
from tests.house.walk import routes
from tests.papers.reading import read_pages
from tests.people import Headers, People, Person, rows
from tests.pictures import samples
from tests.stations.conftest import Make

Fixture = Callable[..., Any]


def sign_in_at_pages(app: Flask, person: Person) -> str:
    """Sign a person in as `/sign-in` does, and return what the cookie holds."""
    with app.app_context(), transaction() as session:
        return sessions.begin_session(session.get_one(User, person.id), user_agent="test").refresh_token


@pytest.fixture
def member(app: Flask, client: FlaskClient, finance: Headers, people: People) -> Callable[..., FlaskClient]:
    """Let somebody belong to partners, and give the browser in which they have signed in."""

    def enter(name: str, *partner_ids: str, role: str = "owner") -> FlaskClient:
        person = people.join(name, f"{name}@example.com")
        for partner_id in partner_ids:
            invite = {"email": f"{name}@example.com", "role": role}
            client.post(f"/api/admin/partners/{partner_id}/members", json=invite, headers=finance)
        browser = app.test_client()
        browser.set_cookie(COOKIE, sign_in_at_pages(app, person))
        return browser

    return enter


def send(browser: FlaskClient, page: str, action: str, **fields: Any) -> TestResponse:
    """Send the form of a page that leads to `action`."""
    shown = browser.get(page).text
    form = next(each for each in re.findall(r"<form.*?</form>", shown, re.DOTALL) if f'action="{action}"' in each)
    return browser.post(action, data=hidden_fields(form) | fields, follow_redirects=True)


@pytest.mark.usefixtures("no_tax")
def test_no_page_of_a_partner_tells_of_those_who_rent(
    app: Flask,
    make_station: Make,
    venue: Fixture,
    agree: Fixture,
    rent: Fixture,
    member: Fixture,
    open_account: Fixture,
    run_payouts: Fixture,
) -> None:
    make_station("A", charges={1: 90})
    bakery = venue()
    agree(bakery)
    owner = member("owner_rai", bakery)
    rider, _ = rent(name="secret_rider", price="1000.00", wallet="2000.00")
    open_account(bakery)
    run_payouts()
    [statement] = rows(app, "SELECT id FROM payout_statements")
    [agreement] = rows(app, "SELECT id FROM partner_agreements")
    [phone] = rows(app, "SELECT value FROM user_identifiers WHERE user_id = :id", id=rider.id)
    picture = (io.BytesIO(samples.jpeg()), "cabinet.jpg")
    send(owner, "/partner/support", "/partner/support", text="It is dark", station="A", photo=picture)
    [written] = rows(app, "SELECT conversation_id, id FROM support_messages")
    values = {"sn": "A", "statement_id": statement.id, "agreement_id": agreement.id, "form": "json"}
    values |= {"conversation_id": written.conversation_id, "message_id": written.id}
    with app.app_context(), transaction() as session:
        month = last_period(Length.MONTH, today=local_day(utcnow()))
        partner_reports.make_partner_report(UUID(bakery), month, now=utcnow())
        report_id = session.execute(text("SELECT id FROM partner_reports")).scalar_one()
    values |= {"report_id": report_id, "format_": "pdf"}
    asked = []
    for route in routes(app, "/partner/"):
        if route.method != "GET":
            continue
        answer = owner.get(route.address({name: values[name] for name in route.names}))
        assert answer.status_code == 200, (route, answer.text)
        if answer.mimetype == "image/jpeg":
            continue
        said = str(read_pages(answer.data)) if answer.mimetype == "application/pdf" else unescape(answer.text)
        for secret in ("secret_rider", phone.value, phone.value[-8:], str(rider.id)):
            assert secret not in said, route
        asked.append(route.rule.rule)
    assert len(asked) >= 10
    assert "800.00" in owner.get("/partner/").text
    assert "S0000001" in owner.get("/partner/statements").text
    assert [each["values"][-1] for each in owner.get("/partner/earnings.json").get_json()["series"]] == [1000.0, 800.0]


def test_whoever_leaves_sees_nothing_more_with_the_next_request(
    app: Flask, client: FlaskClient, finance: Headers, venue: Fixture, member: Fixture
) -> None:
    bakery = venue()
    viewer = member("viewer_rai", bakery, role="viewer")
    assert viewer.get("/partner/").status_code == 200
    [row] = rows(app, "SELECT id FROM partner_members")
    assert client.delete(f"/api/admin/partners/{bakery}/members/{row.id}", headers=finance).status_code == 204
    for page in ("/partner/", "/partner/earnings.json", "/partner/statements"):
        assert viewer.get(page).status_code == 403


def test_owners_invite_and_choose_the_account_and_viewers_only_look(
    app: Flask, venue: Fixture, member: Fixture
) -> None:
    bakery = venue()
    owner, viewer = member("owner_rai", bakery), member("viewer_rai", bakery, role="viewer")
    page = "/partner/members"
    assert "Invited." in send(owner, page, page, address="9841777001", role="viewer").text
    asked = {"kind": "bank", "bank_code": "0401-1", "account_number": "0123456789012", "account_name": "Bakery"}
    told = send(owner, "/partner/account", "/partner/account", **asked).text
    assert "Asked for." in told
    assert "••••9012" in told
    assert "0123456789012" not in told
    assert rows(app, "SELECT status FROM payout_accounts") == [("requested",)]
    for closed in (page, "/partner/account"):
        shown = viewer.get(closed)
        assert "<form" not in shown.text.split('id="main"')[1]
        form = hidden_fields(owner.get(closed).text) | {"csrf_token": hidden_fields(shown.text)["csrf_token"]}
        assert viewer.post(closed, data=form | asked | {"address": "9841777002", "role": "owner"}).status_code == 403
    [invited] = rows(app, "SELECT id FROM partner_members WHERE user_id IS NULL")
    assert "The membership has ended." in send(owner, page, f"{page}/{invited.id}/remove").text
    [self_] = rows(app, "SELECT id FROM partner_members WHERE role = 'owner'")
    assert "A partner keeps at least one owner." in send(owner, page, f"{page}/{self_.id}/remove").text


def test_an_issue_is_reported_as_the_venues(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, member: Fixture
) -> None:
    make_station("A")
    make_station("Z", imei="Z")
    bakery = venue()
    agree(bakery)
    owner = member("owner_rai", bakery)
    page = "/partner/stations/A"
    told = send(owner, page, f"{page}/report", issue_type="other", description="It smells of smoke.").text
    assert "Thank you." in told
    [report] = rows(app, "SELECT partner_id FROM station_issue_reports")
    assert str(report.partner_id) == bakery
    assert owner.get("/partner/stations/Z").status_code == 404, "another one's station"


def test_somebody_of_two_partners_chooses_and_of_none_is_refused(venue: Fixture, member: Fixture) -> None:
    bakery, cafe = venue("Bakery"), venue("Cafe")
    both = member("owner_rai", bakery, cafe)
    assert "Bakery</a>" in both.get("/partner/").text
    assert "Cafe</a>" in send(both, "/partner/", "/partner/choose", partner_id=cafe).text
    assert "Cafe</a>" in both.get("/partner/stations").text
    stranger = member("stranger_rai")
    assert stranger.get("/partner/").status_code == 403
    other = venue("Hotel")
    form = hidden_fields(both.get("/partner/").text)
    assert both.post("/partner/choose", data=form | {"partner_id": other}).status_code == 404
