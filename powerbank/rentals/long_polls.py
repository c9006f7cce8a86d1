"""Long polls: a request that waits for a rental's next change. Each keeps a thread of its web process, so some threads
are always left for everybody else, and nobody has more than a few."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import read_alone

LOOK_EVERY = 0.25  # seconds
MOST_OF_ONE = 3  # an app that has lost its connection asks again while its old request still waits

_VERSION = text("SELECT version FROM rentals WHERE id = :id")
_lock = threading.Lock()
_waiting: Counter[UUID] = Counter()


def for_change(rental_id: UUID, *, user_id: UUID, since: int, seconds: float, most: int) -> None:
    """Returns when the rental is newer than `since`, when the time is over, or at once where `most` wait already. Holds
    no connection while it waits."""
    until = time.monotonic() + seconds
    with _place(user_id, most) as free:
        while free:
            found = read_alone(_VERSION, {"id": rental_id})
            if not found or found[0][0] > since or time.monotonic() >= until:
                return
            time.sleep(min(LOOK_EVERY, max(0.0, until - time.monotonic())))


@contextmanager
def _place(user_id: UUID, most: int) -> Iterator[bool]:
    with _lock:
        free = _waiting.total() < most and _waiting[user_id] < MOST_OF_ONE
        if free:
            _waiting[user_id] += 1
    try:
        yield free
    finally:
        if free:
            with _lock:
                _waiting[user_id] -= 1
                if not _waiting[user_id]:
                    del _waiting[user_id]
