"""Long polls: requests that wait for the next change of a rental.

Each of them keeps a thread of its web process. So some threads are always left for other requests, and one person has
only a few long polls.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import read_alone

LOOK_EVERY = 0.25  # seconds
# An app that has lost its connection asks again while its older request still waits.
MOST_OF_ONE_PERSON = 3

_VERSION = text("SELECT version FROM rentals WHERE id = :id")
_lock = threading.Lock()
_waiting: Counter[UUID] = Counter()


def wait_for_change(rental_id: UUID, *, user_id: UUID, since: int, seconds: float, most: int) -> None:
    """Wait until the version of the rental is above `since` or the seconds are over, and hold no connection meanwhile.

    Where `most` requests of this process wait already, return at once.
    """
    until = time.monotonic() + seconds
    with _place(user_id, most) as free:
        while free:
            found = read_alone(_VERSION, {"id": rental_id})
            if not found or found[0][0] > since or time.monotonic() >= until:
                return
            time.sleep(min(LOOK_EVERY, max(0.0, until - time.monotonic())))


@contextmanager
def _place(user_id: UUID, most: int) -> Iterator[bool]:
    """Take a place among the waiting requests. The value is False where no place is free."""
    with _lock:
        free = _waiting.total() < most and _waiting[user_id] < MOST_OF_ONE_PERSON
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
