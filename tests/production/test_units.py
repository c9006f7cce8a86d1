"""In which order programs start anew, and how a release takes another's place."""

import os
from pathlib import Path

import pytest

from scripts.production import units
from scripts.production.units import Program

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


def test_workers_come_first_and_the_web_is_handed_over_by_itself() -> None:
    names = ["live", "web-a", "worker_rest", "mqtt", "scheduler", "worker_critical-2", "worker_critical"]
    found = [Program(f"powerbank@{name}.service", "active", 1, 0) for name in names]
    ordered = [each.name for each in units.in_order(found)]
    assert ordered == ["worker_critical-2", "worker_critical", "worker_rest", "scheduler", "mqtt", "live"]


def test_every_program_has_a_place_in_the_order() -> None:
    names = units.procfile_names(ROOT) - {"web"}
    assert all(any(name.startswith(place) for place in units.ORDER) for name in names)


def test_a_process_knows_its_parent() -> None:
    assert units.parent_of(os.getpid()) == os.getppid()
    assert units.parent_of(2**30) == 0


def test_the_current_release_changes_from_one_moment_to_the_next(tmp_path: Path) -> None:
    old, new, link = tmp_path / "1", tmp_path / "2", tmp_path / "current"
    for each in (old, new):
        each.mkdir()
    units.lead_to(old, link)
    units.lead_to(new, link)
    assert link.resolve() == new
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1", "2", "current"]
