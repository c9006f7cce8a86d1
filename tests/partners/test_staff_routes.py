"""Staff keep partners, their members and their agreements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.users import lifecycle
from tests.databases import execute
from tests.partners.conftest import SHARE
from tests.people import Headers, People, change, rows
from tests.stations.conftest import Make

Fixture = Callable[..., Any]


def test_partners_are_made_changed_and_found(
    client: FlaskClient, finance: Headers, staff_headers: Fixture, venue: Fixture
) -> None:
    chain = venue("Chain", kind="franchise")
    bakery = venue("Bakery", parent_id=chain, pan="301234567", contact="+977 9841234567")
    found = client.get(f"/api/admin/partners/{bakery}", headers=finance).get_json()
    assert (found["parent_id"], found["pan"], found["contact"]) == (chain, "301234567", {"phone": "+9779841234567"})
    assert (found["payable"], found["stations"]) == ("0.00", 0)
    changed = client.patch(f"/api/admin/partners/{bakery}", json={"vat_registered": True}, headers=finance)
    assert (changed.get_json()["vat_registered"], changed.get_json()["name"]) == (True, "Bakery")
    listed = client.get("/api/admin/partners?q=bak", headers=staff_headers("viewer")).get_json()["items"]
    assert [each["id"] for each in listed] == [bakery]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "shop"}, "kind"),
        ({"pan": "12"}, "pan"),
        ({"parent_id": "01900000-0000-7000-8000-000000000001"}, "parent_id"),
        ({"contact": {"email": "nobody"}}, "contact.email"),
        ({"contact": {"fax": "1"}}, "contact"),
    ],
)
def test_partners_that_cannot_be_are_refused(
    client: FlaskClient, finance: Headers, body: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/admin/partners", json={"name": "Bakery", "kind": "venue"} | body, headers=finance)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_members_are_invited_join_and_lose_their_access_at_once(
    app: Flask, client: FlaskClient, finance: Headers, venue: Fixture, people: People
) -> None:
    bakery = venue()
    sita = people.join("sita", "9841000001")
    invite = lambda **body: client.post(f"/api/admin/partners/{bakery}/members", json=body, headers=finance)  # noqa: E731
    joined = invite(phone="9841000001", role="owner")
    assert (joined.status_code, joined.get_json()["joined"], joined.get_json()["user_id"]) == (201, True, str(sita.id))
    assert joined.get_json()["address"] == "+977••••••0001"
    waiting = invite(email="gita@example.com", role="viewer").get_json()
    assert waiting["joined"] is False
    assert invite(phone="9841000001", role="viewer").status_code == 409
    assert invite(phone="9841000001", email="x@example.com").status_code == 422
    gita = people.join("gita", "gita@example.com")
    with app.app_context(), transaction():
        lifecycle.complete_registration(gita.id)
    members = client.get(f"/api/admin/partners/{bakery}/members", headers=finance).get_json()
    assert [each["user_id"] for each in members] == [str(sita.id), str(gita.id)]
    gone = client.delete(f"/api/admin/partners/{bakery}/members/{waiting['id']}", headers=finance)
    assert gone.status_code == 204
    with app.app_context(), transaction():
        lifecycle.end_account(sita.id, now=utcnow())
    assert client.get(f"/api/admin/partners/{bakery}/members", headers=finance).get_json() == []


def test_an_agreement_is_kept_as_it_was_signed(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    make_station: Make,
    venue: Fixture,
    agree: Fixture,
    environment: dict[str, str],
) -> None:
    make_station("A")
    bakery = venue()
    made = agree(bakery, terms={"kind": "share"})
    assert made.status_code == 201, made.text
    found = made.get_json()
    assert found["terms"] == SHARE, "the network's share is written down, so that a later change of it changes nothing"
    assert (found["ends_on"], found["station_sns"], found["withheld_tax_percent"]) == (None, ["A"], "15.00")
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('partner_share_percent', '10', 'test')")
    [listed] = client.get(f"/api/admin/partners/{bakery}/agreements", headers=finance).get_json()["items"]
    assert listed == found
    [station] = rows(app, "SELECT partner_id FROM stations")
    assert str(station.partner_id) == bakery, "the station shows its partner"
    owner = environment["DATABASE_OWNER_URL"]
    for statement in (
        "UPDATE partner_agreements SET terms = '{}'",
        "UPDATE partner_agreements SET last_day = last_day, starts_on = starts_on - 1",
        "DELETE FROM partner_agreement_stations",
        "DELETE FROM partner_agreements",
    ):
        with pytest.raises(Exception, match=r"does not change|append-only"):
            execute(owner, statement)


def test_a_day_of_a_station_belongs_to_one_agreement(
    client: FlaskClient, finance: Headers, make_station: Make, venue: Fixture, agree: Fixture
) -> None:
    make_station("A")
    make_station("B")
    bakery, cafe, today = venue(), venue("Cafe"), local_day(utcnow())
    first = agree(bakery, "A", ends_on=str(today + timedelta(days=10))).get_json()
    overlapping = agree(cafe, "B", "A", starts_on=str(today + timedelta(days=10)))
    assert (overlapping.status_code, overlapping.get_json()["code"]) == (409, "agreement_overlaps")
    assert agree(cafe, "B").status_code == 201, "nothing of the refused one is there"
    end = f"/api/admin/partners/{bakery}/agreements/{first['id']}/end"
    ended = client.post(end, json={"ends_on": str(today)}, headers=finance)
    assert (ended.status_code, ended.get_json()["ends_on"]) == (200, str(today))
    assert agree(cafe, "A", starts_on=str(today + timedelta(days=1))).status_code == 201
    later = client.post(end, json={"ends_on": str(today + timedelta(days=5))}, headers=finance)
    assert (later.status_code, later.get_json()["code"]) == (409, "agreement_ends_before")
    past = client.post(end, json={"ends_on": str(today - timedelta(days=2))}, headers=finance)
    assert past.status_code == 422
    other = client.post(end.replace(bakery, cafe), json={"ends_on": str(today)}, headers=finance)
    assert other.status_code == 404


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"kind": "share", "percent": "100.01"}, "at most 100.00"),
        ({"kind": "share", "percent": 80}, "Not a valid string"),
        ({"kind": "share", "percent": "90.00", "franchise_percent": "10.01"}, "together get at most 100"),
        ({"kind": "share", "percent": "50.00", "franchise_percent": "10.00"}, "belongs to no franchise"),
        ({"kind": "tiers"}, "Missing data"),
        ({"kind": "tiers", "tiers": [{"from": "1.00", "percent": "5.00"}]}, "begins at 0.00"),
        ({"kind": "rent", "percent": "5.00", "amount_per_month": "1.00"}, "Does not go together"),
        ({"kind": "rent", "amount_per_month": "-1.00"}, "Must be at least"),
    ],
)
def test_terms_that_cannot_be_are_refused(
    app: Flask, make_station: Make, venue: Fixture, agree: Fixture, terms: dict[str, Any], message: str
) -> None:
    make_station("A")
    answer = agree(venue(), terms=terms)
    assert answer.status_code == 422
    assert message in answer.text
    assert rows(app, "SELECT 1 FROM partner_agreements") == []


def test_dates_and_stations_that_cannot_be_are_refused(make_station: Make, venue: Fixture, agree: Fixture) -> None:
    make_station("A")
    bakery = venue()
    assert "not be before" in agree(bakery, starts_on="2026-02-01", ends_on="2026-01-31").text
    assert "There is no station Z." in agree(bakery, "A", "Z").text


def test_only_finance_may_change_partners(client: FlaskClient, staff_headers: Fixture, venue: Fixture) -> None:
    bakery = venue()
    viewer = staff_headers("viewer")
    assert client.get(f"/api/admin/partners/{bakery}", headers=viewer).status_code == 200
    for method, path in (("POST", ""), ("PATCH", f"/{bakery}"), ("POST", f"/{bakery}/agreements")):
        answer = client.open(f"/api/admin/partners{path}", method=method, json={}, headers=viewer)
        assert answer.status_code == 403


def test_earnings_and_a_preview_say_the_same_of_what_was_earned(
    app: Flask, client: FlaskClient, finance: Headers, make_station: Make, venue: Fixture, agree: Fixture, rent: Fixture
) -> None:
    make_station("A", charges={1: 90})
    bakery = venue()
    agree(bakery)
    _, rental_id = rent(price="100.00")
    address = f"/api/admin/partners/{bakery}/earnings"
    by_day = client.get(address, headers=finance).get_json()
    figures = {
        "gross": "100.00",
        "tax": "0.00",
        "share": "80.00",
        "deductions": "12.00",
        "earned": "68.00",
        "rentals": 1,
    }
    assert by_day["totals"] == figures
    assert by_day["items"] == [figures | {"day": str(local_day(utcnow()))}]
    assert (by_day["payable"], by_day["paid"]) == ("68.00", "0.00")
    [by_station] = client.get(f"{address}?group=station", headers=finance).get_json()["items"]
    assert (by_station["station_sn"], by_station["share"]) == ("A", "80.00")
    nothing = client.get(f"{address}?from=2020-01-01&to=2020-01-31", headers=finance).get_json()
    assert (nothing["items"], nothing["totals"]["gross"]) == ([], "0.00")
    exported = client.get(f"/api/admin/partners/{bakery}/accruals.csv", headers=finance).text
    assert f",{rental_id},,100.00,0.00,80.00,12.00,68.00" in exported


def test_preview_says_what_terms_would_have_paid_for_a_month(
    client: FlaskClient,
    finance: Headers,
    make_station: Make,
    venue: Fixture,
    rent: Fixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_station("A", charges={1: 90})
    rent(price="100.00")
    terms = {"kind": "share", "percent": "50.00", "minimum_per_month": "200.00"}
    ask = {"station_sns": ["A"], "terms": terms}
    address = f"/api/admin/partners/{venue()}/agreements/preview"
    empty = client.post(address, json=ask, headers=finance).get_json()
    assert (empty["rentals"], empty["guarantee"], empty["payable"]) == (0, "200.00", "170.00")
    running = client.post(address, json=ask | {"month": str(local_day(utcnow()))}, headers=finance)
    assert (running.status_code, "not over" in running.text) == (422, True)
    this_month = local_day(utcnow()).replace(day=1)
    monkeypatch.setattr("powerbank.partners.staff_routes.utcnow", lambda: utcnow() + timedelta(days=32))
    found = client.post(address, json=ask | {"month": str(this_month)}, headers=finance).get_json()
    assert (found["rentals"], found["gross"], found["share"]) == (1, "100.00", "50.00")
    assert (found["guarantee"], found["withheld"], found["payable"]) == ("150.00", "30.00", "170.00")
