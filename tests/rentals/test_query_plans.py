"""The queries of people, staff and sweeps use indexes, however many rentals have ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from jobs.rentals import run_sweep
from powerbank.admin.search import finders
from powerbank.base.db import db, transaction, utcnow
from powerbank.rentals import cards, locations, queries, sweeps
from powerbank.rentals.blocked_returns import queries as blocked_returns
from powerbank.rentals.blocked_returns.sweeps import blocked_return_steps
from powerbank.rentals.end import returns
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations import queries as reservations
from powerbank.rentals.reservations.sweeps import reservation_steps
from powerbank.rentals.staff import anomalies, dossier
from powerbank.rentals.staff.troubles import Trouble
from powerbank.rentals.start import ejection
from powerbank.rentals.start.queries import count_refused_starts, refused_start_page
from tests.databases import execute, superuser_url

OVER = 6000
GROWING = (
    "rentals",
    "rental_events",
    "rental_locations",
    "station_commands",
    "custody",
    "wallet_transactions",
    "reservations",
    "blocked_returns",
    "refused_starts",
)
FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO users (id, username, referral_code)
       SELECT uuidv7(interval '-200 days'), 'u' || n, 'c' || n FROM generate_series(0, 99) n""",
    """INSERT INTO stations (id, sn, imei, name, address, city, lat, lng, protocol, search_vector)
       SELECT uuidv7(interval '-200 days'), 'S' || n, 'I' || n, 'n', 'a', 'K', 27.7, 85.3, 'json-v1', ''
         FROM generate_series(0, 49) n""",
    """INSERT INTO station_live (station_id, sn, name, lat, lng, active, maintenance, timezone)
       SELECT id, sn, name, lat, lng, true, false, timezone FROM stations""",
    "INSERT INTO power_banks (id, serial) SELECT uuidv7(), 'B' || n FROM generate_series(0, 99) n",
    f"""INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name,
              payment_model, duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
              cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number, command_id, created_at,
              started_at, due_at, ended_at, return_station_id, settled_at)
        SELECT uuidv7(before), 'R' || n, u.id, s.id, uuidv7(), state, 'wallet_only', 'p', 'prepaid', 60, 5000, 0, 500,
               0, 300000, 5, 7, 10, b.id, 1, uuidv7(before), now() + before, now() + before,
               now() + before + interval '1 hour', CASE WHEN over THEN now() + before + interval '1 hour' END,
               CASE WHEN over THEN s.id END, CASE WHEN over THEN now() + before + interval '2 hours' END
          FROM generate_series(1, {OVER}) n
          CROSS JOIN LATERAL (SELECT (n - {OVER + 1}) * interval '30 minutes' AS before, n < {OVER} - 20 AS over) t
          CROSS JOIN LATERAL (SELECT CASE WHEN NOT over THEN 'active' WHEN n % 500 = 0 THEN 'lost'
                                          ELSE 'completed' END AS state) k
          JOIN users u ON u.username = 'u' || n % 100 JOIN stations s ON s.sn = 'S' || n % 50
          JOIN power_banks b ON b.serial = 'B' || n % 100""",
    """INSERT INTO rental_events (id, rental_id, at, event, cause)
       SELECT uuidv7(created_at - now()), id, created_at, 'initiated', 'x' FROM rentals""",
    """INSERT INTO rental_locations (id, rental_id, at, lat, lng)
       SELECT uuidv7(created_at - now()), id, created_at, 27, 85 FROM rentals
        WHERE created_at > now() - interval '31 days'""",
    """INSERT INTO station_commands (id, station_id, command, status, serial, slot_number, rental_id, requested_by,
                                     deadline, finished_at)
       SELECT command_id, station_id, 'eject_powerbank', 'succeeded', 'B', 1, id, 'x', created_at, created_at
         FROM rentals""",
    """INSERT INTO custody (id, bank_id, place, rental_id, cause, period)
       SELECT uuidv7(created_at - now()), bank_id, 'user', id, 'x', tstzrange(started_at, ended_at) FROM rentals""",
    """INSERT INTO wallet_transactions (id, user_id, entry_id, type, status, direction, wallet, revenue,
                                        reference_kind, reference_id)
       SELECT uuidv7(created_at - now()), user_id, uuidv7(), 'rental', 'success', 'out', 5000, 'rental_revenue',
              'rental', id FROM rentals""",
    """INSERT INTO reservations (id, user_id, station_id, package_id, bank_id, slot_number, status, minutes, created_at,
                                 free_until, expires_at, rate, ended_at)
       SELECT uuidv7(created_at - now()), user_id, station_id, package_id, bank_id, 1, 'expired', 10, created_at,
              created_at, created_at, 100, created_at FROM rentals""",
    """INSERT INTO blocked_returns (id, rental_id, user_id, station_id, reported_at, lat, lng, status, reason,
                                    paused_from, paused_until, outcome)
       SELECT uuidv7(created_at - now()), id, user_id, station_id, created_at, 27, 85, 'granted', 'station_full',
              created_at, created_at, 'over' FROM rentals""",
    """INSERT INTO refused_starts (id, at, user_id, station_sn, reason, value)
       SELECT uuidv7(created_at - now()), created_at, user_id, 'S' || slot, 'reason' || slot, 5000
         FROM (SELECT *, row_number() OVER () % 50 AS slot FROM rentals) AS each""",
    *(f"ANALYZE {table}" for table in ("users", "stations", "station_live", "power_banks", *GROWING)),
)


@pytest.fixture
def filled(context: Flask) -> Rental:
    """One of them, long over."""
    execute(superuser_url(context.config["TEST_DATABASE"]), *FILL)
    return db.session.query(Rental).filter_by(code="R777").one()


@contextmanager
def planned() -> Iterator[dict[str, str]]:
    """Collect the plan of each statement that is made inside."""
    plans: dict[str, str] = {}

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "DELETE")):
            with cursor.connection.cursor() as beside:
                beside.execute(f"EXPLAIN {statement}", parameters)
                plans[statement] = "\n".join(row[0] for row in beside.fetchall())

    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
        db.session.rollback()


def reads_everything(plan: str) -> bool:
    return any(f"Seq Scan on {table}" in plan for table in GROWING)


def assert_found_by_index(act: Callable[[], object]) -> dict[str, str]:
    with planned() as plans:
        act()
    assert plans
    assert [plan for plan in plans.values() if reads_everything(plan)] == []
    return plans


def test_reads_use_indexes(filled: Rental) -> None:
    now = utcnow()

    def search(**wanted: Any) -> Callable[[], object]:
        return lambda: cards.card_page(limit=20, cursor=None, now=now, **wanted)

    assert_found_by_index(lambda: dossier.rental_dossier(db.session.get_one(Rental, filled.id), now=now))
    assert_found_by_index(lambda: queries.user_rental_page(filled.user_id, limit=20, cursor=None))
    assert_found_by_index(lambda: queries.open_rentals_of_user(filled.user_id))
    assert_found_by_index(lambda: reservations.reservation_page(filled.user_id, limit=20, cursor=None))
    assert_found_by_index(lambda: reservations.refuse_user_with_reservation(filled.user_id))
    for wanted in ({}, {"station_sn": "S7"}, {"reason": "reason7"}, {"user_id": filled.user_id}, {"since": now}):
        assert_found_by_index(partial(refused_start_page, limit=20, cursor=None, **wanted))
    assert_found_by_index(lambda: count_refused_starts("S7", since=now - timedelta(days=1)))
    assert_found_by_index(search(code="R777"))
    assert_found_by_index(search(user_id=filled.user_id))
    assert_found_by_index(search(disputed=True))
    for trouble in Trouble:
        assert_found_by_index(search(trouble=trouble.value))
    for by_index in (search(station_sn="S7"), search(powerbank_sn="B7")):
        found = assert_found_by_index(by_index)
        [page] = [plan for statement, plan in found.items() if "FROM rentals" in statement]
        assert "Sort" not in page, "read from the newest on, and no further than the page"
    [page] = [
        plan for statement, plan in assert_found_by_index(search(status="lost")).items() if "FROM rentals" in statement
    ]
    assert "ix_rentals_ended_otherwise" in page


def test_a_search_for_one_thing_uses_indexes(filled: Rental) -> None:
    class Boss:
        def may(self, _permission: str) -> bool:
            return True

    boss: Any = Boss()
    for q in ("R77", "R777", str(filled.id), "b77", "s7", "u77", "+97798", "sita sharma"):
        with planned() as plans:
            finders.find_all(q, staff=boss)
        assert [plan for plan in plans.values() if reads_everything(plan)] == [], q


def test_sweeps_use_indexes(filled: Rental, monkeypatch: pytest.MonkeyPatch) -> None:
    now = utcnow()

    def in_transaction(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with transaction():
                act()

        return run

    monkeypatch.setattr(sweeps, "mark_overdue", lambda *_: None)  # what is found is not the question
    monkeypatch.setattr(sweeps, "repeat_return", lambda *_: None)
    for sweep in (
        lambda: run_sweep(sweeps.overdue_step(now)),
        lambda: run_sweep(sweeps.loss_step(now)),
        lambda: run_sweep(*sweeps.stuck_steps(now)),
        lambda: run_sweep(sweeps.provisional_return_step(now)),
        lambda: run_sweep(sweeps.paid_not_ejected_step(now)),
        lambda: run_sweep(*reservation_steps(now)),
        lambda: run_sweep(*blocked_return_steps(now)),
        in_transaction(lambda: reservations.count_unused_today(filled.user_id, now=now)),
        in_transaction(lambda: blocked_returns.has_paused_before(filled.id)),
        in_transaction(lambda: blocked_returns.find_block_at(filled.id, now)),
        in_transaction(lambda: blocked_returns.count_disproved(filled.user_id, now=now, within=timedelta(days=30))),
        in_transaction(lambda: locations.delete_old_locations(now)),
        in_transaction(lambda: anomalies.scan_for_anomalies(now=now)),
        in_transaction(lambda: ejection._wake_next_rental(filled.station_id)),
        in_transaction(lambda: returns.find_waiting_rental(filled.bank_id)),
    ):
        assert_found_by_index(sweep)
