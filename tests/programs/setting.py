"""What the programs under test, and the tests themselves, change before they start: the tests' own jobs, and
waits of seconds instead of minutes. Everything else is as in production."""

import os
import time
from datetime import timedelta

import pytest

from jobs.worker import scheduler
from powerbank.base import clock
from powerbank.outbox import catalogue, enqueue, heartbeats, lifecycle, relay
from tests import sample_jobs

LEASE = timedelta(seconds=2)
ALIVE_WITHIN = timedelta(seconds=2.5)
BEAT = 0.5
LEAD = 2


def prepare() -> None:
    apply(pytest.MonkeyPatch())


def apply(patch: pytest.MonkeyPatch) -> None:
    sample_jobs.register()
    if os.environ.get("TEST_SHORT_WAITS"):
        for module in (enqueue, lifecycle, relay):
            patch.setattr(module, "LEASE", LEASE)
        patch.setattr(heartbeats, "ALIVE_WITHIN", ALIVE_WITHIN)
        patch.setattr(heartbeats, "GONE_AFTER", ALIVE_WITHIN)
        patch.setattr(heartbeats, "INTERVAL", BEAT)
        patch.setattr(scheduler, "LEADER_SECONDS", LEAD)
    if ahead := os.environ.get("TEST_HOST_IS_AHEAD"):
        of_this_machine = time.time
        patch.setattr(time, "time", lambda: of_this_machine() + float(ahead))
    if os.environ.get("TEST_SLOTS"):
        patch.setattr(scheduler, "_next_minute", lambda: int(clock.database.now()) + 1)
        patch.setattr(catalogue, "SCHEDULES", (*catalogue.SCHEDULES, *sample_jobs.SCHEDULES))
