"""Each slot of a schedule fires once: however many ticks come, however late."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from powerbank.base.db import db, transaction
from powerbank.outbox import catalogue, schedules
from powerbank.outbox.models import OutboxJob
from powerbank.outbox.policy import Schedule
from tests import sample_jobs

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
MINUTELY = Schedule("minutely", job=sample_jobs.EFFECT, cron="* * * * *", timezone="UTC", arguments={"key": "m"})
DAILY = Schedule(
    "daily", job=sample_jobs.EFFECT, cron="59 23 * * *", timezone="Asia/Kathmandu", catch_up=True, pass_slot=True
)


@pytest.fixture(autouse=True)
def _schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "SCHEDULES", (MINUTELY, DAILY))


@pytest.fixture
def begun(context: Flask) -> None:
    schedules.synchronise(NOW)


def fired() -> list[dict[str, object]]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxJob.arguments).order_by(OutboxJob.id)))


@pytest.mark.usefixtures("begun")
class TestTicks:
    def test_nothing_is_due_before_its_time(self) -> None:
        assert schedules.enqueue_due_slots(NOW) == 0

    def test_a_slot_fires_once_however_often_it_ticks(self) -> None:
        later = NOW + timedelta(seconds=40)
        assert [schedules.enqueue_due_slots(later) for _ in range(5)] == [1, 0, 0, 0, 0]
        assert fired() == [{"key": "m"}]

    def test_ticks_at_the_same_moment_fire_once(self, app: Flask) -> None:
        def tick(_: int) -> int:
            with app.app_context():
                return schedules.enqueue_due_slots(NOW + timedelta(seconds=40))

        with ThreadPoolExecutor(max_workers=8) as pool:
            assert sum(pool.map(tick, range(16))) == 1
        assert len(fired()) == 1

    def test_a_slot_that_lies_further_ahead_than_it_can_is_pulled_back(self) -> None:
        """A clock that was a day ahead, for one tick."""
        assert schedules.enqueue_due_slots(NOW + timedelta(days=1)) == 2
        assert schedules.enqueue_due_slots(NOW + timedelta(minutes=1)) == 0
        schedules.synchronise(NOW + timedelta(minutes=1))
        assert schedules.enqueue_due_slots(NOW + timedelta(minutes=2)) == 1

    def test_a_tick_that_is_a_little_behind_takes_no_slot_back(self) -> None:
        slot = NOW.replace(second=0) + timedelta(minutes=1)
        assert schedules.enqueue_due_slots(slot + timedelta(milliseconds=5)) == 1
        schedules.synchronise(slot - timedelta(milliseconds=5))
        assert schedules.enqueue_due_slots(slot + timedelta(milliseconds=10)) == 0

    def test_minutes_missed_are_made_good_by_one_run(self) -> None:
        assert schedules.enqueue_due_slots(NOW + timedelta(minutes=30)) == 1
        assert fired() == [{"key": "m"}]
        assert schedules.enqueue_due_slots(NOW + timedelta(minutes=31)) == 1

    def test_a_daily_slot_missed_is_run_for_each_day(self) -> None:
        schedules.enqueue_due_slots(NOW + timedelta(days=3))
        slots = [row["slot"] for row in fired() if "slot" in row]
        assert slots == [f"2026-11-{day}T18:14:00+00:00" for day in (20, 21, 22)]

    def test_a_year_of_silence_is_not_a_flood(self) -> None:
        schedules.enqueue_due_slots(NOW + timedelta(days=365))
        assert len(fired()) <= schedules.MAX_CATCH_UP + 1

    def test_a_clock_that_jumps_back_fires_nothing_twice(self) -> None:
        later = NOW + timedelta(minutes=5)
        schedules.enqueue_due_slots(later)
        schedules.enqueue_due_slots(NOW)
        schedules.enqueue_due_slots(later)
        assert len(fired()) == 1


def test_cron_is_read_in_the_schedules_own_zone() -> None:
    # 23:59 in Kathmandu (UTC+5:45) is 18:14 UTC.
    assert schedules.next_slot(DAILY, NOW) == datetime(2026, 11, 20, 18, 14, tzinfo=UTC)


@pytest.mark.parametrize(("month", "day", "hour"), [(3, 28, 1), (10, 24, 0)])
def test_a_night_that_changes_the_clocks_has_one_slot(month: int, day: int, hour: int) -> None:
    entry = Schedule("night", job=sample_jobs.EFFECT, cron="30 2 * * *", timezone="Europe/Berlin")
    start = datetime(2026, month, day, 12, tzinfo=UTC)
    first = schedules.next_slot(entry, start)
    second = schedules.next_slot(entry, first)
    assert timedelta(hours=22) < second - first < timedelta(hours=26)


def test_a_changed_expression_counts_from_now(begun: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hourly = Schedule("minutely", job=sample_jobs.EFFECT, cron="0 * * * *", timezone="UTC", arguments={"key": "m"})
    monkeypatch.setattr(catalogue, "SCHEDULES", (hourly,))
    schedules.synchronise(NOW)
    assert schedules.enqueue_due_slots(NOW + timedelta(minutes=5)) == 0


def test_an_entry_that_only_another_version_knows_is_left_alone(begun: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "SCHEDULES", (MINUTELY,))
    schedules.synchronise(NOW)
    assert schedules.enqueue_due_slots(NOW + timedelta(days=3)) == 1
    assert set(db.session.scalars(text("SELECT name FROM schedules"))) == {"minutely", "daily"}


def test_a_rollback_between_claim_and_job_loses_nothing(begun: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("killed here")

    later = NOW + timedelta(seconds=40)
    with monkeypatch.context() as patch:
        patch.setattr(schedules, "enqueue_with", broken)
        with pytest.raises(RuntimeError):
            schedules.enqueue_due_slots(later)
    assert fired() == []
    assert schedules.enqueue_due_slots(later) == 1


def test_started_by_hand_beside_its_schedule(begun: None) -> None:
    with transaction():
        schedules.start_now("minutely", NOW, actor="test")
    assert schedules.enqueue_due_slots(NOW + timedelta(seconds=40)) == 1
    assert len(fired()) == 2


def test_what_a_new_network_cannot_wait_for_runs_at_once_and_only_once(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = Schedule(
        "rates", job=sample_jobs.EFFECT, cron="0 0 * * *", timezone="UTC", arguments={"key": "r"}, at_once=True
    )
    monkeypatch.setattr(catalogue, "SCHEDULES", (rates,))
    for minutes in range(3):
        schedules.synchronise(NOW + timedelta(minutes=minutes))
        schedules.enqueue_due_slots(NOW + timedelta(minutes=minutes))
    assert fired() == [{"key": "r"}]
    schedules.enqueue_due_slots(NOW + timedelta(hours=12))
    assert len(fired()) == 2
