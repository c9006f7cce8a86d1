"""The first page of the console: figures beside those of a week ago, what waits, and what happened last."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from powerbank.ops.now import attention, flows, stocks
from powerbank.ops.now.attention import SOURCES, Kind
from powerbank.pages.layout import is_served
from tests.admin.test_console_pages import sign_in
from tests.conftest import PASSWORD
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Packages, Renters
from tests.stations.conftest import Make

NOTHING_WAITS = "Nothing waits."


@pytest.fixture
def staff(app: Flask, client: FlaskClient) -> Callable[[Role], FlaskClient]:
    def begin(role: Role) -> FlaskClient:
        with app.app_context(), transaction():
            administration.ensure_staff(email=f"{role}@example.com", password=PASSWORD, role=role)
        staff_client = app.test_client()
        sign_in(staff_client, f"{role}@example.com")
        return staff_client

    return begin


Staff = Callable[[Role], FlaskClient]


def read(client: FlaskClient, path: str = "/console/now") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<(template|dialog)[^>]*>.*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL))


def test_an_empty_network_says_what_will_stand_there(staff: Staff) -> None:
    said = read(staff(Role.VIEWER), "/console/")
    assert NOTHING_WAITS in said
    assert "Nothing yet." in said
    assert "Open rentals 0" in said


def test_figures_feed_and_revenue_follow_a_rental(
    app: Flask, staff: Staff, out: Out, cabinets: Cabinets, package: Packages
) -> None:
    sita, _ = out(ago=30, price="50.00", wallet="60.00")
    assert sita.initiate(package(price="80.00"), sn="A").status_code == 409  # an open rental
    [(code,)] = rows(app, "SELECT code FROM rentals")
    said = read(staff(Role.SUPERADMIN))
    for part in ("Open rentals 1", "Started today 1", "Revenue today NPR 50", "Refused starts today 1", "Banks out 1"):
        assert part in said
    assert "NPR 80 not sold" in said
    assert re.search(f"taken {code}", said)
    assert "start refused has a rental already" in said
    cabinets.take_back("A-1")
    said = read(staff(Role.SUPERADMIN))
    assert "Banks out 0" in said
    assert re.search(f"back {code}", said)


def test_money_is_shown_to_those_who_may_read_it(staff: Staff) -> None:
    assert "Revenue today" not in read(staff(Role.VIEWER))
    assert "Revenue today" in read(staff(Role.FINANCE))


def test_what_happened_a_week_ago_is_counted_up_to_the_same_time(context: Flask, out: Out) -> None:
    out()
    now = utcnow()
    week = timedelta(days=7)
    begin_of_day = flows._begin_of_day(now)
    assert flows.count_flows(now).started == 1
    assert flows.count_flows(now).revenue == 50_00
    assert flows.count_flows_of_last_week(now + week) == flows.count_flows(now)
    earlier = begin_of_day + week + timedelta(seconds=1)
    assert flows.count_flows_of_last_week(earlier).started == 0
    assert flows.count_flows_of_last_week(earlier).revenue == 0


def test_a_figure_is_compared_with_the_count_of_a_week_ago(context: Flask, staff: Staff, out: Out) -> None:
    out()
    client = staff(Role.VIEWER)
    assert "no count of a week ago yet" in read(client)
    with transaction():
        stocks.record_stocks(utcnow() - timedelta(days=7))
    change(context, "UPDATE hourly_stocks SET open_rentals = 2")
    assert "Open rentals 1 ↓ 50 % a week ago 2" in read(client)


WAITING = {
    Kind.CASE: """INSERT INTO rental_cases (id, rental_id, issue_type, status, reported_at)
                  SELECT gen_random_uuid(), id, 'damaged', 'open', now() - interval '3 h' FROM rentals""",
    Kind.REFUND: """INSERT INTO refunds (id, user_id, transaction_id, amount, reason, status, asked_by)
                    SELECT gen_random_uuid(), user_id, id, 1250, 'x', 'requested', 'user' FROM wallet_transactions
                     WHERE type = 'rental'""",
    Kind.DEAD_LETTERS: """INSERT INTO outbox_jobs (id, job, queue, arguments, state, cause, lease_until, finished_at)
                          SELECT gen_random_uuid(), 'send_sms', 'critical', '{}', 'dead', 'refused', now(), now()
                            FROM generate_series(1, 3)""",
    Kind.ALERT: """INSERT INTO ops_alerts (id, key, kind, detail)
                   VALUES (gen_random_uuid(), 'no_daemon', 'no_daemon', 'no daemon hears what stations say')""",
    Kind.ISSUE: """INSERT INTO station_issues (id, station_id, issue_type, priority)
                   SELECT gen_random_uuid(), id, 'damaged', 'critical' FROM stations""",
    Kind.DISCREPANCY: """INSERT INTO discrepancies (id, kind, serial, station_id)
                         SELECT gen_random_uuid(), 'unknown_serial', 'X-1', id FROM stations""",
}


@pytest.mark.parametrize("kind", WAITING, ids=str)
def test_what_waits_is_listed_and_counted(context: Flask, out: Out, kind: Kind) -> None:
    out()
    now = utcnow()
    assert attention.count_matters([kind], now=now) == {}
    change(context, WAITING[kind])
    assert attention.count_matters([kind], now=now) == {kind: 1}
    [matter] = attention.list_matters([kind], most=10, now=now)
    assert matter.kind is kind
    expected = {
        Kind.REFUND: "NPR 12.50",
        Kind.DEAD_LETTERS: "send_sms 3",
        Kind.DISCREPANCY: "Thamel X-1",
        Kind.ISSUE: "Thamel",
    }
    assert matter.about == expected.get(kind, matter.about)


def test_a_rental_waits_whose_station_does_not_say_what_happened(
    context: Flask, renter: Renters, package: Packages, cabinets: Cabinets, make_station: Make
) -> None:
    make_station("A", charges={1: 90})
    renter().initiate(package())
    cabinets.work()
    cabinets.says_nothing()
    [matter] = attention.list_matters([Kind.UNRESOLVED], most=10, now=utcnow())
    assert [(matter.about, matter.id)] == [
        (code, str(id_)) for code, id_ in rows(context, "SELECT code, id FROM rentals")
    ]


def test_every_source_can_be_read_and_is_named(context: Flask) -> None:
    from powerbank.ops.now import pages

    assert attention.list_matters(SOURCES, most=5, now=utcnow()) == []
    assert set(pages.NAMES) == set(pages.ADDRESSES) == set(Kind) == set(SOURCES)


def test_what_waits_leads_to_the_page_on_which_one_decides(app: Flask, staff: Staff, out: Out) -> None:
    out()
    change(app, WAITING[Kind.DEAD_LETTERS])
    page = staff(Role.OPERATIONS).get("/console/now").text
    assert 'href="/console/machinery/jobs?job=send_sms"' in page


def test_a_page_that_is_not_there_is_not_linked(app: Flask) -> None:
    with app.test_request_context():
        assert is_served("/console/now?waits=case")
        assert not is_served("/console/nowhere")


def test_the_oldest_comes_first_and_one_kind_can_be_shown_alone(context: Flask, staff: Staff, out: Out) -> None:
    out()
    for kind in (Kind.DEAD_LETTERS, Kind.CASE, Kind.DISCREPANCY):
        change(context, WAITING[kind])
    said = read(staff(Role.OPERATIONS))
    assert said.index("Open case R") < said.index("Dead letters send_sms 3")
    alone = read(staff(Role.OPERATIONS), "/console/now?waits=discrepancy")
    assert "Bank in doubt Thamel X-1" in alone
    assert "Open case R" not in alone


def test_who_may_not_decide_refunds_is_not_shown_them(app: Flask, staff: Staff, out: Out) -> None:
    out()
    change(app, WAITING[Kind.REFUND])
    assert NOTHING_WAITS in read(staff(Role.VIEWER))
    assert "Refund to decide NPR 12.50" in read(staff(Role.FINANCE))
