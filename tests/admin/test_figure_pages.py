"""The console's pages of figures."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.analytics import fold, roll_up
from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from tests.admin.test_console_pages import sign_in
from tests.conftest import PASSWORD
from tests.people import change
from tests.rentals.conftest import Out, cabinets, out, package, renter  # noqa: F401
from tests.stations.conftest import broker, make_station  # noqa: F401

Staff = Callable[[Role], FlaskClient]
PAGES = ("", "/stations", "/week", "/losses", "/people", "/fleet", "/definitions")


@pytest.fixture
def staff(app: Flask, client: FlaskClient) -> Staff:
    def begin(role: Role) -> FlaskClient:
        with app.app_context(), transaction():
            administration.ensure_staff(email=f"{role}@example.com", password=PASSWORD, role=role)
        staff_client = app.test_client()
        sign_in(staff_client, f"{role}@example.com")
        return staff_client

    return begin


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(f"/console/figures{path}")
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<(template|dialog)[^>]*>.*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL))


def test_an_empty_network_says_what_will_stand_there(staff: Staff) -> None:
    finance = staff(Role.FINANCE)
    assert "No figures are made yet" in read(finance, "")
    assert "No station has figures in this time." in read(finance, "/stations")
    assert "No station is in trouble." in read(finance, "/losses")
    assert "Nobody signed up in this time." in read(finance, "/people")
    for page in PAGES:
        read(finance, page)


def test_the_pages_show_what_the_api_says(app: Flask, staff: Staff, out: Out) -> None:  # noqa: F811
    out(price="50.00")
    with app.app_context():
        fold(seconds=30)
        roll_up(now=utcnow())
    finance = staff(Role.FINANCE)
    assert "NPR 50.00 Revenue" in read(finance, "?range=24h")
    assert "NPR 0.00 Revenue" in read(finance, "?city=Nowhere")
    plot = finance.get("/console/figures/plot.json?figures=revenue&range=7d").get_json()
    assert [len(line["values"]) for line in plot["series"]] == [7, 7]
    assert plot["series"][0]["values"][-1] == 50.0
    assert plot["series"][1]["label"] == "the time before"
    assert finance.get("/console/figures/plot.json?figures=nonsense").get_json() == {}
    assert re.search(r"NPR 50.00 1 0", read(finance, "/stations"))
    for figure in ("revenue", "rentals_started", "minutes_empty"):
        read(finance, f"/week?figure={figure}")
        read(finance, f"/stations?by={figure}")
    people = read(finance, "/people?range=30d")
    assert "Rented 1 100 %" in people
    assert "too few to say" in people
    assert "Power banks" in read(finance, "/fleet")
    for view in ("dashboard", "losses", "cohorts"):
        answer = finance.get(f"/console/figures/{view}.csv?range=7d")
        assert answer.content_type.startswith("text/csv")
    assert finance.get("/console/figures/nothing.csv").status_code == 404


def test_what_cannot_be_asked_is_told_beside_its_field(staff: Staff) -> None:
    finance = staff(Role.FINANCE)
    assert "Give both from and to." in read(finance, "?from=2026-01-01")
    assert "There is no such station." in read(finance, "?station_sn=NOWHERE&range=7d")
    assert "Not a valid date." in read(finance, "?from=yesterday&to=2026-01-01")
    read(finance, "?group=century&package_id=1&partner_id=2")


def test_a_station_that_is_empty_is_a_place_where_a_task_pays(app: Flask, staff: Staff, out: Out) -> None:  # noqa: F811
    out(price="50.00")  # its only bank
    with app.app_context():
        fold(seconds=30)
        roll_up(now=utcnow() + timedelta(days=1))
    change(app, "UPDATE station_demand SET rentals = array_fill(2::real, ARRAY[168]), fare = 5000")
    said = read(staff(Role.OPERATIONS), "/losses")
    assert re.search(r"bring power banks NPR 100\.00", said)


def test_who_may_not_see_money_does_not_see_figures(staff: Staff) -> None:
    viewer = staff(Role.VIEWER)
    assert viewer.get("/console/figures").status_code == 403
    assert "/console/figures" not in viewer.get("/console/now").text
