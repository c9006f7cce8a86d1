"""The pages of figures in a browser."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.browser.reader import Reader
from tests.people import change
from tests.rentals.conftest import Out, cabinets, out, package, renter  # noqa: F401
from tests.stations.conftest import Make, broker, make_station  # noqa: F401

SignIn = Callable[..., Reader]
PAGE = "/console/figures"

# This makes a month of figures as a network has them: more in the evening, less on Saturdays, in three stations of
# three towns.
_HOURS = """
    INSERT INTO figure_hours (station_id, package_id, at, rentals_started, returns, revenue_fares, refused_starts,
                              refused_value, empty_seconds, full_seconds, offline_seconds, sign_ups, topped_up,
                              rentals_completed, rentals_on_time, ejections, ejection_milliseconds)
    SELECT scope.id, '00000000-0000-0000-0000-000000000000', at, scope.part * n, scope.part * n, scope.part * n * 5000,
           n / 3, n / 3 * 5000, CASE WHEN n > 5 THEN 900 ELSE 0 END, CASE WHEN n = 4 THEN 600 ELSE 0 END,
           CASE WHEN extract(day FROM at) = 3 THEN 3600 ELSE 0 END, n, n * 9000, scope.part * n, scope.part * n - n / 4,
           scope.part * n, scope.part * n * 5200
      FROM (SELECT id, 1 AS part FROM stations UNION ALL
            SELECT '00000000-0000-0000-0000-000000000000', 3) AS scope
     CROSS JOIN (SELECT at, (3 + 3 * sin(extract(hour FROM timezone('Asia/Kathmandu', at)) / 4) ^ 2
                             - CASE extract(isodow FROM at) WHEN 6 THEN 2 ELSE 0 END)::int AS n
                   FROM generate_series(date_trunc('hour', now(), 'Asia/Kathmandu') - interval '60 days', now(),
                                        interval '1 hour') AS at) AS hours"""
_DAYS = """
    INSERT INTO figure_days (station_id, package_id, day, rentals_started, returns, revenue_fares, refused_starts,
                             refused_value, empty_seconds, full_seconds, offline_seconds, sign_ups, topped_up,
                             rentals_completed, rentals_on_time, ejections, ejection_milliseconds)
    SELECT station_id, package_id, timezone('Asia/Kathmandu', at)::date, sum(rentals_started), sum(returns),
           sum(revenue_fares), sum(refused_starts), sum(refused_value), sum(empty_seconds), sum(full_seconds),
           sum(offline_seconds), sum(sign_ups), sum(topped_up), sum(rentals_completed), sum(rentals_on_time),
           sum(ejections), sum(ejection_milliseconds)
      FROM figure_hours GROUP BY 1, 2, 3"""
_LOSSES = """
    INSERT INTO station_losses (station_id, at, lost_empty, lost_offline)
    SELECT station_id, at, empty_seconds * 20, offline_seconds * 5 FROM figure_hours
     WHERE station_id IN (SELECT id FROM stations) AND empty_seconds + offline_seconds > 0"""
_DEMAND = """
    INSERT INTO station_demand (station_id, rentals, returns, fare, made_for)
    SELECT id, array_fill(1.5::real, ARRAY[168]), array_fill(1.2::real, ARRAY[168]), 6000, now()::date FROM stations"""
_FUNNEL = """
    INSERT INTO figure_funnel_days (day, origin, signed_up, verified, topped_up, rented, rented_again)
    SELECT now()::date - number, origin, 20 * part, 15 * part, 12 * part, 9 * part, 5 * part
      FROM generate_series(0, 60) AS number
     CROSS JOIN (VALUES ('other', 3), ('referred', 1)) AS origins (origin, part)
     UNION ALL SELECT now()::date, 'coupon', 3, 2, 2, 2, 1"""
_COHORTS = """
    INSERT INTO figure_cohort_weeks (cohort, week, people, rentals)
    SELECT cohort, week, 300 / (2 + (week - cohort) / 7), 500 / (2 + (week - cohort) / 7)
      FROM (SELECT date_trunc('week', now())::date - 7 * back AS cohort,
                   date_trunc('week', now())::date - 7 * ahead AS week
              FROM generate_series(0, 8) AS back CROSS JOIN generate_series(0, 8) AS ahead
             WHERE ahead <= back) AS pairs"""
_FLEET = """
    INSERT INTO figure_fleet_days (day, banks, banks_in_slots, banks_rented, banks_with_crew, banks_in_warehouses,
                                   banks_quarantined, banks_lost, banks_faulty, bank_cycles, banks_low, stations,
                                   stations_away)
    SELECT now()::date - number, 120, 80, 30, 4, 6, 2, 3, 1, 9000, 7, 3, 1 FROM generate_series(0, 20) AS number"""
_PEOPLE = """
    INSERT INTO figure_people_days (day, active, active_7_days, active_30_days, active_30_days_before, gone)
    SELECT now()::date - number, 40, 180, 500, 450, 120 FROM generate_series(0, 40) AS number"""
_WAYS = """
    INSERT INTO figure_return_days (day, station_id, return_station_id, returns)
    SELECT now()::date - number, taken.id, returned.id, CASE WHEN taken.id = returned.id THEN 9 ELSE
           length(taken.sn || returned.sn) + (taken.sn < returned.sn)::int - 11 END + (taken.sn = 'KTM-001')::int
      FROM generate_series(1, 20) AS number CROSS JOIN stations AS taken CROSS JOIN stations AS returned"""
_MARK = "INSERT INTO figure_marks (folded_until) VALUES (now())"


@pytest.fixture
def figures(app: Flask, make_station: Make) -> None:  # noqa: F811
    for sn, lat, lng in (("KTM-001", 27.71, 85.32), ("PKR-001", 28.21, 83.99), ("LUM-001", 27.47, 83.28)):
        make_station(sn, lat=lat, lng=lng, name=f"Station {sn}")
    for statement in (_HOURS, _DAYS, _LOSSES, _DEMAND, _FUNNEL, _COHORTS, _FLEET, _PEOPLE, _WAYS, _MARK):
        change(app, statement)


def test_figures_are_read_compared_and_taken_away(figures: None, staff: SignIn) -> None:
    reader = staff()
    page = reader.open(PAGE)
    page.wait_for_selector("#plot-revenue canvas")
    page.locator("#plot-revenue summary").click()
    assert page.locator("#plot-revenue tbody tr").count() > 3
    reader.look()
    page.locator(".ranges a").nth(2).click()
    page.wait_for_url("**range=30d**")
    page.fill("[name=city]", "Nowhere")
    page.keyboard.press("Enter")
    page.wait_for_url("**city=Nowhere**")
    assert page.locator(".tile b").first.inner_text() in ("NPR 0.00", "NPR ०.००")
    for path in ("/stations?range=30d", "/week?range=30d", "/people?range=30d", "/fleet", "/definitions"):
        reader.open(f"{PAGE}{path}")
    page = reader.open(f"{PAGE}/returns?range=30d")
    assert page.locator(".matrix td.heat-9").count() == 1
    reader.open("/console/growth/holidays")
    page = reader.open(f"{PAGE}/again")
    page.fill("[name=from]", page.input_value("[name=to]"))
    reader.send("form.panel button")
    assert page.locator("progress").get_attribute("max") == "1"
    reader.look()
    page = reader.open(f"{PAGE}/reports")
    page.fill("[name=period]", "2025-W10")
    reader.send("form[action$=reports] button")
    assert page.locator(".toast.good").count() == 1
    page = reader.open(f"{PAGE}/reports")
    page.select_option("[name=operations-day]", "pdf")
    reader.send("form[action$=subscriptions] button")
    assert page.input_value("[name=operations-day]") == "pdf"
    page = reader.open(f"{PAGE}/losses?range=30d")
    page.wait_for_selector(".loss-map path.leaflet-interactive")
    reader.look()
    page.locator("td a").first.click()
    page.wait_for_url("**/console/stations/**")
