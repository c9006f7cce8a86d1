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
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from tests.admin.test_console_pages import sign_in
from tests.conftest import PASSWORD
from tests.people import change
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, cabinets, out, package, renter  # noqa: F401
from tests.stations.conftest import Make, broker, make_station  # noqa: F401

Staff = Callable[[Role], FlaskClient]
PAGES = ("", "/stations", "/week", "/losses", "/people", "/fleet", "/returns", "/definitions")


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


def test_each_plot_is_a_csv_of_what_it_draws(app: Flask, staff: Staff, out: Out) -> None:  # noqa: F811
    out(price="50.00")
    with app.app_context():
        fold(seconds=30)
    finance = staff(Role.FINANCE)
    lines = finance.get("/console/figures/plot.csv?figures=revenue,rentals_started&range=7d").text.splitlines()
    assert lines[0] == "at,revenue,rentals_started"
    assert (len(lines), lines[-1].split(",")[1:]) == (8, ["50.00", "1"])
    assert finance.get("/console/figures/losses-plot.csv?range=7d").text.startswith("at,lost,lost_empty")
    assert "plot.csv?figures=revenue&amp;range=30d" in finance.get("/console/figures?range=30d").text


def test_the_ways_of_power_banks_stand_in_a_matrix(
    app: Flask,
    staff: Staff,
    out: Out,  # noqa: F811
    cabinets: Cabinets,  # noqa: F811
) -> None:
    out(ago=20)
    cabinets.take_back("A-1")
    with app.app_context():
        fold(seconds=30)
    finance = staff(Role.FINANCE)
    assert re.search(r"Taken at ↓ returned at → A .+ A 1 The busiest ways", read(finance, "/returns"))
    assert "the same station" in read(finance, "/returns")
    assert "Nothing was returned in this time." in read(finance, "/returns?city=Nowhere")
    lines = finance.get("/console/figures/returns?format=csv").text.splitlines()
    assert lines == ["taken_at,returned_at,returns", "A,A,1"]


def test_what_was_lost_is_shown_by_the_part_of_the_map(app: Flask, staff: Staff, make_station: Make) -> None:  # noqa: F811
    for sn, lat, lng in (("A", 27.70, 85.30), ("B", 27.7001, 85.3001), ("C", 28.2, 83.9)):
        make_station(sn, lat=lat, lng=lng)
    change(
        app,
        """INSERT INTO station_losses (station_id, at, lost_empty)
           SELECT id, now() - interval '1 hour', 5000 FROM stations""",
    )
    finance = staff(Role.FINANCE)
    address = "/console/figures/losses-map.json?range=7d"
    all_of_it = finance.get(f"{address}&west=80&south=26&east=89&north=31").get_json()
    assert [(each["stations"], each["lost"]) for each in all_of_it] == [(2, 10_000), (1, 5_000)]
    assert all_of_it[1]["sn"] == "C"
    assert all_of_it[0]["shown"] == "NPR 100.00"
    near = finance.get(f"{address}&west=85.299&south=27.699&east=85.301&north=27.701").get_json()
    assert sorted(each["sn"] for each in near) == ["A", "B"]
    for wrong in (
        "",
        "&west=1&south=2&east=3",
        "&west=east&south=2&east=3&north=4",
        "&west=999&south=2&east=3&north=4",
    ):
        assert finance.get(f"{address}{wrong}").status_code == 422, wrong


def test_staff_have_days_made_again_and_see_how_far_it_is(staff: Staff, work: Callable[..., None]) -> None:
    operations = staff(Role.OPERATIONS)
    page = operations.get("/console/figures/again").text
    hidden = dict(re.findall(r'name="(csrf_token|once)" value="([^"]+)"', page))
    today = local_day(utcnow())
    wrong = operations.post("/console/figures/again", data=hidden | {"from": str(today), "to": "2020-01-01"})
    assert "Not after the last day" in operations.get(wrong.location).text
    hidden = dict(
        re.findall(r'name="(csrf_token|once)" value="([^"]+)"', operations.get("/console/figures/again").text)
    )
    days = {"from": str(today - timedelta(days=2)), "to": str(today)}
    sent = operations.post("/console/figures/again", data=hidden | days)
    assert sent.status_code == 302
    assert "0 of 3" in operations.get(sent.location).text
    work("analytics")
    done = operations.get(sent.location).text
    assert "3 of 3" in done
    assert "Make figures again" in done


def test_holidays_are_kept_by_staff(staff: Staff) -> None:
    finance = staff(Role.FINANCE)
    page = finance.get("/console/growth/holidays/new").text
    hidden = dict(re.findall(r'name="(csrf_token|once)" value="([^"]+)"', page))
    day = {"day": "2027-01-15", "name": "Maghe Sankranti", "name_ne": "माघे सङ्क्रान्ति", "like_weekday": "7"}
    made = finance.post("/console/growth/holidays/new", data=hidden | day)
    assert made.status_code == 302
    assert 'value="Maghe Sankranti"' in finance.get(made.location).text
    page = finance.get("/console/growth/holidays").text
    assert "Maghe Sankranti" in page
    assert "Sunday" in page
    assert re.findall(r'<a href="(/console/[a-z]+)" aria-current="page"', page) == ["/console/figures"]
    assert staff(Role.VIEWER).get("/console/growth/holidays").status_code == 403


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
