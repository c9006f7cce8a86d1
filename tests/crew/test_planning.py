"""Tasks by rule: born of what stations say and people report, one of each kind, and closed when their cause is gone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from powerbank.analytics.outlook import next_hours
from powerbank.base.clock import HOME, local_day
from powerbank.base.db import first_id_of, transaction, utcnow
from powerbank.crew.tasks import planning
from powerbank.stations.custody import services as banks
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.models import Station
from tests.crew.conftest import Member, put_out, settle
from tests.people import Headers, People, change, rows
from tests.stations import prepared
from tests.stations.conftest import Make
from tests.stations.talker import Talker

Hire = Callable[..., Member]


def plan(app: Flask) -> dict[str, int]:
    with app.app_context(), transaction():
        return planning.plan_tasks(now=utcnow())


def tasks(app: Flask) -> list[tuple[str, str, str, int, int]]:
    query = """SELECT s.sn, t.kind, t.status, t.bring, t.take FROM crew_tasks t JOIN stations s ON s.id = t.station_id
                ORDER BY s.sn, t.kind, t.id"""
    return [(row.sn, row.kind, row.status, row.bring, row.take) for row in rows(app, query)]


def test_a_station_at_rest_needs_nobody(app: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 80})
    assert plan(app) == {"made": 0, "changed": 0, "closed": 0}


def test_an_empty_and_a_full_station_have_tasks_with_numbers(app: Flask, make_station: Make) -> None:
    make_station("A")
    make_station("B", charges={1: 90, 2: 80, 3: 70, 4: 60})
    assert plan(app)["made"] == 2
    assert tasks(app) == [("A", "empty", "open", 1, 0), ("B", "full", "open", 0, 3)]
    assert plan(app) == {"made": 0, "changed": 0, "closed": 0}


def test_an_offline_station_has_a_task_that_closes_when_it_is_back(app: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 90})
    change(app, "UPDATE station_live SET online = false")
    plan(app)
    assert tasks(app) == [("A", "offline", "open", 0, 0)]
    with app.app_context(), transaction():
        prepared.mark_seen(station.id, at=utcnow())
    assert plan(app)["closed"] == 1
    assert tasks(app) == [("A", "offline", "not_needed", 0, 0)]


def test_a_station_that_never_spoke_or_is_in_maintenance_has_none(app: Flask, make_station: Make) -> None:
    make_station("A", online=False)
    make_station("B")
    change(app, "UPDATE station_live SET maintenance = true WHERE sn = 'B'")
    assert plan(app)["made"] == 0


def test_broken_slots_and_banks_that_are_held_back_have_tasks(app: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 80})
    change(app, "UPDATE slots SET works = 'faulty' WHERE number = 4")
    with app.app_context(), transaction():
        banks.quarantine_bank("A-2", reason="swollen", now=utcnow())
    plan(app)
    assert tasks(app) == [("A", "bank_fault", "open", 0, 1), ("A", "slot_fault", "open", 0, 0)]
    [task] = rows(app, "SELECT serials FROM crew_tasks WHERE kind = 'bank_fault'")
    assert task.serials == ["A-2"]


def test_flat_banks_have_a_task_while_others_are_good(app: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 10, 3: 5})
    plan(app)
    assert tasks(app) == [("A", "low_charge", "open", 2, 2)]


def test_quarantine_offline_and_reports_flow_in_as_they_happen(
    app: Flask, make_station: Make, people: People, work: Callable[..., None]
) -> None:
    station, sita = make_station("A", charges={1: 90, 2: 80}), people.join("sita")
    with app.app_context(), transaction():
        banks.quarantine_bank("A-2", reason="swollen", now=utcnow())
        for issue in (IssueType.DIRTY, IssueType.DAMAGED):
            issues.report_issue(
                user_id=sita.id, sn="A", issue_type=issue, description=None, photo=None, partner_id=None, now=utcnow()
            )
    work()
    assert [row[1] for row in tasks(app)] == ["audit", "bank_fault", "clean"]
    with app.app_context(), transaction() as session:
        session.expunge_all()
        for row in rows(app, "SELECT id FROM station_issues WHERE issue_type = 'dirty'"):
            issues.resolve_issue(row.id, resolution="rain", by="staff:x", now=utcnow())
    work()
    assert [(row[1], row[2]) for row in tasks(app)] == [
        ("audit", "open"),
        ("bank_fault", "open"),
        ("clean", "not_needed"),
    ]
    assert station.sn == "A"


def test_what_the_next_hours_want_is_brought_before_it_is_missed(
    app: Flask, make_station: Make, people: People
) -> None:
    """In this hour of each of the last four weeks three banks left. One is there, so the peak would find it empty."""
    station, sita = make_station("A", slots=8, charges={1: 90}), people.join("sita")
    rent_before(app, station, sita.id, each_week=3)
    plan(app)
    [task] = rows(app, "SELECT kind, bring, loss FROM crew_tasks")
    assert (task.kind, task.bring, task.loss) == ("empty", 4, 150_00)
    change(app, "INSERT INTO app_config (key, value, updated_by) VALUES ('crew_ahead_hours', '0', 'test')")
    assert plan(app)["closed"] == 1


def test_the_forecast_decides_where_there_is_one(app: Flask, make_station: Make, people: People) -> None:
    """The last four weeks say that three banks leave; the forecast of this station says something else."""
    station, sita = make_station("A", slots=8, charges={1: 90}), people.join("sita")
    other = make_station("B", slots=8, charges=dict.fromkeys(range(1, 6), 90))
    rent_before(app, station, sita.id, each_week=3)
    expect(app, station, rentals=0.0, returns=0.0)
    assert plan(app)["made"] == 0
    expect(app, station, rentals=2.5, returns=0.0)
    plan(app)
    [task] = rows(app, "SELECT bring, loss FROM crew_tasks")
    assert (task.bring, task.loss) == (5, 75_00), "all but two of its slots are filled; 2.5 rentals an hour are lost"
    expect(app, station, rentals=2.5, returns=2.4)
    assert plan(app)["closed"] == 1, "as many come as go"
    expect(app, other, rentals=0.0, returns=9.0)
    plan(app)
    assert tasks(app) == [("A", "empty", "not_needed", 5, 0), ("B", "full", "open", 0, 3)]


def test_an_old_forecast_says_nothing(app: Flask, make_station: Make, people: People) -> None:
    station, sita = make_station("A", slots=8, charges={1: 90}), people.join("sita")
    rent_before(app, station, sita.id, each_week=3)
    expect(app, station, rentals=0.0, returns=0.0)
    change(app, "UPDATE station_demand SET made_for = made_for - 15")
    plan(app)
    assert tasks(app) == [("A", "empty", "open", 4, 0)]


def test_an_hour_of_the_forecast_counts_with_the_part_that_lies_ahead(app: Flask, context: Flask) -> None:
    now = datetime(2026, 1, 7, 11, 45, tzinfo=HOME)  # a Wednesday
    given = next_hours.give_values(now, timedelta(hours=2))
    assert given["forecast_hours"] == [2 * 24 + hour + 1 for hour in (11, 12, 13)]
    assert given["forecast_parts"] == [0.25, 1.0, 0.75]
    assert given["forecast_of_next_hour"] == [0.25, 0.75, 0.0]


def test_a_preview_makes_nothing(app: Flask, make_station: Make, client: FlaskClient, operations: Headers) -> None:
    make_station("A")
    shown = client.get("/api/admin/tasks/preview", headers=operations).get_json()
    assert shown == {
        "made": 1,
        "changed": 0,
        "closed": 0,
        "items": [{"station_sn": "A", "kind": "empty", "wants": {"bring": 1}, "loss_per_hour": "0.00"}],
    }
    assert tasks(app) == []


def test_a_bank_that_is_brought_ends_the_task_of_an_empty_station(
    app: Flask, context: Flask, talker: Talker, hire: Hire, client: FlaskClient, operations: Headers
) -> None:
    """Ram takes a bank out of the warehouse to a station whose banks are all gone, and puts it in. Nobody taps."""
    ram = hire()
    banks_out = [("101", 1), ("102", 2), ("103", 3)]
    ram.do("stations/A/open-slots", slot_numbers=[number for _, number in banks_out])
    put_out(talker, {number: serial for serial, number in banks_out})
    ram.do("banks/drop", serials=["101", "102", "103"], place="warehouse")
    plan(app)
    assert tasks(app) == [("A", "empty", "open", 1, 0)]
    [task] = ram.get("tasks")["items"]
    ram.do(f"tasks/{task['id']}/claim")
    assert ram.do("banks/take", serials=["104"])["banks_in_hand"] == ["104"]
    talker.wait(5)
    talker.snapshot({2: "104"})
    settle(talker)
    done = ram.get(f"tasks/{task['id']}")
    assert (done["status"], done["brought"], ram.get("me")["banks_in_hand"]) == ("done", 1, [])
    bank = client.get("/api/admin/powerbanks/104", headers=operations).get_json()
    assert [(stay["place"], stay["holder_name"]) for stay in bank["custody"]] == [
        ("slot", None),
        ("crew", "ram"),
        ("warehouse", None),
    ]


def test_the_job_settles_what_a_station_shows(
    app: Flask, context: Flask, talker: Talker, hire: Hire, order: Callable[..., Any], work: Callable[..., None]
) -> None:
    task, ram = order("A", "full", wants={"take": 1}), hire()
    ram.do(f"tasks/{task['id']}/claim")
    ram.do("stations/A/open-slots", serials=["103"])
    put_out(talker, {1: "101", 2: "102", 3: "103"})
    work("iot")
    assert ram.get(f"tasks/{task['id']}")["status"] == "done"


def expect(app: Flask, station: Station, *, rentals: float, returns: float) -> None:
    """Let so much be expected of a station in each hour of the week, at NPR 30 a rental."""
    change(
        app,
        """INSERT INTO station_demand (station_id, rentals, returns, fare, made_for)
           VALUES (:station, array_fill(CAST(:rentals AS real), ARRAY[168]),
                   array_fill(CAST(:returns AS real), ARRAY[168]), 3000, :today)
           ON CONFLICT (station_id) DO UPDATE SET rentals = excluded.rentals, returns = excluded.returns""",
        station=station.id,
        rentals=rentals,
        returns=returns,
        today=local_day(utcnow()),
    )


def rent_before(app: Flask, station: Station, user_id: Any, *, each_week: int) -> None:
    """Let as many rentals of NPR 50 have begun at a station half an hour from now, in each of the last four weeks."""
    change(
        app,
        """INSERT INTO packages (id, name, duration_minutes, price, payment_model, active)
           VALUES (gen_random_uuid(), 'hour', 60, 5000, 'prepaid', true)""",
    )
    for week in range(1, 5):
        at = utcnow() - timedelta(weeks=week) + timedelta(minutes=30)
        for number in range(each_week):
            low = first_id_of(at)
            identifier = f"{str(low)[:-4]}{number:04x}"
            change(
                app,
                """INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
                     payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes,
                     replacement_price, cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number,
                     started_at, due_at, ended_at, settled_at, created_at)
                   SELECT :id, :code, :user, :station, p.id, 'completed', 'wallet_only', 'hour', 'prepaid', 60, 5000, 0,
                          0, 0, 0, 0, 7, 10, b.id, 1, :at, :at, :at, :at, :at
                     FROM packages p, power_banks b LIMIT 1""",
                id=identifier,
                code=f"R{week}{number}",
                user=user_id,
                station=station.id,
                at=at,
            )
