"""Precedence: work for which nobody stands and waits lets work go first for which somebody does.

PostgreSQL has no priorities. So a worker that has only such work makes a pause between two jobs while starts wait for
their command: then neither the processor nor the database is busy with it. It does one job after each pause, however
long starts wait, so that nothing comes to a stop.
"""

import time
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError

from powerbank.base.db import db
from powerbank.outbox.policy import AT_A_STATION, VENDORS
from powerbank.rentals.start.admission import LOOK_EVERY, read_start_load

LONGEST_PAUSE = 10.0  # seconds


class Precedence:
    def __init__(self, lanes: Iterable[str]) -> None:
        self._gives_way = not any(lane.removesuffix(VENDORS) in AT_A_STATION for lane in lanes)
        self._look_at = 0.0
        self._pause_ends_at: float | None = None

    def seconds_to_wait(self) -> float:
        """Give the seconds after which the worker asks again before it takes its next job. 0: it takes it now."""
        now = time.monotonic()
        if not self._gives_way or now < self._look_at:
            return 0.0
        self._pause_ends_at = self._pause_ends_at or now + LONGEST_PAUSE
        if now < self._pause_ends_at and _starts_wait():
            return LOOK_EVERY
        self._pause_ends_at, self._look_at = None, now + LOOK_EVERY
        return 0.0


def _starts_wait() -> bool:
    """Say whether starts wait that no worker has in hand. A database that is away stops nobody here."""
    try:
        load = read_start_load()
    except DBAPIError:
        db.session.rollback()
        return False
    return load.waiting + load.unsettled > max(1, load.workers)
