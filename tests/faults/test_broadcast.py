"""Workers are killed again and again while a message goes to many: each person gets it once."""

import pytest

from powerbank.base.db import new_id, transaction, utcnow
from powerbank.notifications.broadcasts import services as broadcasts
from tests.databases import execute
from tests.nursery import wait_until
from tests.plant import Plant

pytestmark = pytest.mark.faults

PEOPLE = 20_000  # ten batches: the kills come after one or two each, and most are left for afterwards
ROWS = f"""
    INSERT INTO users (id, username, referral_code)
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid,
           'person' || n, 'C' || n
      FROM generate_series(1, {PEOPLE}) n
"""


def test_killed_in_the_middle_nobody_is_told_twice_and_nobody_is_left_out(plant: Plant) -> None:
    execute(plant.environment["DATABASE_OWNER_URL"], ROWS)
    with plant.app.app_context(), transaction():
        broadcasts.send_broadcast(title="t", message="m", target={}, push=False, by=new_id(), now=utcnow())
    killed_at = []
    for _ in range(3):
        since = told(plant)
        worker = plant.worker()
        wait_until(lambda since=since: goes_on(plant, since), 60, "it goes on")  # type: ignore[misc]
        worker.kill()
        killed_at.append(told(plant))
    assert 0 < killed_at[0] < PEOPLE, killed_at
    plant.worker()
    wait_until(lambda: done(plant), 90, "everybody is told")
    assert told(plant) == PEOPLE
    assert plant.rows("SELECT count(*), count(DISTINCT user_id) FROM notices") == [(PEOPLE, PEOPLE)]


def told(plant: Plant) -> int:
    return int(plant.value("SELECT told FROM broadcasts"))


def done(plant: Plant) -> bool:
    plant.sweep()
    return bool(plant.value("SELECT status = 'done' FROM broadcasts"))


def goes_on(plant: Plant, since: int) -> bool:
    return done(plant) or told(plant) > since
