"""The figures of the crew: what was done, how long it took, who did not come, and what a rental saved has cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import first_id_of, new_id, utcnow
from powerbank.crew.figures import queries as figures
from tests.crew.conftest import Member
from tests.databases import execute, superuser_url
from tests.people import Headers, change, rows
from tests.stations.talker import Talker


def test_without_work_there_are_no_figures(context: Any) -> None:
    found = figures.read_figures(days=7, now=utcnow())
    assert (found["done"], found["rentals_saved"], found["cost_per_rental"], found["kinds"]) == (0, 0, None, [])


def test_staff_read_the_figures(client: FlaskClient, staff_headers: Callable[..., Headers]) -> None:
    viewer = staff_headers("viewer")
    assert client.get("/api/admin/crew/figures?days=30", headers=viewer).get_json()["cost_per_rental"] is None
    assert client.get("/api/admin/crew/figures?days=31", headers=viewer).status_code == 422


def test_work_is_counted_by_its_kind_and_what_it_cost(
    app: Flask, context: Any, hire: Any, order: Any, decide: Any, talker: Talker
) -> None:
    ram: Member = hire()
    done, late = order("A", "clean"), order("A", "audit")
    ram.do(f"tasks/{done['id']}/claim")
    ram.do(f"tasks/{done['id']}/complete", lat=27.7153, lng=85.3123, scanned=["A"])
    assert decide(done, "verify").status_code == 200
    ram.do(f"tasks/{late['id']}/claim")
    change(app, "UPDATE crew_tasks SET created_at = created_at - interval '2 hours' WHERE kind = 'clean'")
    change(
        app,
        "INSERT INTO crew_task_events (id, task_id, event, by) SELECT :id, id, 'expired', 'x' FROM crew_tasks"
        " WHERE kind = 'audit'",
        id=new_id(),
    )
    found = figures.read_figures(days=7, now=utcnow() + timedelta(seconds=1))
    assert (found["done"], found["claimed"], found["no_shows"]) == (1, 2, 1)
    assert found["cost"] == rows(app, "SELECT sum(amount) FROM crew_earnings")[0][0] > 0
    [kind] = found["kinds"]
    assert (kind["kind"], kind["done"]) == ("clean", 1)
    assert 7200 <= kind["seconds_to_done"] < 7300


def test_rentals_soon_after_the_work_are_saved_by_it(
    app: Flask, database_name: str, context: Any, hire: Any, order: Any, talker: Talker
) -> None:
    """Of three rentals within a day two count, since two banks were moved; the one of the next week does not."""
    ram: Member = hire()
    task = order("A", "empty", wants={"bring": 2})
    ram.do(f"tasks/{task['id']}/claim")
    moment = utcnow() - timedelta(days=2)
    change(app, "UPDATE crew_tasks SET status = 'done', brought = 2, closed_at = :at, claimed_until = NULL", at=moment)
    assert figures.read_figures(days=7, now=utcnow())["rentals_saved"] == 0
    for hours in (1, 2, 3, 40):
        insert_rental(database_name, first_id_of(moment + timedelta(hours=hours)), talker.id)
    assert figures.read_figures(days=7, now=utcnow())["rentals_saved"] == 2


def insert_rental(database: str, rental_id: UUID, station_id: UUID) -> None:
    execute(
        superuser_url(database),
        "SET session_replication_role = replica",
        f"""INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
                payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes,
                replacement_price, cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number)
            VALUES ('{rental_id}', '{rental_id}', '{new_id()}', '{station_id}', '{new_id()}', 'pending',
                'wallet_only', '1 hour', 'prepaid', 60, 4000, 0, 500, 0, 300000, 5, 7, 10, '{new_id()}', 1)""",
    )
