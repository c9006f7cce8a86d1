"""What monitors read of backups, restore drills and upgrades."""

from datetime import UTC, datetime, timedelta

from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from config import VERSION
from powerbank.base.db import transaction
from powerbank.ops import metrics
from powerbank.ops.machinery import maintenance
from powerbank.ops.models import MaintenanceKind

DRILL = MaintenanceKind.RESTORE_DRILL
NIGHT = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)


def note(kind: MaintenanceKind, at: datetime, *, succeeded: bool, took: timedelta = timedelta(minutes=1)) -> None:
    with transaction():
        maintenance.note_run(
            kind, version="1.0", started_at=at - took, finished_at=at, succeeded=succeeded, detail="counted"
        )


def read(name: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics.render_metrics().decode())
    return {
        tuple(each.labels.values()): each.value for family in families for each in family.samples if each.name == name
    }


def test_the_last_good_restore_keeps_its_time_when_a_later_one_fails(context: Flask) -> None:
    assert read("powerbank_maintenance_failed") == {}
    note(DRILL, NIGHT, succeeded=True)
    note(MaintenanceKind.BACKUP, NIGHT, succeeded=True)
    note(DRILL, NIGHT + timedelta(days=1), succeeded=False)
    assert read("powerbank_maintenance_succeeded_timestamp_seconds")[(DRILL,)] == NIGHT.timestamp()
    assert read("powerbank_maintenance_failed") == {(DRILL,): 1, ("backup",): 0}
    note(DRILL, NIGHT + timedelta(days=2), succeeded=True)
    assert read("powerbank_maintenance_failed")[(DRILL,)] == 0


def test_runs_of_more_than_a_year_ago_are_forgotten(context: Flask) -> None:
    note(MaintenanceKind.UPGRADE, NIGHT - timedelta(days=500), succeeded=True)
    note(MaintenanceKind.BACKUP, NIGHT, succeeded=True)
    assert [run.kind for run in maintenance.read_last_runs()] == ["backup"]


def test_the_version_is_told(context: Flask) -> None:
    assert read("powerbank_build_info") == {(VERSION,): 1}
