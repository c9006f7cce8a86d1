"""What a venue's people see: their stations, earnings and papers, and nothing of those who rent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.analytics import fold
from powerbank.analytics.reports.models import Length
from powerbank.analytics.reports.partner_reports import make_partner_report
from powerbank.analytics.reports.periods import last_period
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from tests.house.walk import routes
from tests.papers.reading import read_pages
from tests.payouts.conftest import boss, earn, open_account, payee, run_payouts  # noqa: F401
from tests.people import Headers, People, Person, rows
from tests.stations.conftest import Make

Fixture = Callable[..., Any]


@pytest.fixture
def join(client: FlaskClient, finance: Headers, people: People) -> Callable[..., Person]:
    """Let somebody belong to a partner: `join("owner_rai", bakery, role="owner")`."""

    def make(name: str, partner_id: str, *, role: str = "owner") -> Person:
        person = people.join(name, f"{name}@example.com")
        invite = {"email": f"{name}@example.com", "role": role}
        answer = client.post(f"/api/admin/partners/{partner_id}/members", json=invite, headers=finance)
        assert answer.status_code == 201, answer.text
        return person

    return make


def test_who_links_an_invited_address_later_belongs_to_the_partner(
    client: FlaskClient, venue: Fixture, people: People, finance: Headers, work: Callable[..., None]
) -> None:
    """The owner wrote to an address that the person's account did not have yet."""
    bakery = venue()
    for invite in (
        {"phone": "+9779812345671", "role": "viewer"},
        {"email": "rai@example.com", "role": "owner"},
        {"email": "rai@elsewhere.example.com", "role": "viewer"},
    ):
        assert client.post(f"/api/admin/partners/{bakery}/members", json=invite, headers=finance).status_code == 201
    rai = people.join("rai")
    assert client.get("/api/partner/me", headers=rai.headers).get_json()["items"] == []
    for address in ("rai@example.com", "rai@elsewhere.example.com"):
        challenge, code = people.ask_code(client, address, "link", rai)
        body = {"challenge_id": challenge, "code": code}
        assert client.post("/api/users/me/identifiers", json=body, headers=rai.headers).status_code == 200
    found = client.get("/api/partner/me", headers=rai.headers).get_json()["items"]
    assert [(each["id"], each["role"]) for each in found] == [(bakery, "owner")]


def test_an_owner_sees_stations_earnings_and_agreements(
    client: FlaskClient, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture, join: Fixture
) -> None:
    make_station("A", charges={1: 90})
    make_station("Z")
    bakery = venue()
    agree(bakery)
    owner = join("owner_rai", bakery)
    rent(price="100.00")
    get = lambda path: client.get(f"/api/partner{path}", headers=owner.headers).get_json()  # noqa: E731
    assert [(each["id"], each["role"]) for each in get("/me")["items"]] == [(bakery, "owner")]
    [station] = get("/stations")["items"]
    assert (station["sn"], station["rentals_today"], station["share_today"]) == ("A", 1, "80.00")
    assert get("/stations/A")["issues"] == []
    assert client.get("/api/partner/stations/Z", headers=owner.headers).status_code == 404, "another one's station"
    assert get("/earnings?group=station")["items"][0]["share"] == "80.00"
    assert len(get("/agreements")["items"]) == 1


def test_an_issue_that_a_venue_reports_is_marked_as_the_venues(
    app: Flask, client: FlaskClient, make_station: Make, venue: Fixture, agree: Fixture, join: Fixture
) -> None:
    make_station("A")
    bakery = venue()
    agree(bakery)
    owner = join("owner_rai", bakery)
    answer = client.post("/api/partner/stations/A/report-issue", json={"issue_type": "other"}, headers=owner.headers)
    assert answer.status_code == 201, answer.text
    [report] = rows(app, "SELECT partner_id, user_id FROM station_issue_reports")
    assert (str(report.partner_id), report.user_id) == (bakery, owner.id)


def test_owners_invite_and_viewers_only_look_on(
    client: FlaskClient, venue: Fixture, join: Fixture, people: People
) -> None:
    bakery = venue()
    owner, viewer = join("owner_rai", bakery), join("viewer_rai", bakery, role="viewer")
    invite = {"phone": "9841000009", "role": "viewer"}
    assert client.post("/api/partner/members", json=invite, headers=viewer.headers).status_code == 403
    invited = client.post("/api/partner/members", json=invite, headers=owner.headers)
    assert invited.status_code == 201
    members = client.get("/api/partner/members", headers=viewer.headers).get_json()["items"]
    assert [each["role"] for each in members] == ["owner", "viewer", "viewer"]
    own = next(each["id"] for each in members if each["role"] == "owner")
    last = client.delete(f"/api/partner/members/{own}", headers=owner.headers)
    assert (last.status_code, last.get_json()["code"]) == (409, "last_owner")
    assert client.delete(f"/api/partner/members/{members[1]['id']}", headers=owner.headers).status_code == 204
    gone = client.get("/api/partner/stations", headers=viewer.headers)
    assert (gone.status_code, gone.get_json()["code"]) == (403, "not_a_partner"), "at once"


def test_who_belongs_to_several_says_which_one(
    client: FlaskClient, venue: Fixture, join: Fixture, finance: Headers
) -> None:
    bakery, cafe = venue(), venue("Cafe")
    owner = join("owner_rai", bakery)
    invite = {"email": "owner_rai@example.com", "role": "viewer"}
    client.post(f"/api/admin/partners/{cafe}/members", json=invite, headers=finance)
    assert client.get("/api/partner/earnings", headers=owner.headers).status_code == 422
    assert client.get(f"/api/partner/earnings?partner_id={cafe}", headers=owner.headers).status_code == 200
    other = venue("Other")
    assert client.get(f"/api/partner/earnings?partner_id={other}", headers=owner.headers).status_code == 404


def test_an_account_that_an_owner_asks_for_is_confirmed_by_staff(
    client: FlaskClient, finance: Headers, venue: Fixture, join: Fixture, work: Callable[..., None], sandbox: Any
) -> None:
    bakery = venue()
    owner, viewer = join("owner_rai", bakery), join("viewer_rai", bakery, role="viewer")
    body = {"kind": "bank", "bank_code": "0401-1", "account_number": "0123456789012", "account_name": "Bakery"}
    assert client.post("/api/partner/payout-account", json=body, headers=viewer.headers).status_code == 403
    asked = client.post("/api/partner/payout-account", json=body, headers=owner.headers)
    assert (asked.status_code, asked.get_json()["account_number"]) == (201, "••••9012")
    work("payments")
    address = f"/api/admin/partners/{bakery}/payout-accounts/{asked.get_json()['id']}/confirm"
    assert client.post(address, json={}, headers=finance).get_json()["status"] == "confirmed"


def test_no_route_of_a_partner_tells_of_those_who_rent(
    app: Flask,
    client: FlaskClient,
    make_station: Make,
    venue: Fixture,
    agree: Fixture,
    rent: Fixture,
    join: Fixture,
    open_account: Fixture,  # noqa: F811
    run_payouts: Fixture,  # noqa: F811
) -> None:
    make_station("A", charges={1: 90})
    bakery = venue()
    agree(bakery)
    owner = join("owner_rai", bakery)
    rider, _ = rent(name="secret_rider", price="1000.00", wallet="2000.00")
    open_account(bakery)
    run_payouts()
    [payout] = client.get("/api/partner/payouts", headers=owner.headers).get_json()["items"]
    phone = rows(app, "SELECT value FROM user_identifiers WHERE user_id = :id", id=rider.id)[0].value
    [statement] = client.get("/api/partner/statements", headers=owner.headers).get_json()["items"]
    [agreement] = client.get("/api/partner/agreements", headers=owner.headers).get_json()["items"]
    values = {"sn": "A", "payout_id": payout["payout_id"], "statement_id": statement["id"]}
    values["agreement_id"] = agreement["id"]
    in_next_month = local_day(utcnow()).replace(day=28) + timedelta(days=4)
    this_month = last_period(Length.MONTH, today=in_next_month)
    with app.app_context():
        fold(seconds=60)
        with transaction():
            make_partner_report(UUID(bakery), this_month, now=utcnow())
    [report] = client.get("/api/partner/reports", headers=owner.headers).get_json()["items"]
    assert "1000.00" in client.get(report["files"]["csv"], headers=owner.headers).text
    values |= {"report_id": report["id"], "format_": "pdf"}
    asked = 0
    for route in routes(app):
        if not route.rule.rule.startswith("/api/partner/") or route.method != "GET":
            continue
        answer = client.get(route.address({name: values[name] for name in route.names}), headers=owner.headers)
        assert answer.status_code == 200, (route, answer.text)
        said = str(read_pages(answer.data)) if answer.mimetype == "application/pdf" else answer.text
        for secret in ("secret_rider", phone, phone[-8:], str(rider.id)):
            assert secret not in said, route
        asked += 1
    assert asked >= 10
    assert "1000.00" in client.get(f"/api/partner/payouts/{payout['payout_id']}", headers=owner.headers).text
    assert client.get("/api/partner/payouts", headers=rider.headers).status_code == 403
