"""What staff read of figures: they follow what happened, and say the same as the ledger and the rentals."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.analytics.figures.figure import Derived, Figure
from powerbank.analytics.figures.registry import ALL_FIGURES, KEPT, VIEWS
from powerbank.analytics.models import FigureDay
from powerbank.analytics.routes import VIEWS as ROUTES
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from tests.analytics.conftest import Fold
from tests.people import Headers, change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Packages
from tests.stations.conftest import Make

Staff = Callable[..., Headers]
ADDRESS = "/api/admin/analytics"


@pytest.fixture
def read(client: FlaskClient, staff_headers: Staff) -> Callable[..., Any]:
    headers = staff_headers("finance")

    def get(path: str, status: int = 200, **more: str) -> Any:
        answer = client.get(f"{ADDRESS}/{path}", headers=headers | more)
        assert answer.status_code == status, answer.text
        return answer if path.split("?", maxsplit=1)[0].endswith(".csv") or status == 304 else answer.get_json()

    return get


Read = Callable[..., Any]


def test_every_kept_figure_has_its_column_and_every_column_its_figure() -> None:
    columns = {column.name for column in FigureDay.__table__.columns} - {"day", "station_id", "package_id"}
    assert {figure.name for figure in KEPT} == columns
    for figure in ALL_FIGURES.values():
        assert all(figure.title), figure.name
        assert all(figure.meaning), figure.name
        if isinstance(figure, Derived):
            assert {*figure.made_of} <= columns, figure.name


def test_an_empty_network_is_all_zeros(read: Read) -> None:
    for view in ROUTES:
        answer = read(f"{view}?range=24h")
        assert answer["as_of"] is None
    assert read("dashboard?range=7d")["totals"]["revenue"] == "0.00"
    assert len(read("dashboard?range=7d")["series"]) == 7
    assert len(read("dashboard?range=24h")["series"]) == 24


def test_figures_follow_a_rental_from_its_start_to_its_end(
    app: Flask, read: Read, folded: Fold, out: Out, cabinets: Cabinets, package: Packages
) -> None:
    sita, _ = out(ago=20, price="50.00", wallet="60.00")
    assert sita.initiate(package(price="80.00"), sn="A").status_code == 409
    folded()
    answer = read("dashboard?range=24h")
    assert answer["totals"] | {"revenue": "50.00", "rentals_started": 1, "refused_value": "80.00"} == answer["totals"]
    assert answer["totals"]["topped_up"] == "60.00"
    assert answer["totals"]["sign_ups"] == 1
    assert answer["previous"]["revenue"] == "0.00"
    assert answer["totals"]["on_time_percent"] is None, "nothing came back yet"
    assert sum(piece["rentals_started"] for piece in answer["series"]) == 1
    [top] = answer["top"]
    assert top["station"]["sn"] == "A"
    assert top["revenue"] == "50.00"

    cabinets.take_back("A-1")
    folded()
    totals = read("rentals?range=24h")["totals"]
    assert totals["rentals_completed"] == totals["rentals_on_time"] == totals["returns"] == 1
    assert totals["minutes_per_rental"] == pytest.approx(20, abs=1)
    assert read("rentals?range=24h")["top"][0]["package"]["name"] == "One hour"


def test_a_filter_shows_the_figures_of_a_station_a_town_or_a_package(
    app: Flask, read: Read, folded: Fold, out: Out, make_station: Make, package: Packages
) -> None:
    out(price="50.00")
    make_station("B")
    folded()
    [[bought]] = rows(app, "SELECT package_id FROM rentals")
    [[city]] = rows(app, "SELECT city FROM stations WHERE sn = 'A'")
    for filter_, revenue in (
        ("station_sn=A", "50.00"),
        ("station_sn=B", "0.00"),
        (f"city={city.upper()}", "50.00"),
        ("city=Elsewhere", "0.00"),
        (f"package_id={bought}", "50.00"),
        (f"package_id={package()}", "0.00"),
        (f"station_sn=A&package_id={bought}", "50.00"),
    ):
        for view in ("dashboard", "revenue"):
            answer = read(f"{view}?range=7d&{filter_}")
            assert answer["totals"]["revenue"] == revenue, filter_
            assert "topped_up" not in answer["totals"], "nobody tops up at a station"
    assert "refused_starts" not in read(f"dashboard?package_id={bought}")["totals"]
    read("dashboard?station_sn=NOWHERE", status=404)


def test_the_stations_that_earned_most_are_known_before_anybody_asks(
    app: Flask, read: Read, folded: Fold, out: Out, make_station: Make
) -> None:
    out(price="50.00")
    make_station("B")
    folded()
    [[bought, city]] = rows(app, "SELECT package_id, city FROM rentals JOIN stations ON sn = 'A'")
    for days in ("24h", "7d", "30d", "90d"):
        for filter_ in ("", f"&package_id={bought}", f"&city={city}", f"&city={city}&package_id={bought}"):
            top = read(f"dashboard?range={days}{filter_}")["top"]
            assert list_earners(top) == [("A", "50.00")], days + filter_
    selections = rows(app, "SELECT DISTINCT selection FROM figure_leaders ORDER BY selection")
    assert selections == [("",), (f"city:{city.lower()}",)]
    change(app, "UPDATE figure_leaders SET station_id = (SELECT id FROM stations WHERE sn = 'B')")
    assert list_earners(read("dashboard?range=7d")["top"]) == [], "of these stations alone, with what they earned"
    today = local_day(utcnow())
    top = read(f"dashboard?from={today}&to={today}")["top"]
    assert list_earners(top) == [("A", "50.00")], "of named days all are compared"


def list_earners(top: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """List the stations that earned something. One that stood empty for a second has figures too."""
    return [(each["station"]["sn"], each["revenue"]) for each in top if each["revenue"] != "0.00"]


def test_figures_of_the_network_that_are_no_sums(
    app: Flask, client: FlaskClient, staff_headers: Staff, read: Read, folded: Fold, out: Out
) -> None:
    """Balances, tax, what a power bank is rented a day, and when a station is paid for."""
    out(price="50.00", wallet="60.00")
    headers = staff_headers()
    for key, value in {"station_cost": "30000.00", "network_vat_registered": True, "vat_percent": 13}.items():
        put = client.patch(f"/api/admin/config/{key}", json={"value": value}, headers=headers)
        assert put.status_code == 200, put.text
    folded()
    totals = read("revenue?range=24h")["totals"]
    assert totals | {"wallet_float": "10.00", "held": "0.00", "dues_open": "0.00", "vat": "5.75"} == totals
    assert totals["revenue_kept"] == "44.25"
    assert read("rentals?range=24h")["totals"]["rentals_per_bank_and_day"] == 1
    [station] = read("stations?range=24h")["top"]
    assert station["payback_months"] == 20
    fleet = read("fleet?range=24h")["totals"]
    assert fleet | {"banks": 1, "tasks_done": 0, "banks_moved": 0, "minutes_to_done": None} == fleet


def test_days_can_be_asked_for_by_name(read: Read, folded: Fold, out: Out) -> None:
    out(price="50.00")
    folded()
    answer = read("revenue?from=2026-01-01&to=2026-03-31&group=month")
    assert [piece["at"] for piece in answer["series"]] == [
        "2025-12-31T18:15:00Z",
        "2026-01-31T18:15:00Z",
        "2026-02-28T18:15:00Z",
    ]
    assert answer["range"] | {"from": "2025-12-31T18:15:00Z", "to": "2026-03-31T18:15:00Z"} == answer["range"]
    for wrong in ("from=2026-01-01", "from=2026-02-01&to=2026-01-01", "range=7d&from=2026-01-01&to=2026-01-02"):
        read(f"revenue?{wrong}", status=422)
    read("revenue?range=7d&colour=red", status=422)
    read("revenue?from=2020-01-01&to=2020-01-02&group=hour", status=422)


def test_an_answer_is_good_until_the_figures_are_made_again(
    client: FlaskClient, staff_headers: Staff, folded: Fold, out: Out
) -> None:
    headers = staff_headers("finance")
    first = client.get(f"{ADDRESS}/dashboard?range=30d", headers=headers)
    again = client.get(f"{ADDRESS}/dashboard?range=30d", headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data
    out()
    folded()
    again = client.get(f"{ADDRESS}/dashboard?range=30d", headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert again.headers["ETag"] != first.headers["ETag"]


def test_what_takes_long_is_made_by_a_job_and_kept(
    client: FlaskClient, staff_headers: Staff, folded: Fold, out: Out, work: Callable[..., None]
) -> None:
    out(price="50.00")
    folded()
    headers = staff_headers("operations")
    today = local_day(utcnow())
    named_days = f"stations?from={today - timedelta(days=80)}&to={today}"
    for address, more in ((named_days, {}), ("revenue?range=7d", {"Prefer": "respond-async"})):
        accepted = client.get(f"{ADDRESS}/{address}", headers=headers | more)
        assert accepted.status_code == 202, accepted.text
        work("analytics")
        operation = client.get(f"/api/operations/{accepted.get_json()['operation_id']}", headers=headers).get_json()
        assert operation["status"] == "succeeded"
        assert operation["result"]["totals"]["revenue"] == "50.00"
        kept = client.get(f"{ADDRESS}/{address}", headers=headers | more)
        assert kept.status_code == 200
        assert kept.get_json() == operation["result"]


def test_each_view_is_a_csv_too(read: Read, folded: Fold, out: Out, app: Flask) -> None:
    out(price="50.00")
    folded()
    lines = read("revenue.csv?range=7d").text.splitlines()
    assert lines[0].startswith("at,revenue,revenue_fares")
    assert len(lines) == 8
    assert lines[-1].split(",")[1] == "50.00"
    for view in ROUTES:
        assert read(f"{view}.csv?range=7d").content_type.startswith("text/csv")
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'analytics.export'") == [(1 + len(ROUTES),)]


def test_every_figure_that_is_shown_is_defined(read: Read, folded: Fold, out: Out) -> None:
    out()
    folded()
    defined = {each["name"]: each for each in read("definitions")["items"]}
    assert {figure.name for figure in ALL_FIGURES.values() if isinstance(figure, Figure)} <= set(defined)
    for view in ROUTES:
        answer = read(f"{view}?range=7d")
        shown = {*answer["totals"], *answer["previous"]}
        assert shown <= set(defined), view
        for piece in answer["series"]:
            assert set(piece) - {"at", "weeks"} <= set(defined), view
    assert defined["revenue"]["made_from"] == "revenue_fares + revenue_overdue + revenue_sales"
    assert defined["topped_up"]["filters"] == []
    assert set(VIEWS) < set(ROUTES)


def test_ways_and_gateways_are_read_of_days_that_are_made(
    app: Flask, read: Read, folded: Fold, out: Out, cabinets: Cabinets, make_station: Make
) -> None:
    out(ago=20, price="50.00")
    make_station("B")
    cabinets.take_back("A-1")
    change(
        app,
        """INSERT INTO payment_intents (id, user_id, transaction_id, gateway, status, amount, charged, currency,
                                        expires_at)
           SELECT id, user_id, id, 'khalti', 'expired', 5000, 5000, 'NPR', now() FROM wallet_transactions LIMIT 1""",
    )
    folded()
    [way] = read("returns?range=7d")["items"]
    assert (way["taken_at"]["sn"], way["returned_at"]["sn"], way["returns"]) == ("A", "A", 1)
    assert read("returns?range=7d&station_sn=B")["items"] == []
    [gateway] = [each for each in read("revenue?range=7d")["top"] if "gateway" in each]
    assert gateway == {"gateway": "khalti", "topups_succeeded": 0, "topups_failed": 1, "topups_amount": "0.00"}


def test_a_monitor_sees_how_fresh_the_figures_are(client: FlaskClient, folded: Fold, out: Out) -> None:
    out()
    folded()
    told = client.get("/metrics").text
    assert "powerbank_figures_made_timestamp_seconds 1" in told
    assert "powerbank_figures_stale 0.0" in told


def test_who_sees_no_money_sees_no_figures(client: FlaskClient, staff_headers: Staff) -> None:
    for role, status in (("viewer", 403), ("support", 403), ("finance", 200), ("operations", 200)):
        assert client.get(f"{ADDRESS}/dashboard", headers=staff_headers(role)).status_code == status
