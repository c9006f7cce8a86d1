"""What is expected of stations, how that is judged, and what they lost by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.analytics import forecast
from powerbank.analytics.buckets.days import DAY, day_begins
from powerbank.analytics.outlook import demand, losses
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from tests.people import Headers, change, rows
from tests.stations.conftest import Make, broker, make_station  # noqa: F401

ADDRESS = "/api/admin/analytics"
Staff = Callable[..., Headers]

# Each day there are `busy` rentals from noon to one o'clock; on Saturdays there are ten. The last week has one more.
_HISTORY = """
    INSERT INTO figure_hours (station_id, package_id, at, rentals_started, returns, revenue_fares)
    SELECT station.id, '00000000-0000-0000-0000-000000000000', timezone('Asia/Kathmandu', day + interval '12 hours'),
           n, 1, n * 4000
      FROM stations AS station
     CROSS JOIN (SELECT day, CASE extract(isodow FROM day) WHEN 6 THEN 10 ELSE 4 END AS n
                   FROM generate_series(CAST(:first AS timestamp), :last, interval '1 day') AS day) AS days"""


@pytest.fixture
def history(app: Flask, make_station: Make) -> Any:  # noqa: F811
    """Give a station with eight weeks of rentals up to yesterday, and today."""
    make_station("A", charges={1: 90})
    today = local_day(utcnow())
    change(app, "UPDATE stations SET created_at = now() - interval '100 days'")
    change(app, _HISTORY, first=today - timedelta(days=70), last=today - timedelta(days=1))
    return today


def expected(app: Flask, weekday: int, hour: int = 12) -> float:
    [[rentals]] = rows(app, f"SELECT rentals[{(weekday - 1) * 24 + hour + 1}] FROM station_demand")
    return float(rentals)


def test_an_hour_of_the_week_is_expected_as_it_was(app: Flask, context: Flask, history: Any) -> None:
    forecast(history)
    assert expected(app, 6) == pytest.approx(10)
    assert expected(app, 1) == pytest.approx(4)
    assert expected(app, 1, hour=3) == 0
    assert rows(app, "SELECT fare FROM station_demand") == [(4000,)]


def test_an_hour_without_power_banks_says_nothing_of_what_people_wanted(
    app: Flask, context: Flask, history: Any
) -> None:
    change(
        app,
        """UPDATE figure_hours SET rentals_started = 0, empty_seconds = 3600
            WHERE extract(isodow FROM timezone('Asia/Kathmandu', at)) = 1 AND at > now() - interval '30 days'""",
    )
    forecast(history)
    assert expected(app, 1) == pytest.approx(4), "what the Mondays before it had"


def test_a_holiday_counts_as_the_day_that_it_is_like(
    app: Flask, client: FlaskClient, staff_headers: Staff, history: Any
) -> None:
    headers = staff_headers("operations")
    monday = history - timedelta(days=history.weekday() + 7)
    body = {"day": str(monday), "name": "Dashain", "name_ne": "दशैं", "like_weekday": 6}
    made = client.post(f"{ADDRESS}/holidays", json=body, headers=headers)
    assert made.status_code == 201, made.text
    assert client.post(f"{ADDRESS}/holidays", json=body, headers=headers).status_code == 409
    with app.app_context():
        forecast(history)
        assert demand.weekday_of(monday, demand.find_holidays(monday, monday)) == 6
    assert expected(app, 6) < 10, "its few rentals are among those of Saturdays"
    assert client.get(f"{ADDRESS}/holidays", headers=headers).get_json()["items"][0]["name"] == "Dashain"
    address = f"{ADDRESS}/holidays/{made.get_json()['id']}"
    assert client.patch(address, json={"like_weekday": 8}, headers=headers).status_code == 422
    assert client.delete(address, headers=headers).status_code == 204
    assert client.post(f"{ADDRESS}/holidays", json=body, headers=staff_headers("viewer")).status_code == 403


def test_a_day_is_judged_beside_the_same_hours_of_last_week(app: Flask, context: Flask, history: Any) -> None:
    forecast(history)
    change(app, _HISTORY, first=history, last=history)
    change(
        app, "UPDATE figure_hours SET rentals_started = rentals_started + 3 WHERE at >= :day", day=day_begins(history)
    )
    for _ in range(2):
        forecast(history + DAY)
    busy = 10 if history.isoweekday() == 6 else 4
    [[hours, rentals, error, naive]] = rows(app, "SELECT hours, rentals, error, naive_error FROM forecast_scores")
    assert (hours, rentals) == (24, busy + 3)
    assert error == pytest.approx(3)
    assert naive == pytest.approx(3)
    with context.app_context():
        assert demand.read_scores(now=day_begins(history + DAY))["beats_naive"] is False


def test_the_forecast_of_a_station_tells_what_it_will_lack(
    app: Flask, client: FlaskClient, staff_headers: Staff, history: Any
) -> None:
    headers = staff_headers("finance")
    early = client.get(f"{ADDRESS}/forecast?station_sn=A", headers=headers).get_json()
    assert early["made_for"] is None
    assert {hour["rentals"] for hour in early["hours"]} == {0.0}
    with app.app_context():
        forecast(history)
    found = client.get(f"{ADDRESS}/forecast?station_sn=A", headers=headers).get_json()
    assert len(found["hours"]) == 48
    noons = [hour for hour in found["hours"] if hour["rentals"] > 0]
    assert len(noons) == 2
    assert noons[0]["short_of_banks"] == pytest.approx(noons[0]["rentals"] - 2), "one bank, and one that comes back"
    assert client.get(f"{ADDRESS}/forecast?station_sn=NOWHERE", headers=headers).status_code == 404
    assert client.get(f"{ADDRESS}/forecast", headers=headers).status_code == 422


def test_what_was_lost_follows_from_what_was_expected_and_is_never_below_what_was_refused(
    app: Flask, client: FlaskClient, staff_headers: Staff, history: Any
) -> None:
    yesterday = history - DAY
    busy = 10 if yesterday.isoweekday() == 6 else 4
    noon = day_begins(yesterday) + timedelta(hours=12)
    with app.app_context():
        forecast(history)
    for columns, lost in (
        ("empty_seconds = 1800", ("lost_empty", busy * 4000 // 2)),
        ("refused_empty = 20", ("lost_empty", 20 * 4000)),
        ("offline_seconds = 900, maintenance_seconds = 900", ("lost_offline", busy * 4000 // 2)),
        ("full_seconds = 3600", ("lost_full", 2000)),
        ("rentals_failed = 3", ("lost_failed", 3 * 4000)),
    ):
        change(app, f"UPDATE figure_hours SET {columns} WHERE at = :noon", noon=noon)
        with app.app_context(), transaction():
            losses.make_losses(day_begins(yesterday), day_begins(history))
        assert rows(app, f"SELECT {lost[0]} FROM station_losses") == [(lost[1],)]
        nothing = ", ".join(f"{part.split('=')[0]} = 0" for part in columns.split(","))
        change(app, f"UPDATE figure_hours SET {nothing} WHERE at = :noon", noon=noon)
    answer = client.get(f"{ADDRESS}/losses?range=7d", headers=staff_headers("finance")).get_json()
    assert answer["totals"] | {"lost": "120.00", "lost_failed": "120.00"} == answer["totals"]
    assert answer["top"][0]["station"]["sn"] == "A"
    elsewhere = client.get(f"{ADDRESS}/losses?range=7d&city=Elsewhere", headers=staff_headers("operations")).get_json()
    assert elsewhere["totals"]["lost"] == "0.00"


def test_the_places_where_a_task_pays_most_come_first(
    app: Flask,
    client: FlaskClient,
    staff_headers: Staff,
    history: Any,
    make_station: Make,  # noqa: F811
) -> None:
    make_station("EMPTY")
    make_station("AWAY", charges={1: 90}, online=False)
    make_station("WELL", charges={1: 90})
    with app.app_context():
        forecast(history)
    change(app, "UPDATE station_demand SET rentals = array_fill(2::real, ARRAY[168]), fare = 1000")
    change(
        app,
        """UPDATE station_demand SET fare = 5000
            WHERE station_id = (SELECT id FROM stations WHERE sn = 'AWAY')""",
    )
    places = client.get(f"{ADDRESS}/places", headers=staff_headers("operations")).get_json()["items"]
    assert [(each["sn"], each["kind"], each["lost_an_hour"]) for each in places] == [
        ("AWAY", "offline", "100.00"),
        ("EMPTY", "empty", "20.00"),
    ]
