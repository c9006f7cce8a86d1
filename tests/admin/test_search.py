"""One search finds everything that the role may read, by its beginning."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.admin.search import finders
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.payments.topups import services as topups
from powerbank.promotions import services as promotions
from tests.admin.console.conftest import Member, console  # noqa: F401
from tests.admin.steps import StaffHeaders
from tests.people import People, change, rows
from tests.rentals import rentals_in_states

Console = Callable[..., Member]
SEARCH = "/api/admin/search"


@pytest.fixture
def network(app: Flask, people: People) -> dict[str, Any]:
    """Make one thing of each kind."""
    sita = people.join("sita").id
    with app.app_context():
        rental_id = rentals_in_states.active(sita)
        with transaction():
            coupon = promotions.create_coupon(name="Dashain", code="DASHAIN-24", kind="percent", value=20)
            intent = topups.begin_topup(user_id=sita, gateway="khalti", charged=5000, currency="NPR", now=utcnow())
        intent_id, coupon_id = intent.id, coupon.id
    change(app, "UPDATE users SET first_name = 'Sita', last_name = 'Sharma'")
    change(app, "UPDATE payment_intents SET reference = 'HT6o6PEZRWFJ5ygavzHWd5', status = 'ready'")
    ((code, phone),) = rows(app, "SELECT code, value FROM rentals, user_identifiers WHERE kind = 'phone'")
    return {"person": sita, "rental": rental_id, "topup": intent_id, "coupon": coupon_id, "code": code, "phone": phone}


@pytest.fixture
def find(client: FlaskClient, staff_headers: StaffHeaders) -> Callable[..., list[tuple[str, str]]]:
    signed_in: dict[str, dict[str, str]] = {}

    def ask(q: str, role: str = "superadmin") -> list[tuple[str, str]]:
        if role not in signed_in:
            signed_in[role] = staff_headers(role)
        answer = client.get(SEARCH, query_string={"q": q}, headers=signed_in[role])
        assert answer.status_code == 200, answer.text
        return [(each["kind"], each["id"]) for each in answer.get_json()["items"]]

    return ask


Find = Callable[..., list[tuple[str, str]]]


def test_each_kind_is_found_by_what_people_call_it(network: dict[str, Any], find: Find) -> None:
    person, rental = ("person", str(network["person"])), ("rental", str(network["rental"]))
    for q in ("sita", "Sita Sh", "sharma", network["phone"], network["phone"].removeprefix("+977")[:5], str(person[1])):
        assert person in find(q), q
    for q in (network["code"], network["code"][:4].lower(), str(network["rental"])):
        assert find(q) == [rental], q
    assert ("power_bank", "A-1") in find("a-1")
    assert ("station", "A") in find("thamel")
    for q in ("HT6o6PEZRWFJ5ygavzHWd5", str(network["topup"])):
        assert find(q) == [("topup", str(network["topup"]))]
    for q in ("dash", "DASHAIN-24"):
        assert find(q) == [("coupon", str(network["coupon"]))]


@pytest.mark.parametrize("q", ["%%", "__", "  x", "\\\\", "(((", "॥॥", "R%", "' OR", "HT6o6PEZ", "nobody"])
def test_what_begins_nothing_finds_nothing(network: dict[str, Any], find: Find, q: str) -> None:
    assert find(q) == []


@pytest.mark.parametrize("q", ["", "x", "y" * 101])
def test_too_short_and_too_long_is_refused(client: FlaskClient, staff_headers: StaffHeaders, q: str) -> None:
    assert client.get(SEARCH, query_string={"q": q}, headers=staff_headers()).status_code == 422


def test_each_role_finds_what_it_may_read(network: dict[str, Any], find: Find) -> None:
    assert find("HT6o6PEZRWFJ5ygavzHWd5", "viewer") == []
    assert find(network["phone"], "viewer") == []
    assert find("sita", "viewer") == [("person", str(network["person"]))]


def test_a_person_is_shown_without_contact_data(
    client: FlaskClient, staff_headers: StaffHeaders, network: dict[str, Any]
) -> None:
    (hit,) = client.get(f"{SEARCH}?q=sita", headers=staff_headers()).get_json()["items"]
    assert hit["about"].startswith("Sita Sharma · +977******")


def test_codes_of_rentals_sort_as_the_search_expects() -> None:
    assert [*finders.CODE_ALPHABET] == sorted(finders.CODE_ALPHABET)


def test_what_was_opened_lately_is_offered_again(
    app: Flask,
    network: dict[str, Any],
    console: Console,  # noqa: F811
) -> None:
    asha = console("support", "asha")
    assert "What you open stands here the next time." in asha.read("/console/search")
    rental, person = f"/console/rentals/{network['rental']}", f"/console/people/{network['person']}"
    for path in (rental, person, rental, f"/console/rentals/{new_id()}"):
        asha.open(path)
    shown = asha.read("/console/search")
    assert shown.index(rental) < shown.index(person)
    assert shown.count(f'href="{rental}"') == 1
    assert rental not in console("support", "binod").read("/console/search")
    change(app, "UPDATE staff SET role = 'viewer' WHERE email = 'asha@example.com'")
    assert rental in asha.read("/console/search")


def test_the_page_of_the_search_shows_what_it_found(
    network: dict[str, Any],
    console: Console,  # noqa: F811
) -> None:
    asha = console("support", "asha")
    assert f"/console/people/{network['person']}" in asha.read("/console/search?q=sharma")
    assert "Two letters at least." in asha.read("/console/search?q=s")
    assert "Nothing begins with that." in asha.read("/console/search?q=nobody")
