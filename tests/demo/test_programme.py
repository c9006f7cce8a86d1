"""The demonstration is made once, in steps, and leaves a network that is right by its own rules."""

import json
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks.states import TaskStatus
from powerbank.promotions import seed as promotions
from powerbank.stations.registry import seed as stations
from scripts.demo import past, people, programme, rentals, steps
from scripts.demo.crew import living, members
from scripts.simulation import Simulator
from tests.people import change, rows

Work = Callable[..., None]


@pytest.fixture
def small(context: Flask, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the demonstration small, and let this process do what a worker would."""
    past.install()
    monkeypatch.setattr(programme, "PAUSE", 0.0)
    monkeypatch.setattr(programme, "DAYS", 3)
    monkeypatch.setattr(programme, "PEOPLE_AT_ONCE", 36)
    monkeypatch.setattr(programme, "IDENTITIES", 2)
    monkeypatch.setattr(people, "HOW_MANY", 72)
    monkeypatch.setattr(rentals, "LEAST", 11)
    monkeypatch.setattr(rentals, "MOST", 13)
    open_session = people._wait_for_session

    def opened(intent_id: UUID) -> str:
        work("critical")
        work("payments")
        return open_session(intent_id)

    monkeypatch.setattr(people, "_wait_for_session", opened)
    with transaction():
        stations.seed_stations(utcnow())
        promotions.seed()
    change(context, """INSERT INTO app_config (key, value, updated_by) VALUES ('kyc_required', 'false', 'x')""")


def counts(app: Flask) -> list[tuple[int, ...]]:
    return [
        tuple(row)
        for row in rows(
            app,
            """SELECT (SELECT count(*) FROM rentals), (SELECT count(*) FROM users), (SELECT count(*) FROM audit_log),
                      (SELECT count(*) FROM payment_intents), (SELECT count(*) FROM rental_cases)""",
        )
    ]


def test_it_goes_on_where_it_was_stopped_and_happens_once(context: Flask, small: None, work: Work) -> None:
    begin = steps.find_begin()
    stopped = threading.Event()
    stopped.set()
    assert programme.make(begin, stopped) is False
    assert rows(context, "SELECT count(*) FROM stations WHERE sn LIKE 'NEP-%'") == [(10,)]
    assert programme.make(steps.find_begin(), threading.Event()) is True
    work()
    made = counts(context)
    assert programme.make(steps.find_begin(), stopped) is True
    work()
    assert counts(context) == made

    # Each row carries the time at which it is said to have happened, and no job was left over.
    ended = dict(rows(context, "SELECT status, count(*) FROM rentals GROUP BY status"))
    assert ended["completed"] > 10
    days = "SELECT count(DISTINCT (started_at AT TIME ZONE 'Asia/Kathmandu')::date) >= 2 FROM rentals"
    assert rows(context, days) == [(True,)]
    first = rows(context, "SELECT id FROM rentals ORDER BY started_at LIMIT 1") + rows(
        context, "SELECT id FROM rentals ORDER BY id LIMIT 1"
    )
    assert first[0] == first[1]
    assert rows(context, "SELECT DISTINCT job FROM outbox_jobs WHERE state = 'dead'") == []
    assert rows(context, "SELECT count(*) > 0 FROM refused_starts") == [(True,)]
    assert rows(context, "SELECT count(*) FROM kyc_records WHERE status = 'pending'") == [(2,)]
    assert rows(context, "SELECT count(*) > 0 FROM refunds WHERE status = 'requested'") == [(True,)]
    assert rows(context, "SELECT count(*) FROM ledger_adjustments WHERE status = 'pending'") == [(1,)]
    assert rows(context, "SELECT count(*) FROM payment_intents WHERE status = 'review'") == [(1,)]
    assert rows(context, "SELECT count(*) FROM rentals WHERE status = 'unresolved'") == [(1,)]

    # The crew has worked, its board has a task of each status, and nobody kept a power bank.
    tasks = dict(rows(context, "SELECT status, count(*) FROM crew_tasks GROUP BY status"))
    assert set(tasks) == {*TaskStatus}
    assert tasks["done"] >= 2
    moved = "SELECT sum(taken) > 0 AND sum(taken) >= sum(brought) FROM crew_tasks WHERE status = 'done'"
    assert rows(context, moved) == [(True,)]
    assert rows(context, "SELECT count(*) FROM custody WHERE place = 'crew' AND upper_inf(period)") == [(0,)]
    assert rows(context, "SELECT count(*) > 0, bool_and(started_at < ended_at) FROM crew_breaks") == [(True, True)]
    assert rows(context, "SELECT count(*) <= 1 FROM crew_shifts WHERE ended_at IS NULL") == [(True,)]
    assert rows(context, "SELECT count(*) FROM crew_earnings WHERE kind = 'reversal' AND amount < 0") == [(1,)]
    assert rows(context, "SELECT count(*), sum(cardinality(missing)) FROM warehouse_counts") == [(3, 1)]


def test_its_stations_are_simulated_with_the_banks_that_they_have(context: Flask, small: None, tmp_path: Path) -> None:
    steps.do_once("stations", lambda: programme._register(utcnow() - timedelta(days=3)))
    specs, memory = programme.describe_stations(tmp_path)
    kept = json.loads(memory.read_text())
    assert len(specs) == 9
    assert len(kept["places"]) == 9 * 6
    assert kept["places"]["86000001"] == [specs[0].imei, 1, 92]
    memory.write_text("what the simulator wrote since")
    programme.describe_stations(tmp_path)
    assert memory.read_text() == "what the simulator wrote since"


def test_its_crew_goes_to_work_with_what_staff_order(
    context: Flask, small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each member has a thread of their own, and somebody orders work where one is on a shift and nothing is to do."""
    first = utcnow() - timedelta(days=3)
    steps.do_once("stations", lambda: programme._register(first))
    steps.do_once("crew", lambda: members.hire_crew(first))
    monkeypatch.setenv("PORT", "9")  # nobody answers there
    ended = threading.Event()
    with (
        Simulator("mqtt://127.0.0.1:9", []) as simulator,
        living.at_work(context, simulator, ended, data=tmp_path),
    ):
        names = {thread.name for thread in threading.enumerate()}
        ended.set()
    assert {*(f"crew {hired.first_name}" for hired in members.CREW), "orders"} <= names

    ram, dice = members.CREW[0], random.Random(1)
    for begins in (False, True):
        with transaction():
            member_id = ram.find()
            assert member_id is not None
            if begins:
                shifts.start_shift(member_id, now=utcnow())
            living.order_if_idle(ram, dice)
        ordered = rows(context, "SELECT kind, bring, take FROM crew_tasks ORDER BY kind")
        assert ordered == ([("empty", 1, 0), ("full", 0, 1)] if begins else [])
    with transaction():
        living.order_if_idle(ram, dice)
        shelf = str(members.CHITWAN.row.id)
    assert rows(context, "SELECT count(*) FROM crew_tasks") == [(2,)]
    assert len(living.read_shelf(context, shelf)) == members.ON_EACH_SHELF
